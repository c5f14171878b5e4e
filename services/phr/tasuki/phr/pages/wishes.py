"""What a resident has said about sharing, and the Consents that say it.

Two plain wishes have buttons: not in shelters, and also in other regions. Anything finer was said
elsewhere; it is counted, never touched from here, and never overridden in words: what holds in the
end is asked of `POST /decide`.

https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tasuki.consent.decision.matching import refusal_covers
from tasuki.consent.decision.standing import standing
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.rules import ConsentRule
from tasuki.consent.vocabulary import (
    ACT_REASON,
    CONSENT_SCOPE,
    LOINC,
    Effect,
    PolicyUri,
    Purpose,
    Status,
)
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tasuki.consent.decision.standing import Standing
    from tasuki.shared.fhir.json import Resource


class Wish(Enum):
    """The two wishes with buttons: their policy, what they say, and about which purposes."""

    WITHHOLD = (PolicyUri.EMERGENCY, Effect.DENY, (Purpose.DISASTER, Purpose.ETREAT))
    OPT_IN = (PolicyUri.EVERYDAY, Effect.PERMIT, (Purpose.TREAT, Purpose.ETREAT))

    @property
    def policy(self) -> PolicyUri:
        """The policy the Consent stands under."""
        return self.value[0]

    @property
    def effect(self) -> Effect:
        """What the Consent says."""
        return self.value[1]

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """What the Consent is about; the first tells whether it holds."""
        return self.value[2]


ACTIONS: Final = {
    "withhold": (Wish.WITHHOLD, True),
    "permit-again": (Wish.WITHHOLD, False),
    "opt-in": (Wish.OPT_IN, True),
    "withdraw": (Wish.OPT_IN, False),
}
"""What each button says: a wish, and whether it shall hold."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds at a moment.

    Attributes:
        withheld: Shelters shall see nothing.
        opted_in: Other regions may see the record in everyday care.
        refused: The resident refused everyday care to see it, here or there.
        finer: How many standing Consents say more than the buttons can, or cannot be read.
    """

    withheld: bool
    opted_in: bool
    refused: bool
    finer: int

    def hold(self, wish: Wish) -> bool:
        """Return whether a wish holds."""
        return self.withheld if wish is Wish.WITHHOLD else self.opted_in


def read_wishes(consents: Iterable[Resource], at: datetime) -> Wishes:
    """Return what a resident's Consents, of any status, say at a moment."""
    read = [read_held_consent(one) for one in consents]
    rules = [one for one in read if isinstance(one, ConsentRule)]
    now = standing(rules, at)
    plain = [one for one in now if is_plain(one.rule)]
    refused = any(_denies(one, Purpose.TREAT) for one in plain)
    return Wishes(
        withheld=any(_denies(one, Purpose.DISASTER) for one in plain),
        opted_in=not refused and any(_permits(one, Purpose.TREAT) for one in plain),
        refused=refused,
        finer=len(now) - len(plain) + len(read) - len(rules),
    )


def is_plain(rule: ConsentRule) -> bool:
    """Return whether a Consent is about everybody and all data, without exceptions."""
    return not (rule.nested or rule.root.actors) and rule.root.data.everything


def recorded(wish: Wish, patient: str, at: datetime) -> Resource:
    """Return the Consent that says a wish, made by `patient` (`Patient/…`) at a moment."""
    return {
        "resourceType": "Consent",
        "status": Status.ACTIVE.value,
        "scope": {"coding": [{"system": CONSENT_SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}],
        "patient": {"reference": patient},
        "dateTime": _dated(at),
        "performer": [{"reference": patient}],
        "organization": [{"display": "Tasuki PHR"}],
        "sourceAttachment": {"title": "本人のページでの意思表示"},
        "policy": [{"uri": wish.policy.value}],
        "provision": {
            "type": wish.effect.value,
            "purpose": [{"system": ACT_REASON, "code": one.value} for one in wish.purposes],
        },
    }


def to_withdraw(wish: Wish, consents: Iterable[Resource], at: datetime) -> list[Resource]:
    """Return new versions, no longer active, of every Consent that says a wish in any form.

    Older ones too: one that stayed active would speak again once the newer falls silent.
    """
    found = []
    for one in consents:
        rule = read_held_consent(one)
        said = isinstance(rule, ConsentRule) and (
            rule.status is Status.ACTIVE
            and rule.policy == wish.policy
            and rule.root.effect is wish.effect
        )
        if said:
            found.append({**one, "status": Status.INACTIVE.value, "dateTime": _dated(at)})
    return found


def _denies(one: Standing, purpose: Purpose) -> bool:
    root = one.rule.root
    return root.effect is Effect.DENY and refusal_covers(root.purposes, purpose)


def _permits(one: Standing, purpose: Purpose) -> bool:
    root = one.rule.root
    permits = root.effect is Effect.PERMIT and not one.refusals_only
    return permits and (not root.purposes or purpose in root.purposes)


def _dated(at: datetime) -> str:
    """Return a moment in full: two Consents of one day must stay in order."""
    return at.astimezone(TOKYO).isoformat(timespec="microseconds")
