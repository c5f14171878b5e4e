"""transaction and batch.

https://hl7.org/fhir/R4/http.html#transaction
R4's order is kept: DELETE, POST, PUT, GET. References between entries are rewritten to the ids the
server assigns; a reference to something that is neither in the Bundle nor here fails the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.writing import instant
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.outcome import outcome
from tasuki.shared.fhir.references import parse_reference, rewritten, walk_references
from tasuki.shared.rest.answers import bundle, etag, fhir
from tasuki.shared.rest.bodies import (
    made_relative,
    require_acceptable,
    require_valid,
    resource_body,
)
from tasuki.shared.rest.conditions import version_in
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.records import Stored
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as asked for.

    Attributes:
        index: 0-based place in the Bundle.
        id: What the URL names, or the id assigned to a POST.
    """

    index: int
    method: str
    type: str
    id: str
    full_url: str
    if_match: int | None
    resource: Resource | None


@ROUTES.post("/")
async def bundle_of_requests(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Do the requests of a transaction or batch Bundle."""
    require_acceptable(request)
    body = await resource_body(request, service.max_body)
    if body["resourceType"] != "Bundle" or body.get("type") not in ("transaction", "batch"):
        raise Fault(
            Category.INVALID, "the body must be a Bundle of type transaction or batch", at=("type",)
        )
    given = body.get("entry", [])
    if not isinstance(given, list):
        raise Fault(Category.INVALID, "Bundle.entry must be an array", at=("Bundle.entry",))
    if len(given) > service.max_entries:
        raise Fault(
            Category.TOO_LARGE, f"a Bundle may have {service.max_entries:,} entries at most"
        )
    if body["type"] == "transaction":
        return await _transaction(service, caller, given)
    return await _batch(service, caller, given)


async def _transaction(service: FhirService, caller: Caller, given: list[Any]) -> Response:
    entries = [_entry(service, index, one) for index, one in enumerate(given)]
    _require_distinct(entries)
    assigned = {entry.full_url: f"{entry.type}/{entry.id}" for entry in entries if entry.full_url}
    answers: dict[int, dict[str, Any]] = {}
    async with service.gate.enter(caller) as records:
        known = {f"{entry.type}/{entry.id}" for entry in entries if entry.method == "POST"}
        for entry in sorted(entries, key=_turn):
            ready = await _linked(records, service, entry, assigned, known)
            answers[entry.index] = await _done(records, service, entry, ready)
    return fhir(bundle("transaction-response", [answers[entry.index] for entry in entries]))


async def _batch(service: FhirService, caller: Caller, given: list[Any]) -> Response:
    answers: dict[int, dict[str, Any]] = {}
    readable: list[Entry] = []
    for index, one in enumerate(given):
        try:
            readable.append(_entry(service, index, one))
        except Fault as fault:
            answers[index] = _failed(fault)
    for entry in sorted(readable, key=_turn):
        try:
            async with service.gate.enter(caller) as records:
                ready = await _linked(records, service, entry, {}, set())
                answers[entry.index] = await _done(records, service, entry, ready)
        except Fault as fault:
            answers[entry.index] = _failed(fault)
    return fhir(bundle("batch-response", [answers[index] for index in range(len(given))]))


def _turn(entry: Entry) -> tuple[int, int, int]:
    # Among creations, people come first: others need their subject to be there. What belongs to
    # somebody through other resources comes last.
    rank = {"Patient": 0, "Provenance": 2, "Binary": 2}.get(entry.type, 1)
    return ORDER[entry.method], rank, entry.index


def _entry(service: FhirService, index: int, given: object) -> Entry:
    at = f"Bundle.entry[{index}]"
    request = given.get("request") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(request, dict):
        raise Fault(Category.INVALID, "every entry needs a request", at=(f"{at}.request",))
    method, url = request.get("method"), str(request.get("url", ""))
    if not isinstance(method, str) or method not in ORDER:
        raise Fault(
            Category.NOT_SUPPORTED,
            "request.method must be GET, POST, PUT or DELETE",
            at=(f"{at}.request.method",),
        )
    for condition in ("ifNoneMatch", "ifModifiedSince", "ifNoneExist"):
        if condition in request:
            raise Fault(
                Category.NOT_SUPPORTED,
                f"{condition} in a Bundle is not supported yet",
                at=(f"{at}.request.{condition}",),
            )
    type_, _, id_ = url.removeprefix(f"{service.base_url}/").partition("/")
    if type_ not in service.types or bool(id_) == (method == "POST") or "/" in id_ or "?" in url:
        raise Fault(
            Category.NOT_SUPPORTED,
            "request.url must be Type for POST and Type/id for the others",
            at=(f"{at}.request.url",),
        )
    if_match = request.get("ifMatch")
    if not isinstance(if_match, (str, NoneType)):
        raise Fault(Category.INVALID, "ifMatch must be an ETag", at=(f"{at}.request.ifMatch",))
    resource = _resource(service, given, method, type_, at)
    return Entry(
        index=index,
        method=method,
        type=type_,
        id=id_ or service.ids.new(),
        full_url=str(given.get("fullUrl", "")),
        if_match=version_in(if_match),
        resource=resource,
    )


def _resource(
    service: FhirService, given: dict[str, Any], method: str, type_: str, at: str
) -> Resource | None:
    if method not in ("POST", "PUT"):
        return None
    resource = given.get("resource")
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        raise Fault(Category.INVALID, f"the entry needs a {type_}", at=(f"{at}.resource",))
    try:
        require_valid(resource, service.binding_checks)
    except Faults as faults:
        raise Faults(
            tuple(
                Fault(
                    fault.category, fault.message, at=tuple(f"{at}.resource: {a}" for a in fault.at)
                )
                for fault in faults.faults
            )
        ) from faults
    return resource


def _require_distinct(entries: list[Entry]) -> None:
    full_urls = [entry.full_url for entry in entries if entry.full_url]
    targets = [(e.type, e.id) for e in entries if e.method in ("PUT", "DELETE")]
    if len(set(full_urls)) < len(full_urls) or len(set(targets)) < len(targets):
        raise Fault(
            Category.INVALID, "two entries of a transaction name the same resource", at=("entry",)
        )


async def _linked(
    records: Records,
    service: FhirService,
    entry: Entry,
    assigned: dict[str, str],
    known: set[str],
) -> Resource | None:
    """Return the entry's resource with references to other entries rewritten, none dangling."""
    if entry.resource is None:
        return None
    # A relative reference is read against the fullUrl of its own entry:
    # https://hl7.org/fhir/R4/bundle.html#references
    root = entry.full_url.rpartition("/")[0].rpartition("/")[0]
    resource = rewritten(
        entry.resource, lambda text: assigned.get(text) or assigned.get(f"{root}/{text}")
    )
    resource = made_relative(resource, service.base_url)
    wanted: list[tuple[str, str]] = []
    for path, holder in walk_references(resource):
        reference = parse_reference(str(holder["reference"]))
        if reference is None or not reference.type or not reference.id:
            raise Fault(
                Category.STRUCTURE,
                "a reference leads nowhere: it is neither in the Bundle nor on this server",
                at=(f"Bundle.entry[{entry.index}].resource.{path}",),
            )
        local = reference.base in (None, service.base_url)
        if local and f"{reference.type}/{reference.id}" not in known:
            wanted.append((reference.type, reference.id))
    if not await records.all_exist(wanted):
        raise Fault(
            Category.STRUCTURE,
            "a reference leads nowhere: it is neither in the Bundle nor on this server",
            at=(f"Bundle.entry[{entry.index}].resource",),
        )
    return resource


async def _done(
    records: Records, service: FhirService, entry: Entry, resource: Resource | None
) -> dict[str, Any]:
    if entry.method == "DELETE":
        await records.delete(entry.type, entry.id, if_match=entry.if_match)
        return {"response": {"status": "204"}}
    if entry.method == "GET" or resource is None:
        found = await records.read(entry.type, entry.id)
        return {
            "resource": parse_resource(found.body or b"{}"),
            "response": _response("200", found),
        }
    if entry.method == "POST":
        made = await records.create(resource, id_=entry.id)
        location = f"{entry.type}/{made.id}/_history/{made.version}"
        return {
            "fullUrl": f"{service.base_url}/{entry.type}/{made.id}",
            "response": {**_response("201", made), "location": location},
        }
    if resource.get("id") != entry.id:
        raise Fault(
            Category.INVALID,
            "the id of the resource is not the id in request.url",
            at=(f"Bundle.entry[{entry.index}].resource.id",),
        )
    made = await records.update(entry.id, resource, if_match=entry.if_match)
    return {"response": _response("200", made)}


def _response(status: str, stored: Stored) -> dict[str, str]:
    return {"status": status, "etag": etag(stored), "lastModified": instant(stored.at)}


def _failed(fault: Fault) -> dict[str, Any]:
    parts = fault.faults if isinstance(fault, Faults) else (fault,)
    return {"response": {"status": str(STATUS[fault.category]), "outcome": outcome(*parts)}}
