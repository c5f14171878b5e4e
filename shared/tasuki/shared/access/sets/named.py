"""Whom a hospital's Bundle is about: found by number, never by name, and never guessed.

Insurance numbers that are equal but for the branch belong to one household or employment, so they
are another person until a human says otherwise (`text/insurers.py`).
https://jpfhir.jp/fhir/clins/igv1/ (logical reference by the insured person's identifier)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.derived import MEMBER_ID_SYSTEMS, member_ids
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.identifiers import canonical_system, identifiers_of
from tasuki.shared.fhir.jp.collection import place_of
from tasuki.shared.fhir.jp.systems import LOCAL_PATIENT, PUBLIC_PAYER
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.text import Comparison, MemberId, compare, parse_member_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.jp.collection import Collection
    from tasuki.shared.fhir.json import Resource

_DISAGREEMENTS = {
    Comparison.BRANCH_DIFFERS: "has another branch number than the Bundle's Patient",
    Comparison.BRANCH_MISSING: "lacks the branch number that would make it one person's",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The Patient of a set.

    Attributes:
        id: Ours.
        head: Its newest version; None where there never was one.
        sent_before: Made by this hospital's Bundles, so that these may change it.
    """

    id: str
    head: Stored | None
    sent_before: bool

    @property
    def is_here(self) -> bool:
        """Whether the Patient is live."""
        return self.head is not None and not self.head.deleted


class Named(AtTheGate):
    """Finding whom a Bundle is about."""

    async def subject_of(self, sent: Collection, source: str) -> Subject:
        """Return the Patient with the hospital's own number, else with the insured person's.

        Raises:
            Fault: STRUCTURE where the Bundle names nobody in particular; CONFLICT where several
                Patients here carry the number, or the one that does has another birth date.
        """
        name = _name_of(sent.patient)
        await self._unit.lock("clins-person", *name)
        key = ("Patient", "|".join(name))
        found = await self._carriers_of(sent.patient, name)
        if len(found) > 1:
            raise Fault(
                Category.CONFLICT,
                "several Patients here carry this identifier; which is meant cannot be told",
                at=("Bundle.entry[0].resource.identifier",),
            )
        known = (await self._unit.known_source_ids(source, [key])).get(key)
        id_ = found[0] if found else known
        if id_ is None:
            id_ = (await self._unit.source_ids(source, [key]))[key]
        heads = await self._unit.heads("Patient", [id_])
        subject = Subject(id_, heads[0] if heads else None, known == id_ or not found)
        _require_same_birth(subject, sent.patient)
        return subject

    async def require_subjects(self, sent: Collection, owner: str) -> None:
        """Refuse members that name somebody else, all of them at once.

        Raises:
            Faults: STRUCTURE.
        """
        faults = []
        for index, member in enumerate(sent.members):
            identifier = member[sent.subject_element].get("identifier")
            words = await self._contradiction(identifier, sent.patient, owner)
            if words:
                at = f"{place_of(index)}.{sent.subject_element}.identifier"
                faults.append(Fault(Category.STRUCTURE, f"{at} {words}", at=(at,)))
        if faults:
            raise Faults(tuple(faults))

    async def _contradiction(self, identifier: Any, patient: Resource, owner: str) -> str:
        """Return why an identifier does not name the Bundle's Patient; empty where it does."""
        pairs = identifiers_of({"resourceType": "Patient", "identifier": [identifier]})
        if identifier is None or set(pairs) & set(identifiers_of(patient)):
            return ""
        if not pairs:
            return "names nobody"
        (system, value), *_ = pairs
        agreement = _agreement(system, value, patient)
        if agreement is not Comparison.DIFFERENT:
            return _DISAGREEMENTS.get(agreement, "")
        found = await self._unit.by_identifier("Patient", system, value)
        live = [one.id for one in await self._unit.by_ids("Patient", found)]
        return _only(live, owner)

    async def _carriers_of(self, patient: Resource, name: Sequence[str]) -> list[str]:
        """Return the ids of the live Patients with this number."""
        kind, system, value, *_ = name
        if kind == "insured":
            pointed = await self._unit.by_person_key("insurer", (value, patient["birthDate"]))
            return [
                one.id
                for one in await self._unit.by_ids("Patient", pointed)
                if value in member_ids(parse_resource(one.body or b"{}"))
            ]
        pointed = await self._unit.by_identifier("Patient", system, value)
        return [one.id for one in await self._unit.by_ids("Patient", pointed)]


def _name_of(patient: Resource) -> tuple[str, str, str, str]:
    """Return (kind, system, value, birth date) of the number that means this one person."""
    pairs = identifiers_of(patient)
    birth = str(patient.get("birthDate", ""))
    for system, value in pairs:
        if system.startswith(LOCAL_PATIENT):
            return ("chart", system, value, "")
    for member in member_ids(patient):
        return ("insured", "", member, birth)
    for system, value in pairs:
        if system == canonical_system(PUBLIC_PAYER):
            return ("assisted", system, value, "")
    raise Fault(
        Category.STRUCTURE,
        "Bundle.entry[0].resource.identifier needs the hospital's own number of the patient, or an "
        "insured person's number with its branch: without one it stands for a household",
        at=("Bundle.entry[0].resource.identifier",),
    )


def _require_same_birth(subject: Subject, patient: Mapping[str, Any]) -> None:
    if subject.sent_before or subject.head is None or subject.head.body is None:
        return
    here = parse_resource(subject.head.body).get("birthDate")
    if here is not None and here != patient.get("birthDate"):
        raise Fault(
            Category.CONFLICT,
            "the Patient here with this identifier has another birth date",
            at=("Bundle.entry[0].resource.birthDate",),
        )


def _agreement(system: str, value: str, patient: Resource) -> Comparison:
    """Return how far an insurance number agrees with the Patient's own; the nearest counts."""
    if system not in MEMBER_ID_SYSTEMS:
        return Comparison.DIFFERENT
    asked = _member(value)
    own = [_member(held) for of, held in identifiers_of(patient) if of in MEMBER_ID_SYSTEMS]
    found = {compare(asked, one) for one in own if one is not None and asked is not None}
    return next((one for one in Comparison if one in found), Comparison.DIFFERENT)


def _only(found: Sequence[str], owner: str) -> str:
    """Return why these Patients are not the one meant; empty where they are."""
    if len(found) > 1:
        return "is carried by several Patients here"
    if not found:
        return "is carried by no Patient here"
    return "" if found[0] == owner else "names another person than the Bundle's Patient"


def _member(value: str) -> MemberId | None:
    try:
        return parse_member_id(value)
    except Fault:
        return None
