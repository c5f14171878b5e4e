"""Validation of resources against R4, from the definitions in `fhir.resources`.

https://hl7.org/fhir/R4/validation.html

`fhir.resources` has no R4 package: its R4B models serve R4, and `_R4` names where the two differ for
the types this exchange serves. The models are read once for each type, at its first use, and turned
into plain checks: several times faster than building model objects, with no silent coercion
(`"true"` is no boolean), closed code lists enforced, and faults that never repeat a value.
"""

from __future__ import annotations

import typing
from collections import defaultdict
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.contained import contained_problems
from tasuki.shared.fhir.invariants import invariants_of, refers_only_to
from tasuki.shared.fhir.primitives import PRIMITIVES, Primitive
from tasuki.shared.fhir.rules import Rule
from tasuki.shared.fhir.structure import (
    Check,
    Problem,
    Structure,
    check_object,
    many,
    many_primitives,
    one_of,
    one_primitive,
)

if typing.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasuki.shared.fhir.json import Resource

MAX_FAULTS = 50  # more in one resource help nobody

_NEW_IN_R4B = """AdministrableProductDefinition Citation ClinicalUseDefinition EvidenceReport Ingredient
    ManufacturedItemDefinition MedicinalProductDefinition NutritionProduct
    PackagedProductDefinition RegulatedAuthorization SubscriptionStatus SubscriptionTopic
    SubstanceDefinition"""
_NOT_IN_R4 = frozenset(_NEW_IN_R4B.split())
_NOT_IN_R4_ELEMENTS = frozenset({"valueCodeableReference", "valueRatioRange", "fhir_comments"})
# Whom a record is about must be of a right type, for that decides who may read it. Other references
# are not held to theirs: HL7's own examples are not, and a medicine would be lost over a performer.
_SUBJECTS = frozenset({"subject", "patient", "beneficiary"})
_R4_SUBJECTS = frozenset({"Patient", "Group", "Device", "Location"})
_R4_TARGETS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"Observation": _R4_SUBJECTS, "DiagnosticReport": _R4_SUBJECTS}
)
# The models give the short form of a code list; a list they cut off is completed here from R4.
_CUT_OFF = frozenset({"+", "etc.", "formats"})
_REPORTED_CODES = (
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
_ENCOUNTER_CODES = (
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
)
_REPORTED = frozenset(_REPORTED_CODES.split())
_ENCOUNTER = frozenset(_ENCOUNTER_CODES.split())
_CODES: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("DeviceUdiCarrier", "entryType"): frozenset(
            ["barcode", "rfid", "manual", "card", "self-reported", "unknown"]
        ),
        ("DeviceUseStatement", "status"): frozenset(
            ["active", "completed", "entered-in-error", "intended", "stopped", "on-hold"]
        ),
        ("DiagnosticReport", "status"): _REPORTED | {"partial", "appended"},
        ("Encounter", "status"): _ENCOUNTER,
        ("EncounterStatusHistory", "status"): _ENCOUNTER,
        ("Observation", "status"): _REPORTED,
        ("Quantity", "comparator"): frozenset({"<", "<=", ">=", ">"}),
    }
)


def validate(resource: Resource) -> tuple[Fault, ...]:
    """Return what is wrong with the resource; an empty tuple when nothing is.

    Each fault has its place in `at` (`Patient.name[0].use`) and says the rule, never the value.
    Profiles and terminologies are not looked at.
    """
    resource_type = resource.get("resourceType")
    try:
        problems = check_resource(resource)
    except RecursionError:
        return (Fault(Category.STRUCTURE, "the resource nests too deep"),)
    root = resource_type if isinstance(resource_type, str) and is_r4(resource_type) else ""
    return tuple(
        _fault(f"{root}{where}".lstrip("."), rule) for where, rule in problems[:MAX_FAULTS]
    )


class RuleFault(Fault):
    """A rule on which elements go together is broken; the resource can be read all the same."""


def _fault(where: str, rule: str) -> Fault:
    kind = RuleFault if isinstance(rule, Rule) else Fault
    return kind(Category.STRUCTURE, f"{where} {rule}", at=(where,) if where else ())


@lru_cache(maxsize=256)
def is_r4(resource_type: str) -> bool:
    """Return whether R4 defines this resource type."""
    if not resource_type.isalpha() or resource_type in _NOT_IN_R4:
        return False
    try:
        model = model_of(resource_type)
    except ValueError:
        return False
    return bool(model.has_resource_base())


def check_resource(value: Any) -> Sequence[Problem]:
    """Return the problems of any resource that stands for itself, as (where, rule)."""
    found = _check_contained(value)
    return [*found, *contained_problems(value)] if type(value) is dict else found


def _check_contained(value: Any) -> Sequence[Problem]:
    """Return the problems of a resource, but for those that only what contains it can tell."""
    if type(value) is not dict:
        return [("", "must be an object")]
    resource_type = value.get("resourceType")
    if not isinstance(resource_type, str) or not is_r4(resource_type):
        return [(".resourceType", "must name a resource type of FHIR R4")]
    return check_object(_resource_structure(resource_type), value)


def model_of(resource_type: str) -> type[Any]:
    """Return the pydantic model of a resource type.

    Raises:
        ValueError: There is no such type.
    """
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - 0.3 s, at first use

    return cast("type[Any]", get_fhir_model_class(resource_type))


@cache
def _resource_structure(resource_type: str) -> Structure:
    structure = _read(model_of(resource_type))
    structure.elements["resourceType"] = one_primitive(PRIMITIVES["code"])
    structure.elements["id"] = one_primitive(PRIMITIVES["id"])
    return structure


def choices_of(resource_type: str) -> frozenset[str]:
    """Return the names of the choice elements (`value[x]` as `value`) of a type and its parts."""
    found: set[str] = set()
    models = [model_of(resource_type)]
    for model in models:  # grows while its parts are found
        for info in model.model_fields.values():
            found.add((info.json_schema_extra or {}).get("one_of_many", ""))
            models += [inner for inner in own_parts(model, info) if inner not in models]
    return frozenset(found - {""})


def own_parts(model: type[Any], info: Any) -> list[type[Any]]:
    """Return the models of an element that its resource type defines itself, such as a component."""
    targets = [part for part in _parts(info.annotation) if hasattr(part, "get_model_klass")]
    models = [target.get_model_klass() for target in targets]
    return [inner for inner in models if inner.__module__ == model.__module__]


_STRUCTURES: dict[Any, Structure] = {}  # by model class; filled at first use


def _structure(model: type[Any]) -> Structure:
    if model not in _STRUCTURES:
        _STRUCTURES[model] = _read(model)
    return _STRUCTURES[model]


def _read(model: type[Any]) -> Structure:
    structure = Structure()
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key in _NOT_IN_R4_ELEMENTS:
            continue
        structure.elements[key] = _element(structure, model.__resource_type__, key, info)
        if info.is_required() or (info.json_schema_extra or {}).get("element_required"):
            structure.required.append((key, frozenset({key, f"_{key}"})))
    _read_choices(model, structure)
    structure.invariants.extend(invariants_of(model.__resource_type__))
    return structure


def _read_choices(model: type[Any], structure: Structure) -> None:
    keys: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra or {}
        key = info.alias or name
        if "one_of_many" in extra and key not in _NOT_IN_R4_ELEMENTS:
            required = bool(extra.get("one_of_many_required"))
            keys[extra["one_of_many"], required] |= {key, f"_{key}"}
    for (choice, required), members in keys.items():
        structure.choices.append((f"{choice}[x]", frozenset(members)))
        if required:
            structure.required.append((f"{choice}[x]", frozenset(members)))


def _element(structure: Structure, owner: str, key: str, info: Any) -> Check:
    parts = list(_parts(info.annotation))
    extra = info.json_schema_extra or {}
    is_list = any(typing.get_origin(part) is list for part in parts)
    kind = next(filter(None, map(_primitive_name, parts)), None)
    if kind is not None:
        primitive = _coded(PRIMITIVES[kind], owner, key, extra.get("enum_values"))
        if is_list:
            structure.primitive_lists.add(key)
        return many_primitives(primitive) if is_list else one_primitive(primitive)
    target = next(part for part in parts if hasattr(part, "get_model_klass"))
    single: Check = _complex(target)
    if target.__name__ == "ResourceType":
        single = _check_contained if key == "contained" else check_resource
    if key in _SUBJECTS and extra.get("enum_reference_types"):
        single = _referring(single, owner, extra["enum_reference_types"])
    return many(single, or_null=key.startswith("_")) if is_list else single


def _complex(target: Any) -> Check:
    structures: list[Structure] = []  # filled at first use: types refer to each other in circles

    def check(value: Any) -> Sequence[Problem]:
        if not structures:
            structures.append(_structure(target.get_model_klass()))
        return check_object(structures[0], value)

    return check


def _referring(single: Check, owner: str, types: Sequence[str]) -> Check:
    targets = _R4_TARGETS.get(owner, frozenset(types))
    if "Resource" in targets:
        return single
    right_type = refers_only_to(targets)

    def check(value: Any) -> Sequence[Problem]:
        return single(value) or right_type(value)

    return check


def _coded(primitive: Primitive, owner: str, key: str, short: Sequence[str] | None) -> Primitive:
    codes = _CODES.get((owner, key), frozenset(short or ()))
    return one_of(codes, primitive) if codes and codes.isdisjoint(_CUT_OFF) else primitive


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the annotation and everything inside it: unions, lists and their metadata."""
    yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)


def _primitive_name(part: Any) -> str | None:
    if part is bool or part is UUID:
        return "boolean" if part is bool else "uuid"
    name = getattr(part, "__visit_name__", None)
    return name if isinstance(name, str) and name in PRIMITIVES else None
