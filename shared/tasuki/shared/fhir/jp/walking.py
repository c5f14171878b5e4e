"""Ways through a resource that is not known to be well-formed: what has a wrong shape is passed over.

Structure is checked elsewhere; the rules here speak about what can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasuki.shared.fhir.json import Resource


def each(resource: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Yield (place, value) of every value at a dotted path; lists are gone through.

    `each(r, "code.coding")` yields `("code.coding[0]", {...})` and so on.
    """
    found: list[tuple[str, Any]] = [("", resource)]
    for name in path.split("."):
        found = [
            step
            for place, value in found
            if isinstance(value, dict) and name in value
            for step in _flat(f"{place}.{name}".lstrip("."), value[name])
        ]
    yield from found


def texts(resource: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of every string at a dotted path."""
    for place, value in each(resource, path):
        if isinstance(value, str):
            yield place, value


def all_texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of every string, contained resources and narratives too."""
    pending: list[tuple[str, Any]] = [("", resource)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, str):
            yield place.lstrip("."), value
        elif isinstance(value, list):
            pending += [(f"{place}[{i}]", item) for i, item in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            pending += [(f"{place}.{key}", item) for key, item in reversed(value.items())]


def codings(resource: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (place, system, code) of every Coding at a dotted path."""
    for place, coding in each(resource, path):
        if isinstance(coding, dict):
            yield place, str(coding.get("system", "")), str(coding.get("code", ""))


def identifiers(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (place, system, value) of every identifier of a resource."""
    for place, held in each(resource, "identifier"):
        if isinstance(held, dict):
            yield place, str(held.get("system", "")), str(held.get("value", ""))


def extensions(resource: Mapping[str, Any], url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, extension) of every extension of a resource with this URL."""
    for place, held in each(resource, "extension"):
        if isinstance(held, dict) and held.get("url") == url:
            yield place, held


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        yield from ((f"{place}[{index}]", item) for index, item in enumerate(value))
    else:
        yield place, value
