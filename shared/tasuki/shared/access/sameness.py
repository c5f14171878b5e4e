"""Whether two versions say the same: what is sent again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.writing import SERVERS_OWN
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from tasuki.shared.access.records import NewVersion, Stored


def same(head: Stored, version: NewVersion) -> bool:
    """Return whether two versions say the same, apart from the server's part of `meta`."""
    if head.body is None or version.body is None:
        return False
    return _alike(_content(head.body), _content(version.body))


def _content(body: bytes) -> object:
    resource = parse_resource(body)
    meta = {k: v for k, v in resource["meta"].items() if k not in SERVERS_OWN}
    return {**resource, "meta": meta}


def _alike(one: object, other: object) -> bool:
    """Whether two JSON values are the same, digit by digit (`72.5` is not `72.50`)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return type(one) is type(other) and repr(one) == repr(other)
