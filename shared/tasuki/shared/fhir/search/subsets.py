"""Subsets: a resource in part, as `_summary` and `_elements` ask, and marked as such.

https://hl7.org/fhir/R4/search.html#summary
https://hl7.org/fhir/R4/search.html#elements

What is mandatory and what changes the meaning of the rest (`status`, `doNotPerform`, a modifier
extension) stays whatever is asked for: a part that reads as its opposite is worse than a long one.
So do contained resources that something left refers to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.outlines import Outline, outline, outline_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search.results import Results

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_WHOLE = frozenset({None, "false", "count"})
_ALWAYS = frozenset({"resourceType", "id", "meta"})
_TEXT = frozenset({"text", "_text"})


def subset(resource: Resource, results: Results) -> Resource:
    """Return what the results ask for of a resource of a served type; the original is left as it is.

    Values are shared with it, so numbers keep their lexemes. A resource asked for whole is itself.
    """
    type_outline = outline(resource["resourceType"])
    if results.elements:
        asked = {key for name in results.elements for key in type_outline.elements.get(name, ())}
        return _marked(resource, _kept(resource, type_outline, asked))
    if results.summary in _WHOLE:
        return resource
    if results.summary == "data":
        return _marked(resource, {key: resource[key] for key in resource if key not in _TEXT})
    if results.summary == "text":
        return _marked(resource, _kept(resource, type_outline, _TEXT))
    return _marked(resource, _summary(resource, type_outline))


def _kept(resource: Resource, type_outline: Outline, asked: AbstractSet[str]) -> Resource:
    keys = _ALWAYS | type_outline.mandatory | type_outline.modifiers | asked
    return {key: value for key, value in resource.items() if key in keys}


def _summary(value: dict[str, Any], part: Outline) -> dict[str, Any]:
    """Return the summary of a resource or of a part of it."""
    kept = _kept(value, part, part.summary)
    for key in kept.keys() & part.parts.keys() & part.summary:
        shorter = _shorter(kept[key], outline_of(part.parts[key]))
        if shorter:
            kept[key] = shorter
    return kept


def _shorter(value: Any, part: Outline) -> Any:
    """Return the value with its parts cut; empty if one of them has nothing for a summary."""
    if isinstance(value, list):
        cut = [_shorter(item, part) for item in value]
        return cut if all(cut) else []
    return _summary(value, part) if isinstance(value, dict) else value


def _marked(resource: Resource, kept: Resource) -> Resource:
    if "contained" in resource and "contained" not in kept:
        _keep_contained(resource, kept)
    meta = resource.get("meta", {})
    tags = [tag for tag in meta.get("tag", []) if tag.get("code") != SUBSETTED["code"]]
    marked = {**meta, "tag": [*tags, dict(SUBSETTED)]}
    return {
        **{key: kept[key] for key in ("resourceType", "id") if key in kept},
        "meta": marked,
        **{key: value for key, value in kept.items() if key not in _ALWAYS},
    }


def _keep_contained(resource: Resource, kept: Resource) -> None:
    """Add the contained resources that what is kept refers to, and those these refer to."""
    held = {f"#{inner.get('id')}": inner for inner in resource["contained"]}
    found: dict[str, Any] = {}
    pending: list[Any] = [kept]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            literal = value.get("reference")
            if isinstance(literal, str) and literal in held and literal not in found:
                found[literal] = held[literal]
                pending.append(held[literal])
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    if found:
        kept["contained"] = [inner for name, inner in held.items() if name in found]
