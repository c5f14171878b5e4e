"""Answers that carry resources: the sealed bytes as they are, with their version in the headers.

https://hl7.org/fhir/R4/http.html#versioning
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from fastapi import Response

from tasuki.shared.access.writing import instant
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.fhir.outcome import information
from tasuki.shared.fhir.search import subset
from tasuki.shared.rest.outcome import FHIR_JSON
from tasuki.shared.rest.prefer import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search.results import Results

NO_STORE = {"Cache-Control": "no-store"}
CREATED = 201


def etag(stored: Stored) -> str:
    """Return the weak ETag of a version."""
    return f'W/"{stored.version}"'


def versioned(stored: Stored, *, status: int = 200, base: str | None = None) -> Response:
    """Return a version as it is stored; with `base`, a Location header too."""
    return Response(
        content=stored.body or b"",
        status_code=status,
        media_type=FHIR_JSON,
        headers=_headers(stored, base),
    )


def versioned_part(stored: Stored, part: Results) -> Response:
    """Return the part of a version that `_summary` or `_elements` asks for."""
    answer = subset(parse_resource(stored.body or b"{}"), part)
    return Response(content=render(answer), media_type=FHIR_JSON, headers=_headers(stored, None))


def not_modified(stored: Stored) -> Response:
    """Return that the caller holds this version already."""
    return Response(status_code=304, headers=_headers(stored, None))


def changed(stored: Stored, asked: Wanted | None, *, status: int = 200, base: str) -> Response:
    """Return what was written, in the form the writer asked for; the resource by default."""
    if asked is None or asked is Wanted.REPRESENTATION:
        return versioned(stored, status=status, base=base)
    headers = _headers(stored, base)
    if asked is Wanted.MINIMAL:
        return Response(status_code=status, headers=headers)
    answer = fhir(information(done(status)), status=status)
    answer.headers.update(headers)
    return answer


def removed(gone: Stored | None, asked: Wanted | None) -> Response:
    """Return that a resource is deleted; `gone` is None where there was nothing to delete."""
    headers = {} if gone is None else {"ETag": etag(gone)}
    if asked is not Wanted.OUTCOME:
        return Response(status_code=204, headers=headers)
    answer = fhir(information("there was nothing to delete" if gone is None else "deleted"))
    answer.headers.update(headers)
    return answer


def done(status: int) -> str:
    """Return in words what an answer to a write with this status says."""
    return "created" if status == CREATED else "done"


def _headers(stored: Stored, base: str | None) -> dict[str, str]:
    headers = {
        **NO_STORE,
        "ETag": etag(stored),
        "Last-Modified": format_datetime(stored.at.replace(microsecond=0), usegmt=True),
    }
    if base is not None:
        headers["Location"] = f"{base}/{stored.type}/{stored.id}/_history/{stored.version}"
    return headers


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
