"""What JP-CLINS says of the Bundle in which a hospital sends one kind of information of one person.

https://jpfhir.jp/fhir/clins/igv1/ (JP_Bundle_CLINS)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import (
    BUNDLE_IDENTIFIER,
    BUNDLE_KIND,
    ENTRY_PROFILES,
    PATIENT_PROFILE,
    SUBJECTS,
    profiles_of,
)
from tasuki.shared.fhir.jp.walking import codings, each
from tasuki.shared.fhir.references import walk_references

if TYPE_CHECKING:
    from collections.abc import Iterator

BUNDLE_ID = re.compile(
    r"(?P<institution>[0-4][0-9][1-3][0-9]{7})\^20[2-3][0-9]\^[A-Za-z0-9-]{1,36}"
)
_UUID = re.compile(r"(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_SENT = ("link", "search", "request", "response", "extension", "modifierExtension")


def kind_of(bundle: dict[str, Any]) -> str:
    """Return the resource type a Bundle says it holds; empty where it does not say one of three."""
    kinds = {code for _, system, code in codings(bundle, "meta.tag") if system == BUNDLE_KIND}
    return kinds.pop() if len(kinds) == 1 and kinds <= set(ENTRY_PROFILES) else ""


def entries_of(bundle: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (place, resource) of every entry; one without a resource has an empty one."""
    held = [(place, one) for place, one in each(bundle, "entry") if isinstance(one, dict)]
    return [
        (place, one["resource"] if isinstance(one.get("resource"), dict) else {})
        for place, one in held
    ]


def _not_collection(bundle: dict[str, Any]) -> Iterator[str]:
    if bundle.get("type") != "collection":
        yield "type"


def _no_kind(bundle: dict[str, Any]) -> Iterator[str]:
    if not kind_of(bundle):
        yield "meta.tag"


def _wrong_identifier(bundle: dict[str, Any]) -> Iterator[str]:
    held = bundle.get("identifier")
    identifier = held if isinstance(held, dict) else {}
    if identifier.get("system") != BUNDLE_IDENTIFIER:
        yield "identifier.system"
    if not BUNDLE_ID.fullmatch(str(identifier.get("value", ""))):
        yield "identifier.value"


def _no_time(bundle: dict[str, Any]) -> Iterator[str]:
    if "timestamp" not in bundle:
        yield "timestamp"
    if not any(each(bundle, "meta.lastUpdated")):
        yield "meta.lastUpdated"


def _patient_not_first(bundle: dict[str, Any]) -> Iterator[str]:
    entries = entries_of(bundle)
    if not entries or entries[0][1].get("resourceType") != "Patient":
        yield "entry[0].resource"


def _patient_profile(bundle: dict[str, Any]) -> Iterator[str]:
    for place, resource in entries_of(bundle)[:1]:
        if PATIENT_PROFILE not in profiles_of(resource):
            yield f"{place}.resource.meta.profile"


def _other_types(bundle: dict[str, Any]) -> Iterator[str]:
    kind = kind_of(bundle)
    for place, resource in entries_of(bundle)[1:]:
        if kind and resource.get("resourceType") != kind:
            yield f"{place}.resource"


def _entry_profile(bundle: dict[str, Any]) -> Iterator[str]:
    for place, resource in entries_of(bundle)[1:]:
        wanted = ENTRY_PROFILES.get(str(resource.get("resourceType")))
        if wanted is not None and wanted not in profiles_of(resource):
            yield f"{place}.resource.meta.profile"


def _full_urls(bundle: dict[str, Any]) -> Iterator[str]:
    seen: set[str] = set()
    for place, entry in each(bundle, "entry"):
        url = str(entry.get("fullUrl", "")) if isinstance(entry, dict) else ""
        if not _UUID.fullmatch(url) or url.casefold() in seen:
            yield f"{place}.fullUrl"
        seen.add(url.casefold())


def _not_sent(bundle: dict[str, Any]) -> Iterator[str]:
    for place, entry in each(bundle, "entry"):
        held = entry if isinstance(entry, dict) else {}
        yield from (f"{place}.{name}" for name in _NOT_SENT if name in held)


def names_of_patient(bundle: dict[str, Any]) -> frozenset[str]:
    """Return what a reference to the Bundle's Patient may say."""
    first = next((one for _, one in each(bundle, "entry") if isinstance(one, dict)), {})
    resource = first.get("resource")
    id_ = resource.get("id") if isinstance(resource, dict) else None
    url = str(first.get("fullUrl", ""))
    return frozenset({url, f"Patient/{id_}"} if id_ else {url}) - {""}


def _other_references(bundle: dict[str, Any]) -> Iterator[str]:
    known = names_of_patient(bundle)
    for place, resource in entries_of(bundle):
        root = str(resource.get("resourceType", ""))
        for path, holder in walk_references(resource):
            if holder["reference"] not in known:
                yield f"{place}.resource{path.removeprefix(root)}.reference"


def _no_subject(bundle: dict[str, Any]) -> Iterator[str]:
    for place, resource in entries_of(bundle)[1:]:
        element = SUBJECTS.get(str(resource.get("resourceType")))
        held = resource.get(element) if element else None
        if element and not (isinstance(held, dict) and ({"reference", "identifier"} & held.keys())):
            yield f"{place}.resource.{element}"


BUNDLE_RULES = (
    Rule("P-type", "Bundle.type", "must be collection", _not_collection),
    Rule(
        "R02142",
        "Bundle.meta.tag",
        "must say once what the Bundle holds: AllergyIntolerance, Condition or Observation",
        _no_kind,
    ),
    Rule(
        "R2152",
        "Bundle.identifier",
        f"must be under {BUNDLE_IDENTIFIER}: institution number of ten digits ^ year ^ up to 36 "
        "letters, digits and hyphens",
        _wrong_identifier,
    ),
    Rule("P-times", "Bundle.timestamp", "is required in what is sent", _no_time),
    Rule("R0211", "Bundle.entry[0]", "must be the Patient", _patient_not_first),
    Rule("R0212", "Bundle.entry[0]", "must claim JP_Patient_eCS", _patient_profile),
    Rule(
        "R02144",
        "Bundle.entry",
        "is not of the type that meta.tag names; one Bundle holds one type",
        _other_types,
    ),
    Rule("Bundle-entry", "Bundle.entry", "must claim the eCS profile of its type", _entry_profile),
    Rule("T-fullUrl", "Bundle.entry.fullUrl", "must be a UUID of its own", _full_urls),
    Rule("P-entry", "Bundle.entry", "does not belong into what is sent", _not_sent),
    Rule(
        "T-references",
        "Bundle.entry.resource",
        "refers to something other than the Bundle's Patient; contain it instead",
        _other_references,
    ),
    Rule(
        "T-subject",
        "Bundle.entry.resource",
        "must refer to the Patient, by reference or by identifier",
        _no_subject,
    ),
)
