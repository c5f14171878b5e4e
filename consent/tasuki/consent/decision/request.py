"""What is asked of a decision: who, in which capacity, why, about whom, for which data, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tasuki.consent.resource_types import types_of
from tasuki.consent.vocabulary import REGION_SYSTEM, ROLE_SYSTEM, ActorRole, DataClass, Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.declarations import Declaration
    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.consent.rules import HeldConsent

# A proxy acts for no organisation and in no region, so a refusal of one is surely not meant for them.
_PRIVATE_PERSON = frozenset(
    {
        *("Organization/-", "Practitioner/-", "PractitionerRole/-", "Group/-"),
        f"{REGION_SYSTEM}|-",
    }
)
BREAK_GLASS_LIMIT = timedelta(minutes=60)


class BreakGlassReason(StrEnum):
    """Why an emergency override was used."""

    ORAL_CONSENT = "oral-consent"
    LIFE = "life"  # life or body at stake and consent cannot be had: APPI Art. 27(1)(ii)
    FAMILY = "family"
    LAW = "law"


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One emergency override: one patient, a reason in a code and in words, at most an hour.

    Attributes:
        patient: The person handle it was opened for.
        second_person: Subject of a colleague who agreed; restricted labels need one.
        id: Names the override in the audit record.
    """

    patient: str
    reason: BreakGlassReason
    text: str
    start: datetime
    end: datetime
    second_person: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller, as the token says it; what is not known stays None or empty.

    Attributes:
        subject: Reference of the person or client, e.g. `Practitioner/p1`.
        organization: Reference of the organisation acted for, e.g. `Organization/o1`.
        region: The medical region the actor works in.
        person: The actor's own person handle, for residents.
        represents: The person handle a proxy acts for.
        reaches: Data classes opened to a proxy.
        provisioned_until: Until when the actor is provisioned for emergency work; None means not.
        also_named: Every other name: `Group/g1`, `PractitionerRole/r1`, `system|value`.
    """

    subject: str
    organization: str | None = None
    region: str | None = None
    person: str | None = None
    represents: str | None = None
    reaches: frozenset[DataClass] = frozenset()
    provisioned_until: datetime | None = None
    also_named: frozenset[str] = frozenset()

    def names(self, role: ActorRole) -> frozenset[str]:
        """Return all names a Consent may know this actor by."""
        found = {self.subject, f"{ROLE_SYSTEM}|{role}", *self.also_named}
        if role is ActorRole.PROXY:
            found |= _PRIVATE_PERSON
        if self.organization:
            found.add(self.organization)
        if self.region:
            found.add(f"{REGION_SYSTEM}|{self.region}")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One question about one person's data.

    Attributes:
        patient: Opaque handle of the person.
        at: The moment of the request; aware.
        holder_region: The region of the holder that is to disclose.
        home_region: Where the person is at home; recorded, not weighed: the holder decides.
        classes: Data classes asked for.
        resource_types: Resource types asked for, beside the classes.
        municipality: 6-digit code of the person's residence.
        facility_municipality: 6-digit code of the place the actor works at now.
        declarations: All declarations known, any version, any state.
        consents: All Consents held for the person, any status.
        policy: The implicit policy of the holder's region.
        drill_resident: Whether the person exists for exercises only.
        may_ask: For which purposes the role policy hears this actor; none where it was not asked.
    """

    patient: str
    purpose: Purpose | None
    role: ActorRole | None
    actor: Actor
    at: datetime
    holder_region: str
    home_region: str | None = None
    classes: frozenset[DataClass] = frozenset()
    resource_types: frozenset[str] = frozenset()
    municipality: str | None = None
    facility_municipality: str | None = None
    declarations: tuple[Declaration, ...] = ()
    consents: tuple[HeldConsent, ...] = ()
    policy: ImplicitPolicy | None = None
    drill_resident: bool = False
    break_glass: BreakGlass | None = None
    may_ask: frozenset[Purpose] = frozenset()

    @property
    def types(self) -> frozenset[str]:
        """All resource types asked for."""
        return self.resource_types | types_of(self.classes)
