"""Invariants: HL7's rules over several elements that protect a reader from misreading.

https://hl7.org/fhir/R4/datatypes.html

Keyed by type; the names in the comments are HL7's constraint keys. What HL7 only advises (warnings
and best practice) is not here: a record is not refused for it. Plain rules on which elements go
together are rows in `rules`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.dates import interval
from tasuki.shared.fhir.primitives import is_active_uri
from tasuki.shared.fhir.references import parse_reference
from tasuki.shared.fhir.rules import RULES, marked, said
from tasuki.shared.fhir.structure import SOUND, Check, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ABATED = frozenset({"inactive", "remission", "resolved"})
_IN_ERROR = frozenset({"entered-in-error"})


def _extension(value: dict[str, Any]) -> Sequence[Problem]:  # ext-1
    has_value = any(key.startswith(("value", "_value")) for key in value)
    if has_value == ("extension" in value):
        return [("", "must have either a value or extensions, not both")]
    return SOUND


def _period(value: dict[str, Any]) -> Sequence[Problem]:  # per-1
    start, end = interval(value.get("start")), interval(value.get("end"))
    if start is not None and end is not None and start.start >= end.end:
        return [("", "must not end before it starts")]
    return SOUND


def _contact_point(value: dict[str, Any]) -> Sequence[Problem]:  # cpt-2
    if "value" in value and not {"system", "_system"} & value.keys():
        return [("", "must have a system with its value")]
    return SOUND


def _ratio(value: dict[str, Any]) -> Sequence[Problem]:  # rat-1
    if ("numerator" in value) != ("denominator" in value):
        return [("", "must have both numerator and denominator, or neither")]
    return SOUND


def _quantity(value: dict[str, Any]) -> Sequence[Problem]:  # qty-3
    if "code" in value and not {"system", "_system"} & value.keys():
        return [("", "must have a system with its unit code")]
    return SOUND


def _attachment(value: dict[str, Any]) -> Sequence[Problem]:  # att-1
    if "data" in value and not {"contentType", "_contentType"} & value.keys():
        return [("", "must have a contentType with its data")]
    return SOUND


def _condition(value: dict[str, Any]) -> Sequence[Problem]:  # con-4
    if not any(key.startswith(("abatement", "_abatement")) for key in value):
        return SOUND
    # One entered in error has no clinicalStatus (con-5), so HL7's two rules cannot both be kept.
    wrong = said(value.get("verificationStatus"), _VERIFICATION, _IN_ERROR)
    if wrong or said(value.get("clinicalStatus"), _CLINICAL, _ABATED):
        return SOUND
    return [(".abatement[x]", "must not be there unless the clinicalStatus says it is over")]


def _observation(value: dict[str, Any]) -> Sequence[Problem]:  # obs-6, obs-7
    if not any(key.startswith(("value", "_value")) for key in value):
        return SOUND
    problems = []
    if "dataAbsentReason" in value:
        problems.append((".dataAbsentReason", "must not be there beside a value"))
    own = _codings(value.get("code"))
    components = value.get("component")
    for index, one in enumerate(components if isinstance(components, list) else ()):
        if isinstance(one, dict) and own & _codings(one.get("code")):
            problems.append((f".component[{index}]", "must not have the code the value stands for"))
    return problems or SOUND


def _codings(concept: Any) -> frozenset[tuple[str, str]]:
    """Return system and code of each Coding of a CodeableConcept, sound or not."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return frozenset(
        (str(one.get("system")), str(one["code"]))
        for one in (codings if isinstance(codings, list) else ())
        if isinstance(one, dict) and "code" in one
    )


def _bundle(value: dict[str, Any]) -> Sequence[Problem]:  # bdl-11
    if value.get("type") != "document":
        return SOUND
    entries = value.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    resource = first.get("resource") if isinstance(first, dict) else None
    if isinstance(resource, dict) and resource.get("resourceType") == "Composition":
        return SOUND
    return [(".entry[0].resource", "must be the Composition of the document")]


def _reference(value: dict[str, Any]) -> Sequence[Problem]:
    literal = value.get("reference")
    if isinstance(literal, str) and is_active_uri(literal):
        return [(".reference", "must refer to a resource, not to a script, data or a file")]
    return SOUND


def refers_only_to(types: frozenset[str]) -> Check:
    """Return the check that a relative reference is to one of `types`."""
    rule = f"must refer to one of: {', '.join(sorted(types))}"

    def check(value: Any) -> Sequence[Problem]:
        literal = value.get("reference")
        reference = parse_reference(literal) if isinstance(literal, str) else None
        if reference is None or reference.type is None or reference.base is not None:
            return SOUND
        return SOUND if reference.type in types else [(".reference", rule)]

    return check


INVARIANTS: Mapping[str, Check] = MappingProxyType(
    {
        "Age": _quantity,
        "Attachment": _attachment,
        "Bundle": _bundle,
        "Condition": marked(_condition),
        "ContactPoint": _contact_point,
        "Distance": _quantity,
        "Duration": _quantity,
        "Extension": _extension,
        "Observation": _observation,
        "Period": _period,
        "Quantity": _quantity,
        "Ratio": _ratio,
        "Reference": _reference,
    }
)


def invariants_of(type_: str) -> list[Check]:
    """Return every rule over the elements of a type."""
    own = [INVARIANTS[type_]] if type_ in INVARIANTS else []
    return [*own, *map(marked, RULES.get(type_, ()))]
