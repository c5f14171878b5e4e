"""What a kick-off request asks for; what cannot be honoured is refused, never passed over.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.exports.jobs import Order
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.dates import interval
from tasuki.shared.fhir.references import parse_reference
from tasuki.shared.fhir.types import OWNERSHIP
from tasuki.shared.rest.bodies import NDJSON_TYPES, require_acceptable, resource_body
from tasuki.shared.rest.pairs import asked_pairs, asked_text
from tasuki.shared.rest.prefer import asynchronous

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fastapi import Request

    from tasuki.shared.rest.service import FhirService

FORMATS = NDJSON_TYPES | {"ndjson"}
MAX_PATIENTS = 1_000
KNOWN = ("_outputFormat", "_since", "_type")
VALUES = {
    "_outputFormat": "valueString",
    "_since": "valueInstant",
    "_type": "valueString",
    "patient": "valueReference",
}
_INSTANT = re.compile(r"[0-9-]{10}T[0-9:.]{8,}(?:Z|[+-][0-9]{2}:[0-9]{2})")


async def order_of(
    request: Request, service: FhirService, *, people_only: bool, group: str | None = None
) -> Order:
    """Return what is ordered.

    Raises:
        Fault: INVALID, NOT_SUPPORTED, NOT_ACCEPTABLE.
    """
    require_acceptable(request)
    _require_async(request)
    pairs = await _asked(request, service)
    by_name = people_only and group is None and request.method == "POST"
    _require_known(pairs, people=by_name)
    formats = [str(value) for name, value in pairs if name == "_outputFormat"]
    if any(one not in FORMATS for one in formats):
        raise Fault(Category.NOT_SUPPORTED, "exports are written as NDJSON only")
    return Order(
        request=f"{service.base_url}{_path(request)}",
        types=_types(pairs, service.types, people_only=people_only),
        since=_since([value for name, value in pairs if name == "_since"]),
        patients=_patients([v for n, v in pairs if n == "patient"], service.base_url),
        people_only=people_only,
        group=group,
    )


def _path(request: Request) -> str:
    path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
    query = asked_text(request)
    return f"{path}?{query}" if query else path


def _require_async(request: Request) -> None:
    if not asynchronous(request):
        raise Fault(
            Category.INVALID, "an export is made in the background: send Prefer: respond-async"
        )


async def _asked(request: Request, service: FhirService) -> list[tuple[str, Any]]:
    """Return names and values, of the query or of the Parameters."""
    if request.method == "GET":
        return list(asked_pairs(request))
    if asked_text(request):
        raise Fault(Category.INVALID, "send the parameters of a POST in its body")
    if request.headers.get("content-length", "") == "0":
        return []
    body = await resource_body(request, service.max_body)
    given = body.get("parameter", [])
    if body["resourceType"] != "Parameters" or not isinstance(given, list):
        raise Fault(Category.INVALID, "the body is not a Parameters")
    return [_parameter(place, one) for place, one in enumerate(given)]


def _parameter(place: int, given: Any) -> tuple[str, Any]:
    name = given.get("name") if isinstance(given, dict) else None
    wanted = VALUES.get(name, "") if isinstance(name, str) else ""
    value = given.get(wanted) if isinstance(given, dict) else None
    if wanted == "valueReference" and isinstance(value, dict):
        value = value.get("reference")
    at = (f"Parameters.parameter[{place}]",)
    if not wanted:
        raise Fault(Category.NOT_SUPPORTED, f"a parameter is none of {', '.join(VALUES)}", at=at)
    if not isinstance(value, str):
        raise Fault(Category.INVALID, f"{name} needs a {wanted}", at=at)
    return str(name), value


def _require_known(pairs: Sequence[tuple[str, Any]], *, people: bool) -> None:
    names = [name for name, _ in pairs]
    if "patient" in names and not people:
        raise Fault(Category.INVALID, "patient goes with POST Patient/$export", at=("patient",))
    if any(name not in VALUES for name in names):
        raise Fault(
            Category.NOT_SUPPORTED,
            f"an export takes {', '.join(KNOWN)}, and by POST patient; it does not filter"
            " by _typeFilter, _elements, _until or includeAssociatedData",
        )


def _types(
    pairs: Sequence[tuple[str, Any]], served: Sequence[str], *, people_only: bool
) -> tuple[str, ...] | None:
    given = [str(value).split(",") for name, value in pairs if name == "_type"]
    types = tuple(dict.fromkeys(name for some in given for name in some if name))
    if not given:
        return None
    if not types or any(name not in served for name in types):
        raise Fault(
            Category.INVALID, "_type names a resource type this server does not have", at=("_type",)
        )
    if people_only and any(OWNERSHIP[name].element is None for name in types):
        raise Fault(
            Category.INVALID,
            "_type names a type that is about nobody; such are exported by [base]/$export",
            at=("_type",),
        )
    return types


def _since(given: Sequence[Any]) -> datetime | None:
    """Return the last moment that is not asked for any more."""
    if not given:
        return None
    text = str(given[0]).replace(" ", "+")  # a plus sign that was not escaped
    held = interval(text) if _INSTANT.fullmatch(text) else None
    if len(given) > 1 or held is None:
        raise Fault(
            Category.INVALID,
            "_since takes one instant, such as 2026-01-05T10:00:00+09:00",
            at=("_since",),
        )
    return held.start


def _patients(given: Sequence[Any], base: str) -> tuple[str, ...] | None:
    if not given:
        return None
    found: dict[str, None] = {}
    for value in given:
        reference = parse_reference(str(value))
        local = None if reference is None else reference.within(base)
        if local is None or local.base is not None or local.type != "Patient" or not local.id:
            raise Fault(
                Category.INVALID, "patient must refer to a Patient of this server", at=("patient",)
            )
        found[local.id] = None
    if len(found) > MAX_PATIENTS:
        raise Fault(Category.TOO_COSTLY, f"an export may name {MAX_PATIENTS:,} people at most")
    return tuple(found)
