"""What a resident's Consents say about shelters, asked through the one decision there is.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.consent.client import Declaration
from tasuki.consent.decision import AccessRequest, Actor, Deny, decide
from tasuki.consent.rules import ConsentRule
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, Purpose
from tasuki.shelter.entries import TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.consent.client import HeldConsent
    from tasuki.consent.policy import ImplicitPolicy

_ANYWHERE = "000000"
_STAFF = (ActorRole.NURSE, ActorRole.CLINICIAN)
_WHILE = timedelta(hours=1)


def refuses_shelters(
    person: str, consents: Sequence[HeldConsent], policy: ImplicitPolicy, *, at: datetime
) -> bool:
    """Return whether nobody at any shelter could see anything, whatever were declared.

    Asked with a declaration that opens everything it may, everywhere; for staff of whom no Consent
    speaks, and for each that one names. What is refused to some is not refused to all.
    """
    declaration = Declaration(
        id="supposed",
        version=1,
        areas=frozenset({_ANYWHERE}),
        start=at - _WHILE,
        end=at + _WHILE,
        roles=frozenset(_STAFF),
        classes=EMERGENCY_CLASSES,
        authority="supposed",
        legal_basis="supposed",
        drill=False,
        opened_by="supposed",
        recorded_at=at - _WHILE,
    )
    answers = (
        decide(
            AccessRequest(
                patient=person,
                purpose=Purpose.DISASTER,
                role=role,
                actor=Actor(subject="supposed", provisioned_until=at + _WHILE, also_named=names),
                at=at,
                holder_region=policy.region,
                resource_types=frozenset(TYPES),
                facility_municipality=_ANYWHERE,
                declarations=(declaration,),
                consents=tuple(consents),
                policy=policy,
                may_ask=frozenset({Purpose.DISASTER}),
            )
        )
        for role in _STAFF
        for names in _everybody(consents)
    )
    return all(isinstance(answer, Deny) for answer in answers)


def _everybody(consents: Sequence[HeldConsent]) -> list[frozenset[str]]:
    """Return the names of somebody no Consent speaks of, and the same with each name one speaks of.

    Whoever shows no name of a kind might be the one that is refused, so each shows one of every kind.
    """
    rules = (one for one in consents if isinstance(one, ConsentRule))
    named = {name for one in rules for part in (one.root, *one.nested) for name in part.actors}
    nobody = frozenset(_of_the_same_kind(name) for name in named)
    return [nobody, *(nobody | {name} for name in sorted(named))]


def _of_the_same_kind(name: str) -> str:
    """Return a name that nobody bears: of the same type, or the same system."""
    system, bar, _ = name.rpartition("|")
    return f"{system}|supposed" if bar else f"{name.partition('/')[0]}/supposed"
