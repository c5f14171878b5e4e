"""Contained resources: what they must not have, and that they and what refers to them are both there.

https://hl7.org/fhir/R4/references.html#contained

dom-2 to dom-5 and ref-1, asked of a whole resource: what is contained can only be reached from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.structure import SOUND, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOCAL = "#"
# What they hold stands for itself, and is asked by itself.
_HOLDERS = frozenset({"Bundle", "Parameters"})


def contained_problems(value: dict[str, Any]) -> Sequence[Problem]:
    """Return what is wrong about what a resource contains, and about its references into itself."""
    if value.get("resourceType") in _HOLDERS:
        return SOUND
    inner = value.get("contained")
    held = inner if isinstance(inner, list) else []
    if not held and not _has_local_link(value):
        return SOUND
    links = list(_local_links(value))
    resources = [(n, one) for n, one in enumerate(held) if isinstance(one, dict)]
    found = [problem for index, one in resources for problem in _forbidden(index, one)]
    named = {f"{_LOCAL}{one['id']}" for _, one in resources if isinstance(one.get("id"), str)}
    found += [
        (where, "must refer to a resource that is contained")  # ref-1
        for where, name, text in links
        if name == "reference" and text not in {*named, _LOCAL}
    ]
    used = {text for _, _, text in links}
    found += [
        (f".contained[{index}]", "must be referred to, or refer to what contains it")  # dom-3
        for index, one in resources
        if f"{_LOCAL}{one.get('id', '')}" not in used and not _points_up(one)
    ]
    return found


def _forbidden(index: int, resource: dict[str, Any]) -> Iterator[Problem]:
    at = f".contained[{index}]"
    if "contained" in resource:
        yield f"{at}.contained", "must not hold contained resources itself"  # dom-2
    meta = resource.get("meta")
    for name in ("versionId", "lastUpdated", "security"):  # dom-4, dom-5
        if isinstance(meta, dict) and name in meta:
            yield f"{at}.meta.{name}", "must not be there in a contained resource"


def _points_up(resource: dict[str, Any]) -> bool:
    return any(text == _LOCAL for _, _, text in _local_links(resource))


def _has_local_link(value: dict[str, Any]) -> bool:
    """Return whether there is any; asked of every resource, so without a place for each element."""
    found: list[Any] = [value]
    for one in found:  # grows while it is read
        for item in one.values() if type(one) is dict else one:
            if type(item) is str:
                if item[:1] == _LOCAL:
                    return True
            elif type(item) is dict or type(item) is list:
                found.append(item)
    return False


def _local_links(value: Any, where: str = "", name: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield place, element name and text of every string that begins with `#`."""
    if isinstance(value, str):
        if value.startswith(_LOCAL):
            yield where, name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _local_links(item, f"{where}.{key}", key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _local_links(item, f"{where}[{index}]", name)
