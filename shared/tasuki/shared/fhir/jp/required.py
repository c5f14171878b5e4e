"""Elements that JP-CLINS profiles require and plain R4 does not.

A table instead of the profiles themselves: only what can be said by "where this is, that must be",
and only where the guide's own examples keep to it (they leave out the display of a Condition's
status, which its profile asks for).
`meta.lastUpdated` is asked for in what is sent only; on our own resources it is the server's.
https://jpfhir.jp/fhir/clins/igv1/artifacts.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import ECS, RESOURCE_IDENTIFIER
from tasuki.shared.fhir.jp.walking import each, identifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

_PERIOD_OF_USE = (
    "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse"
)
_TABLE = {
    "AllergyIntolerance": (
        "code code.coding code.coding.system code.coding.code code.coding.display code.text"
    ),
    "CarePlan": "title description identifier.system identifier.value",
    "Condition": "category code.text",
    "Encounter": "class.system class.code class.display period.start",
    "FamilyMemberHistory": "relationship.coding sex.coding",
    "Observation_LabResult": (
        "category code.coding.system code.coding.code code.coding.display code.text "
        "effectiveDateTime specimen"
    ),
    "Organization": "name type.coding",
    "Patient": "name name.text name.family name.given gender birthDate address address.text",
    "Practitioner": "qualification.code.coding",
}
_IDENTIFIED = ("AllergyIntolerance", "Condition", "Observation_LabResult")
# Elsewhere the type is the name in the profile.
_TYPES = {"Observation_LabResult": "Observation"}


def _missing(path: str, resource: dict[str, Any]) -> Iterator[str]:
    """Yield the place of the last name of a path, in every parent that lacks it."""
    parent, _, name = path.rpartition(".")
    holders = each(resource, parent) if parent else iter([("", resource)])
    for place, holder in holders:
        if isinstance(holder, dict) and not (holder.get(name) or f"_{name}" in holder):
            yield f"{place}.{name}".lstrip(".")


def _no_resource_identifier(resource: dict[str, Any]) -> Iterator[str]:
    if not any(system == RESOURCE_IDENTIFIER for _, system, _ in identifiers(resource)):
        yield "identifier"


def _no_period_of_use(resource: dict[str, Any]) -> Iterator[str]:
    for place, dosage in each(resource, "dosageInstruction"):
        urls = {one.get("url") for _, one in each(dosage, "extension") if isinstance(one, dict)}
        if _PERIOD_OF_USE not in urls:
            yield f"{place}.extension"


def _required() -> Iterator[Rule]:
    for name, paths in _TABLE.items():
        type_ = _TYPES.get(name, name)
        for path in paths.split():
            yield Rule(
                f"P-{name}-{path}",
                f"{type_}.{path}",
                "is required by the profile",
                partial(_missing, path),
                types=frozenset({type_}),
                profile=f"{ECS}JP_{name}_eCS",
            )


REQUIRED_RULES = (
    *_required(),
    *(
        Rule(
            f"P-{name}-identifier",
            f"{_TYPES.get(name, name)}.identifier",
            f"needs one under {RESOURCE_IDENTIFIER}",
            _no_resource_identifier,
            types=frozenset({_TYPES.get(name, name)}),
            profile=f"{ECS}JP_{name}_eCS",
        )
        for name in _IDENTIFIED
    ),
    Rule(
        "P-MedicationRequest-dosageInstruction.extension",
        "MedicationRequest.dosageInstruction.extension",
        "needs the day the medicine starts (JP_MedicationDosage_PeriodOfUse)",
        _no_period_of_use,
        types=frozenset({"MedicationRequest"}),
        profile=f"{ECS}JP_MedicationRequest_eCS",
    ),
    Rule(
        "P-lastUpdated",
        "meta.lastUpdated",
        "is required in what is sent",
        partial(_missing, "meta.lastUpdated"),
        types=frozenset({"AllergyIntolerance", "Condition", "Observation"}),
        sent_only=True,
    ),
)
