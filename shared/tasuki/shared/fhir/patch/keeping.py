"""What a patch may not change, and what it may not leave behind.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.patch.equality import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.fhir.json import Resource

# Primitives have their id and extensions beside them, under the name with an underscore.
_FIXED = frozenset({"resourceType", "id", "_id"})
_SERVERS = ("versionId", "_versionId", "lastUpdated", "_lastUpdated")
# https://hl7.org/fhir/R4/valueset-narrative-status.html : says nothing that the data do not say
_FROM_DATA = frozenset({"generated", "extensions"})


def check_place(path: Sequence[str | int]) -> None:
    """Refuse to write at a place that is not the caller's.

    Raises:
        Fault: STRUCTURE.
    """
    if not path:
        raise Fault(
            Category.STRUCTURE, "a patch may not replace the whole resource; send an update"
        )
    if path[0] in _FIXED:
        raise Fault(Category.STRUCTURE, "a patch may not change the resource's type or id")
    if path[0] == "meta" and len(path) > 1 and path[1] in _SERVERS:
        raise _servers()


def settled(before: Resource, after: Resource) -> Resource:
    """Return the patched resource with the server's own elements kept and no stale narrative.

    A patch that replaces or removes `meta` as a whole does not reach `versionId` and
    `lastUpdated`. A narrative that was made from data which have changed goes.

    Raises:
        Fault: STRUCTURE: the patch sets what the server owns, or leaves a narrative that may
            contradict the data.
    """
    _keep_meta(before, after)
    _drop_stale_narrative(before, after)
    return after


def _servers() -> Fault:
    return Fault(
        Category.STRUCTURE,
        "a patch may not change meta.versionId or meta.lastUpdated: the server sets them",
    )


def _keep_meta(before: Resource, after: Resource) -> None:
    was = _object(before.get("meta"))
    owned = {key: was[key] for key in _SERVERS if key in was}
    meta = after.get("meta", {})
    if not isinstance(meta, dict):
        return  # no Meta at all: validation refuses it
    if any(key in meta and not same(meta[key], owned.get(key)) for key in _SERVERS):
        raise _servers()
    if owned.keys() - meta.keys():
        after["meta"] = {**owned, **meta}


def _drop_stale_narrative(before: Resource, after: Resource) -> None:
    text = after.get("text")
    if not isinstance(text, dict) or not same(text, before.get("text")):
        return
    if text.get("status") == "empty" or same(_data(before), _data(after)):
        return
    if text.get("status") not in _FROM_DATA:
        raise Fault(
            Category.STRUCTURE,
            "the narrative may say more than the data and would be out of date: "
            "replace or remove `text` in the same patch",
        )
    del after["text"]


def _data(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key not in {"meta", "text"}}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
