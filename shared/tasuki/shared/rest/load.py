"""`$load`: NDJSON as a hospital exports it; and the list of what could not be accepted.

Like FHIR Bulk Data `$import`, which is only a draft, but in one request: each answer says what
became of every line. https://hl7.org/fhir/uv/bulkdata/
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from tasuki.shared.access.loading import Line
from tasuki.shared.access.writing import instant
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.characters import may_hold_private_use, private_use_paths
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.models import RuleFault
from tasuki.shared.fhir.my_number import MyNumberFault, without_my_numbers
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.fhir.references import parse_reference
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import NDJSON_TYPES, bounded_body, require_media_type, require_valid
from tasuki.shared.rest.service import CallerDep, ServiceDep
from tasuki.shared.rest.writes import WARNED_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasuki.shared.access.records import Quarantined
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
MAX_LINES = 5_000
MAX_LINE = 1_000_000_000  # the number of a line of a whole file
SOURCE = r"^[A-Za-z0-9._:-]{1,64}$"


@ROUTES.post("/$load")
async def load(
    request: Request,
    service: ServiceDep,
    caller: CallerDep,
    source: str = Query(pattern=SOURCE),
    first_line: int = Query(1, ge=1, le=MAX_LINE, alias="firstLine"),
) -> Response:
    """Accept what is valid of a chunk of NDJSON, put the rest into quarantine, and say which."""
    require_media_type(request, NDJSON_TYPES)
    body = await bounded_body(request, service.max_body)
    raw = [line for line in body.split(b"\n") if line.strip()]
    if len(raw) > MAX_LINES:
        raise Fault(Category.TOO_LARGE, f"a load may have {MAX_LINES:,} lines at most")
    lines = await to_thread.run_sync(_lines, raw, first_line, frozenset(service.types))
    async with service.gate.enter(caller) as records:
        loaded = await records.load(source, lines)
    aside = {entry.line for entry in loaded.quarantined}
    kept = [line for line in lines if line.number not in aside]
    warnings = await to_thread.run_sync(_warnings, kept)
    counts = {
        "created": loaded.created,
        "updated": loaded.updated,
        "unchanged": loaded.unchanged,
        "quarantined": len(loaded.quarantined),
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "valueInteger": count} for name, count in counts.items()
    ]
    return fhir(
        {
            "resourceType": "Parameters",
            "parameter": parameters + [_issue(entry) for entry in loaded.quarantined] + warnings,
        }
    )


@ROUTES.get("/$quarantine")
async def quarantine(service: ServiceDep, caller: CallerDep) -> Response:
    """Return what loads could not accept, with the entries as they came (base64)."""
    async with service.gate.enter(caller) as records:
        entries = await records.quarantined()
    parameters: list[dict[str, Any]] = [{"name": "total", "valueInteger": len(entries)}]
    for entry in entries:
        issue = _issue(entry)
        encoded = base64.b64encode(entry.body).decode()
        issue["part"].append({"name": "entry", "valueBase64Binary": encoded})
        parameters.append(issue)
    return fhir({"resourceType": "Parameters", "parameter": parameters})


def _issue(entry: Quarantined) -> dict[str, Any]:
    return {
        "name": "issue",
        "part": [
            {"name": "severity", "valueCode": "error"},
            {"name": "id", "valueId": entry.id},
            {"name": "source", "valueString": entry.source},
            {"name": "line", "valueInteger": entry.line},
            {"name": "at", "valueInstant": instant(entry.at)},
            *({"name": "reason", "valueString": reason} for reason in entry.reasons),
        ],
    }


def _warnings(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return an issue for each line that was kept although something about it is amiss.

    Private use characters (gaiji) were kept as they came; so was what breaks one of R4's rules on
    which elements go together.
    """
    return [_warning(line.number, words) for line in lines for words in _amiss(line)]


def _amiss(line: Line) -> Iterator[str]:
    if line.resource is None:
        return
    places = private_use_paths(line.resource) if may_hold_private_use(line.raw) else []
    if places:
        yield f"{', '.join(places[:WARNED_PLACES])}: private use characters were kept"
    yield from line.notes


def _warning(number: int, words: str) -> dict[str, Any]:
    return {
        "name": "issue",
        "part": [
            {"name": "severity", "valueCode": "warning"},
            {"name": "line", "valueInteger": number},
            {"name": "reason", "valueString": words},
        ],
    }


def _lines(raw: Sequence[bytes], first: int, types: frozenset[str]) -> list[Line]:
    return [_line(number, one, types) for number, one in enumerate(raw, start=first)]


def _line(number: int, raw: bytes, types: frozenset[str]) -> Line:
    hint = named = None
    try:
        resource = parse_resource(raw)
        hint, named = _owner_hint(resource), _named(resource)
        notes = _require_loadable(resource, types)
    except Faults as faults:
        reasons = tuple(_reason(fault) for fault in faults.faults)
        if any(isinstance(fault, MyNumberFault) for fault in faults.faults):
            raw = without_my_numbers(parse_resource(raw))  # not even what is put aside may hold it
        return Line(number, raw, None, reasons, hint, named)
    except Fault as fault:
        return Line(number, raw, None, (_reason(fault),), hint, named)
    return Line(number, raw, resource, notes=notes)


def _require_loadable(resource: Resource, types: frozenset[str]) -> tuple[str, ...]:
    """Refuse what cannot be read; return which rules the rest breaks."""
    if resource["resourceType"] not in types:
        raise Fault(Category.STRUCTURE, "this server has no such resource type")
    broken: tuple[Fault, ...] = ()
    try:
        require_valid(resource)
    except Faults as faults:
        if not all(isinstance(one, RuleFault) for one in faults.faults):
            raise
        broken = faults.faults
    if not isinstance(resource.get("id"), str):
        raise Fault(Category.STRUCTURE, "a resource of a load needs its source's id", at=("id",))
    return tuple(_reason(fault) for fault in broken)


def _reason(fault: Fault) -> str:
    return f"{', '.join(fault.at)}: {fault.message}" if fault.at else fault.message


def _named(resource: dict[str, Any]) -> tuple[str, str] | None:
    id_ = resource.get("id")
    return (resource["resourceType"], id_) if isinstance(id_, str) and is_id(id_) else None


def _owner_hint(resource: dict[str, Any]) -> tuple[str, str] | None:
    """Return whom a faulty entry seems to be about, so that their profile can say it is missing."""
    if resource.get("resourceType") == "Patient":
        return _named(resource)
    for element in ("subject", "patient", "beneficiary"):
        holder = resource.get(element)
        if isinstance(holder, dict) and isinstance(holder.get("reference"), str):
            reference = parse_reference(holder["reference"])
            if reference is not None and reference.type == "Patient" and reference.id:
                return ("Patient", reference.id)
    return None
