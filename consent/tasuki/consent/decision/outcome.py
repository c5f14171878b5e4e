"""The answer of a decision, as a value: `Permit(basis, residual)` or `Deny(reason, basis)`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tasuki.consent.decision.request import BreakGlassReason
    from tasuki.consent.decision.residual import Residual
    from tasuki.consent.vocabulary import ActorRole, Purpose


class Route(StrEnum):
    """By which rule an answer was found."""

    OWN_RECORD = "own-record"
    PROXY = "proxy"
    EVERYDAY_WITHIN = "everyday-within"
    EVERYDAY_ACROSS = "everyday-across"
    CONSENT_ONLY = "consent-only"
    DISASTER = "disaster"
    BREAK_GLASS = "break-glass"
    NONE = "none"


class DenyReason(StrEnum):
    """Why the answer is no; codes are append-only."""

    REQUEST_UNCLEAR = "request-unclear"  # a part is missing, empty, or not understood
    PURPOSE_MISSING = "purpose-missing"
    ROLE_MISSING = "role-missing"
    ROLE_MAY_NOT = "role-may-not"  # this role has no route for this purpose
    NOT_OWN_RECORD = "not-own-record"
    NOT_REPRESENTED = "not-represented"  # a proxy asks about somebody they do not act for
    WRONG_PERSON = "wrong-person"  # a Consent or override of somebody else was brought along
    WRONG_POLICY = "wrong-policy"  # the policy of another region was brought along
    CONSENT_NOT_UNDERSTOOD = "consent-not-understood"
    REFUSED = "refused"  # the resident said no
    OPT_IN_NEEDED = "opt-in-needed"  # another region, and the resident has not said yes
    NO_PERMISSION = "no-permission"  # no policy and no Consent says yes
    NOT_PROVISIONED = "not-provisioned"
    NO_DECLARATION = "no-declaration"  # none is open for this role
    DECLARED_ELSEWHERE = "declared-elsewhere"
    DRILL_ONLY = "drill-only"  # a drill is on; this person is real
    NOT_IN_DRILL = "not-in-drill"  # the disaster is real; this person exists for drills
    NOTHING_DECLARED = "nothing-declared"  # the declaration opens other data than asked for
    BREAK_GLASS_MISSING = "break-glass-missing"
    BREAK_GLASS_NO_REASON = "break-glass-no-reason"
    BREAK_GLASS_TOO_LONG = "break-glass-too-long"
    BREAK_GLASS_OVER = "break-glass-over"


class ConsentBasis(NamedTuple):
    """A Consent that spoke, by id and version, and the provisions that did."""

    id: str
    version: str | None
    policy: str
    provisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision rests on; recorded with the disclosure.

    Attributes:
        consents: Consents that spoke, for or against.
        implicit: The answer of the implicit policy that carried it, e.g. `everyday_within`.
        declaration: Id and version of the disaster declaration.
        override: Id of the emergency override.
        set_aside: Ids of the Consents a life-saving override did not heed.
    """

    route: Route
    role: ActorRole | None = None
    purpose: Purpose | None = None
    region: str = ""
    home_region: str | None = None
    consents: tuple[ConsentBasis, ...] = ()
    implicit: str | None = None
    declaration: tuple[str, int] | None = None
    break_glass: BreakGlassReason | None = None
    second_person: str | None = None
    override: str | None = None
    set_aside: tuple[str, ...] = ()
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, within the residual."""

    basis: Basis
    residual: Residual


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and why."""

    reason: DenyReason
    basis: Basis


Decision = Permit | Deny
