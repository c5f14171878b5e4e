"""Taking out of the generator's resources what a Japanese hospital would not, or may not, send.

Gone: SNOMED CT and CPT codings (no licence in Japan), codes the generator mislabels or made up,
its own identifiers and extensions, and references to resources that are not in the sample. A
CodeableConcept keeps its text.
"""

from __future__ import annotations

from typing import Any

from tasuki.deploy.sample.authoring import desk
from tasuki.deploy.sample.authoring.records import allergen
from tasuki.deploy.sample.authoring.vocabulary import (
    INSTANCE,
    INSTITUTION_NUMBER,
    NONE_KNOWN,
    concept,
)

Json = dict[str, Any]

UNWANTED_SYSTEMS = (
    "http://snomed.info/",
    "http://www.ama-assn.org/",
    "http://clinosim.dev/",
    "urn:clinosim",
    # partial JLAC codes; the LOINC code beside them stays
    "urn:oid:1.2.392.200119.4.1005",
)
# Point to resources that the sample does not carry, or belong to the generator alone.
_UNWANTED_ELEMENTS = frozenset(
    {
        "basedOn",
        "derivedFrom",
        "encounter",
        "hasMember",
        "identifier",
        "location",
        "note",
        "partOf",
        "specimen",
        "usedCode",
    }
)
_KEPT_IDENTIFIERS = ("http://jpfhir.jp/fhir/core/mhlw/IdSystem/",)


def cleaned(resource: Json) -> Json:
    """Return a copy of a generator resource without what must go; its id and stamp stay."""
    kept = {
        key: pruned
        for key, value in resource.items()
        if key not in _UNWANTED_ELEMENTS and (pruned := _pruned(value)) not in (None, {}, [])
    }
    identifiers = [
        one
        for one in resource.get("identifier", [])
        if one["system"].startswith(_KEPT_IDENTIFIERS) and one["system"] != INSTANCE
    ]
    if identifiers:
        kept["identifier"] = identifiers
    return kept


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return None if _is_unwanted(value) else _without_empty(value)
    if isinstance(value, list):
        pruned = [_pruned(child) for child in value]
        return [child for child in pruned if child not in (None, {}, [])]
    return value


def _without_empty(value: Json) -> Json:
    pruned = {key: _pruned(child) for key, child in value.items()}
    return {key: child for key, child in pruned.items() if child not in (None, {}, [])}


def _is_unwanted(value: Json) -> bool:
    system = value.get("system", "")
    url = value.get("url", "")
    unwanted_url = (*UNWANTED_SYSTEMS, INSTITUTION_NUMBER)
    return bool(system.startswith(UNWANTED_SYSTEMS) or url.startswith(unwanted_url))


def relabelled_allergy(resource: Json) -> Json:
    """Return a cleaned allergy with the JFAGY code its words stand for.

    'No known allergy' becomes text alone, active and confirmed, as a JP-CLINS hospital says it.
    """
    made = dict(resource)
    text = made["code"]["text"]
    if text == NONE_KNOWN:
        made["code"] = concept(NONE_KNOWN)
        status = made["clinicalStatus"]["coding"][0]
        made["clinicalStatus"] = concept(None, {"system": status["system"], "code": "active"})
        return made
    # A drug group is coded by one product of the group: JFAGY has no codes for groups.
    code, display = desk.table("words")["allergens"][text]
    made["code"] = concept(text, allergen(code, display))
    return made
