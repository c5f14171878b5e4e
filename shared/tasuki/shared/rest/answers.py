"""Answers that carry resources: the sealed bytes as they are, with their version in the headers.

https://hl7.org/fhir/R4/http.html#versioning
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from fastapi import Response

from tasuki.shared.access.writing import instant
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.rest.outcome import FHIR_JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource

NO_STORE = {"Cache-Control": "no-store"}
_ETAG = re.compile(r'W/"(\d{1,9})"|"(\d{1,9})"')


def etag(stored: Stored) -> str:
    """Return the weak ETag of a version."""
    return f'W/"{stored.version}"'


def version_in(header: str | None) -> int | None:
    """Return the version an If-Match header names; None without a header.

    Raises:
        Fault: INVALID for anything that is not one of our ETags.
    """
    if header is None:
        return None
    match = _ETAG.fullmatch(header.strip())
    if match is None:
        raise Fault(Category.INVALID, 'If-Match must be an ETag of this server, such as W/"3"')
    return int(match.group(1) or match.group(2))


def versioned(stored: Stored, *, status: int = 200, base: str | None = None) -> Response:
    """Return a version as it is stored; with `base`, a Location header too."""
    headers = {
        **NO_STORE,
        "ETag": etag(stored),
        "Last-Modified": format_datetime(stored.at.replace(microsecond=0), usegmt=True),
    }
    if base is not None:
        headers["Location"] = f"{base}/{stored.type}/{stored.id}/_history/{stored.version}"
    return Response(
        content=stored.body or b"", status_code=status, media_type=FHIR_JSON, headers=headers
    )


def fhir(resource: Resource, *, status: int = 200) -> Response:
    """Return any resource, which no cache may keep."""
    return Response(
        content=render(resource), status_code=status, media_type=FHIR_JSON, headers=NO_STORE
    )


def history_entry(stored: Stored, base: str) -> dict[str, Any]:
    """Return the Bundle entry of one version."""
    entry: dict[str, Any] = {
        "fullUrl": f"{base}/{stored.type}/{stored.id}",
        "request": {"method": stored.method.value, "url": f"{stored.type}/{stored.id}"},
        "response": {
            "status": "204" if stored.deleted else ("201" if stored.version == 1 else "200"),
            "etag": etag(stored),
            "lastModified": instant(stored.at),
        },
    }
    if stored.method.value == "POST":
        entry["request"]["url"] = stored.type
    if stored.body is not None:
        entry["resource"] = parse_resource(stored.body)
    return entry


def bundle(kind: str, entries: Sequence[dict[str, Any]], **more: object) -> Resource:
    """Return a Bundle; without `entry` where there is none, since R4 forbids empty arrays."""
    made: Resource = {"resourceType": "Bundle", "type": kind, **more}
    if entries:
        made["entry"] = list(entries)
    return made
