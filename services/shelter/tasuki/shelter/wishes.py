"""What a resident's Consents say about shelters, asked through the one decision there is.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.consent.client import Declaration
from tasuki.consent.decision import AccessRequest, Actor, Deny, decide
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

    Asked with a declaration that opens everything it may, everywhere.
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
                actor=Actor(subject="supposed", provisioned_until=at + _WHILE),
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
    )
    return all(isinstance(answer, Deny) for answer in answers)
