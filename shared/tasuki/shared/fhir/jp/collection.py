"""Reading the Bundle in which a hospital sends one kind of information of one person.

https://jpfhir.jp/fhir/clins/igv1/ (JP_Bundle_CLINS)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.characters import character_faults
from tasuki.shared.fhir.jp.bundles import entries_of, kind_of, names_of_patient
from tasuki.shared.fhir.jp.judging import jp_faults
from tasuki.shared.fhir.jp.systems import (
    BUNDLE_PROFILE,
    RESOURCE_IDENTIFIER,
    SUBJECTS,
    profiles_of,
)
from tasuki.shared.fhir.jp.walking import identifiers
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.my_number import my_number_faults

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource


@dataclass(frozen=True, slots=True)
class Collection:
    """One set: everything of one kind that one report says of one person.

    Attributes:
        identifier: `institution^year^id`; the same one replaces the whole set.
        kind: The type of the members.
        sent: When the Bundle was changed last, and when it was made.
        patient: The first entry.
        patient_names: What a reference to that entry says.
        members: The others, in their order; none at all deletes the set.
    """

    identifier: str
    kind: str
    sent: tuple[datetime, datetime]
    patient: Resource
    patient_names: frozenset[str]
    members: tuple[Resource, ...]

    @property
    def institution(self) -> str:
        """The ten-digit number of the hospital that speaks."""
        return self.identifier.partition("^")[0]

    @property
    def subject_element(self) -> str:
        """Where a member names its Patient."""
        return SUBJECTS[self.kind]

    def keys(self) -> list[tuple[str, str]]:
        """Return under which (type, name) each member is known in its set, in their order.

        The name is the sender's identifier, or its id. The guide's own example gives one name to
        several results, so the how-manieth of its name a member is belongs to it.
        """
        counted: dict[str, int] = {}
        keys = []
        for member in self.members:
            name = _name(member)
            counted[name] = counted.get(name, 0) + 1
            keys.append((self.kind, f"{name}#{counted[name]}"))
        return keys


def place_of(index: int) -> str:
    """Return the place of the member with this index in the Bundle."""
    return f"Bundle.entry[{index + 1}].resource"


def read_collection(bundle: Resource) -> Collection:
    """Return the set that a Bundle sends.

    Raises:
        Faults: STRUCTURE, all that is wrong with it, each with its place; then nothing of it counts.
    """
    if bundle.get("resourceType") != "Bundle":
        raise Fault(Category.INVALID, "the body is not a Bundle", at=("resourceType",))
    ours = [*character_faults(bundle), *my_number_faults(bundle)]
    faults = [*ours, *validate(bundle), *jp_faults(bundle)]
    if BUNDLE_PROFILE not in profiles_of(bundle):
        words = f"Bundle.meta.profile must claim {BUNDLE_PROFILE} (R0213)"
        faults.append(Fault(Category.STRUCTURE, words, at=("Bundle.meta.profile",)))
    if faults:
        raise Faults(tuple(faults))
    resources = [resource for _, resource in entries_of(bundle)]
    meta, timestamp = bundle["meta"]["lastUpdated"], bundle["timestamp"]
    return Collection(
        identifier=bundle["identifier"]["value"],
        kind=kind_of(bundle),
        sent=(_moment(meta, "Bundle.meta.lastUpdated"), _moment(timestamp, "Bundle.timestamp")),
        patient=resources[0],
        patient_names=names_of_patient(bundle),
        members=tuple(resources[1:]),
    )


def _name(member: dict[str, Any]) -> str:
    own = (value for _, system, value in identifiers(member) if system == RESOURCE_IDENTIFIER)
    return next(own, "") or str(member.get("id", ""))


def _moment(text: str, at: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        # A leap second is a FHIR instant and no Python one.
        raise Fault(Category.STRUCTURE, f"{at} is not a moment we can read", at=(at,)) from error
