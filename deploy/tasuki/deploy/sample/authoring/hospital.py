"""One hospital's export: hands out the hospital's own ids and builds what is about nobody.

https://jpfhir.jp/fhir/core/1.2.0/StructureDefinition-jp-organization.html

Both hospitals count from 1, so `Patient/1` exists in both: ids of a source mean nothing elsewhere.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tasuki.deploy.sample.authoring import desk
from tasuki.deploy.sample.authoring.vocabulary import (
    HL7,
    INSTANCE,
    INSTITUTION,
    INSTITUTION_NUMBER,
    INSURER,
    LOCAL_PRACTITIONER,
    NAME_FORM,
    coding,
    concept,
    profile,
)

Json = dict[str, Any]

# JP-CLINS wants the institution's number and an own identifier on these.
_ABOUT_CARE = ("AllergyIntolerance", "Condition", "MedicationRequest", "Observation")


_SPECIAL = ("小児科", "腎臓内科")


class Collection:
    """The resources of one source, numbered from 1 for each type.

    Args:
        stamp: `meta.lastUpdated` of what has none of its own, an instant.
    """

    def __init__(self, stamp: str) -> None:
        self.resources: list[Json] = []
        self._stamp = stamp
        self._last: Counter[str] = Counter()

    def add(self, resource: Json) -> str:
        """Give `resource` its id and stamp, and keep it; return `Type/id`."""
        kind = resource["resourceType"]
        self._last[kind] += 1
        made: Json = {"resourceType": kind, "id": "", **resource}
        made["id"] = str(self._last[kind])
        made["meta"] = {"lastUpdated": self._stamp, **resource.get("meta", {})}
        self.resources.append(made)
        return f"{kind}/{made['id']}"


class Hospital(Collection):
    """One region's hospital.

    Args:
        region: The region's code, e.g. `noto`.
        stamp: See `Collection`.
    """

    def __init__(self, region: str, stamp: str) -> None:
        super().__init__(stamp)
        self.region = region
        self.facts = desk.region(region)
        self.institution: str = self.facts["institution"]
        self._payers: dict[str, str] = {}
        self._departments: dict[str, str] = {}
        self._doctors: list[tuple[str, str, str]] = []
        self._add_staff()

    def add(self, resource: Json) -> str:
        """See `Collection.add`; also marks it with the institution's number, where JP-CLINS wants it."""
        reference = super().add(resource)
        if resource["resourceType"] in _ABOUT_CARE:
            self._mark(self.resources[-1])
        return reference

    def _mark(self, resource: Json) -> None:
        number = {"system": INSTITUTION, "value": self.institution}
        extensions = [e for e in resource.get("extension", []) if e["url"] != INSTITUTION_NUMBER]
        resource["extension"] = [
            {"url": INSTITUTION_NUMBER, "valueIdentifier": number},
            *extensions,
        ]
        short = "".join(c for c in resource["resourceType"] if c.isupper())
        own = {"system": INSTANCE, "value": f"{self.institution}-{short}-{resource['id']}"}
        resource["identifier"] = [own, *resource.get("identifier", [])]

    def doctor(self, ticket: int) -> Json:
        """Return a Reference to one of the doctors who see adults with any complaint."""
        general = [one for one in self._doctors if one[2] not in _SPECIAL]
        reference, display, _ = general[ticket % len(general)]
        return {"reference": reference, "display": display}

    def doctor_of(self, department: str) -> Json:
        """Return a Reference to the doctor of a department.

        Raises:
            KeyError: There is no such department.
        """
        for reference, display, theirs in self._doctors:
            if theirs == department:
                return {"reference": reference, "display": display}
        raise KeyError(department)

    def payer(self, insurer: str, plan: str) -> Json:
        """Return a Reference to the insurer's Organization, made when first asked for."""
        if insurer not in self._payers:
            self._payers[insurer] = self.add(
                {
                    "resourceType": "Organization",
                    "meta": {"profile": [profile("JP_Organization")]},
                    "identifier": [{"system": INSURER, "value": insurer}],
                    "active": True,
                    "type": [concept(None, coding(f"{HL7}/organization-type", "pay"))],
                    "name": plan,
                }
            )
        return {"reference": self._payers[insurer]}

    def _add_staff(self) -> None:
        home = self.add(
            {
                "resourceType": "Organization",
                "meta": {"profile": [profile("JP_Organization_eCS")]},
                "identifier": [{"system": INSTITUTION, "value": self.institution}],
                "active": True,
                "type": [concept(None, coding(f"{HL7}/organization-type", "prov"))],
                "name": self.facts["hospital"],
                "alias": [self.facts["hospital_en"]],
                "telecom": [
                    {
                        "system": "phone",
                        "value": f"{self.facts['area_code']}-00-0000",
                        "use": "work",
                    }
                ],
                "address": [{"text": "石川県", "state": "石川県", "country": "JP"}],
            }
        )
        for name in desk.table("places")["departments"]:
            self._departments[name] = self.add(
                {
                    "resourceType": "Organization",
                    "meta": {"profile": [profile("JP_Organization")]},
                    "active": True,
                    "type": [concept(None, coding(f"{HL7}/organization-type", "dept"))],
                    "name": name,
                    "partOf": {"reference": home},
                }
            )
        for order, person in enumerate(desk.table("places")["practitioners"][self.region], start=1):
            self._add_doctor(order, person)

    def _add_doctor(self, order: int, person: list[str]) -> None:
        family, given, family_kana, given_kana, department = person
        local = {"system": LOCAL_PRACTITIONER + self.institution, "value": f"D{order:03d}"}
        reference = self.add(
            {
                "resourceType": "Practitioner",
                "meta": {"profile": [profile("JP_Practitioner")]},
                "identifier": [local],
                "active": True,
                "name": [
                    written_name("IDE", family, given),
                    written_name("SYL", family_kana, given_kana),
                ],
            }
        )
        self._doctors.append((reference, f"{family} {given}", department))
        self.add(
            {
                "resourceType": "PractitionerRole",
                "meta": {"profile": [profile("JP_PractitionerRole")]},
                "active": True,
                "practitioner": {"reference": reference, "display": f"{family} {given}"},
                "organization": {"reference": self._departments[department]},
                "code": [concept("医師", coding(f"{HL7}/practitioner-role", "doctor"))],
                "specialty": [concept(department)],
            }
        )


def written_name(form: str, family: str, given: str) -> Json:
    """Return a HumanName in one writing: IDE kanji, SYL kana, ABC Latin letters."""
    return {
        "extension": [{"url": NAME_FORM, "valueCode": form}],
        "use": "official",
        "text": f"{family} {given}",
        "family": family,
        "given": [given],
    }
