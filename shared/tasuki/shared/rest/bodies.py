"""Request bodies: JSON only, of a bounded size, checked before anything else happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.characters import character_faults
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.my_number import my_number_faults
from tasuki.shared.fhir.references import parse_reference, rewritten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.service import Check

JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
NDJSON_TYPES = frozenset({"application/fhir+ndjson", "application/ndjson", "application/x-ndjson"})
_CHARSET = re.compile(r"(?:^|[; ])charset *= *([^;]*)")
_VERSION = re.compile(r"(?:^|[; ])fhirversion *= *([^;]*)")
_NO_WEIGHT = re.compile(r"(?:^|[; ])q *= *0(?:\.0*)? *(?:;|$)")
_R4 = frozenset({"4.0", "4.0.1"})
_ANYTHING = frozenset({"*/*", "application/*"})
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})


def require_media_type(request: Request, accepted: frozenset[str]) -> None:
    """Refuse a body that says it is something else, of another release, or compressed."""
    given, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if given.strip() not in accepted:
        raise Fault(
            Category.MEDIA_TYPE, f"send {' or '.join(sorted(accepted))}; XML is not supported"
        )
    # Read as UTF-8 all the same, it would be kept as other characters than were meant.
    if not {one.strip('" ') for one in _CHARSET.findall(parameters)} <= _UTF_8:
        raise Fault(Category.MEDIA_TYPE, "send UTF-8; other character sets are not read")
    if not _is_r4(parameters):
        raise Fault(Category.MEDIA_TYPE, "send FHIR R4, which is fhirVersion=4.0")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Fault(Category.MEDIA_TYPE, "compressed request bodies are not accepted")


async def bounded_body(request: Request, limit: int) -> bytes:
    """Return the body, reading no more than the limit.

    Raises:
        Fault: TOO_LARGE.
    """
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            raise Fault(Category.TOO_LARGE, f"a request body may have {limit:,} bytes at most")
    return bytes(read)


async def resource_body(request: Request, limit: int) -> Resource:
    """Return the resource a request carries, not validated yet."""
    require_media_type(request, JSON_TYPES)
    return parse_resource(await bounded_body(request, limit))


def made_relative(resource: Resource, base: str) -> Resource:
    """Return the resource with absolute references to this very server made relative."""

    def relative(text: str) -> str | None:
        reference = parse_reference(text) if text.startswith(base) else None
        return None if reference is None else str(reference.within(base))

    return rewritten(resource, relative)


def require_valid(resource: Resource, checks: Sequence[Check] = ()) -> None:
    """Refuse a resource that breaks R4's structure, a further check, or our rules on what is kept.

    All faults are told at once.

    Raises:
        Faults: STRUCTURE.
    """
    faults = [*character_faults(resource), *my_number_faults(resource), *validate(resource)]
    for check in checks:
        faults += check(resource)
    if faults:
        raise Faults(tuple(faults))


def require_acceptable(request: Request) -> None:
    """Refuse a caller who wants anything but JSON, or another release of FHIR."""
    accepted = ",".join(request.headers.getlist("accept") or ["*/*"])
    wanted = request.query_params.get("_format") or accepted
    if not any(_is_ours(one) for one in wanted.lower().split(",")):
        raise Fault(
            Category.NOT_ACCEPTABLE, "this server answers in JSON of FHIR R4 only, not in XML"
        )


def _is_ours(wanted: str) -> bool:
    """Return whether a media range, or a value of `_format`, has room for our answers."""
    given, _, parameters = wanted.partition(";")
    is_json = "json" in given or given.strip() in _ANYTHING
    return is_json and _is_r4(parameters) and _NO_WEIGHT.search(parameters) is None


def _is_r4(parameters: str) -> bool:
    return {one.strip('" ') for one in _VERSION.findall(parameters)} <= _R4
