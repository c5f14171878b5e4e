"""Bulk `$export`: order, ask how far it is, fetch the files, cancel.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.exports.jobs import Job, State
from tasuki.shared.access.exports.orders import EMERGENCY
from tasuki.shared.access.writing import instant
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.fhir.outcome import outcome
from tasuki.shared.rest.answers import NO_STORE, fhir
from tasuki.shared.rest.exports.parameters import order_of
from tasuki.shared.rest.exports.searches import may_come_later, told
from tasuki.shared.rest.exports.work import produce
from tasuki.shared.rest.jobs import Jobs
from tasuki.shared.rest.prefer import asynchronous
from tasuki.shared.rest.resources import require_place
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.searchset import Asked

ROUTES = APIRouter()
RETRY_SECONDS = "2"
NDJSON = "application/fhir+ndjson"
_JOB = re.compile(r"[0-9a-f-]{36}")
_FILE = re.compile(r"[1-9][0-9]{0,6}")


def jobs_of(request: Request) -> Jobs:
    """Return the jobs of the request's app."""
    jobs: Jobs = request.app.state.jobs
    return jobs


@ROUTES.get("/$export")
@ROUTES.post("/$export")
async def export(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Order an export of all that this caller may see."""
    return await _ordered(request, service, caller, people_only=False)


@ROUTES.get("/Patient/$export")
@ROUTES.post("/Patient/$export")
async def export_patients(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Order an export of people's records; by POST, of the people named."""
    return await _ordered(request, service, caller, people_only=True)


@ROUTES.get("/Group/{id_}/$export")
@ROUTES.post("/Group/{id_}/$export")
async def export_group(
    id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Order an export of the records of those members of a Group that this caller may read."""
    require_place(service, "Group", id_)
    return await _ordered(request, service, caller, people_only=True, group=id_)


async def _ordered(
    request: Request,
    service: FhirService,
    caller: Caller,
    *,
    people_only: bool,
    group: str | None = None,
) -> Response:
    order = await order_of(request, service, people_only=people_only, group=group)
    now = service.clock.now()
    # As precise as it will be written, so that the next `_since` is this very moment.
    until = now.replace(microsecond=now.microsecond // 1000 * 1000)
    async with service.gate.enter(caller) as records:
        job = await records.order_export(order, service.types, until)
    return _accepted(request, service, caller, job)


async def answer_later(
    request: Request, service: FhirService, caller: Caller, asked: Asked
) -> Response | None:
    """Take a search up to be answered from another place; None where that was not asked for.

    Emergency access and parts of resources are answered at once, as R4 leaves to a server.
    https://hl7.org/fhir/R4/async.html
    """
    at_once = caller.principal.purpose in EMERGENCY or not asynchronous(request)
    if at_once or not may_come_later(service, asked):
        return None
    url = f"{service.base_url}/{asked.path}?{urlencode(asked.pairs)}"
    now = service.clock.now()
    async with service.gate.enter(caller) as records:
        job = await records.order_search(url, asked.types, told(asked), now)
    return _accepted(request, service, caller, job)


def _accepted(request: Request, service: FhirService, caller: Caller, job: Job) -> Response:
    _go_on(request, service, caller, job)
    headers = {**NO_STORE, "Content-Location": f"{service.base_url}/$export/{job.id}"}
    return Response(status_code=202, headers=headers)


@ROUTES.get("/$export/{job}")
async def export_status(
    job: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return how far an export is (202), its manifest (200), or why it failed (500)."""
    _require_job(job)
    async with service.gate.enter(caller) as records:
        found = await records.export_job(job)
    if found.state is State.FAILED:
        answer = fhir(outcome(Fault(Category.UNAVAILABLE, found.failure)))
        answer.status_code = 500
        return answer
    if found.state is State.DONE:
        headers = {**NO_STORE, "Expires": format_datetime(found.ends, usegmt=True)}
        body = render(_manifest(found, service.base_url))
        return Response(content=body, media_type="application/json", headers=headers)
    if found.abandoned(service.clock.now()):
        _go_on(request, service, caller, found)
    return Response(
        status_code=202,
        headers={**NO_STORE, "X-Progress": _progress(found), "Retry-After": RETRY_SECONDS},
    )


@ROUTES.delete("/$export/{job}")
async def cancel_export(
    job: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Cancel an export, or let its files go."""
    _require_job(job)
    async with service.gate.enter(caller) as records:
        await records.forget_export(job)
    await jobs_of(request).stop(job)
    return Response(status_code=202, headers=NO_STORE)


@ROUTES.get("/$export/{job}/{file}")
async def export_file(job: str, file: str, service: ServiceDep, caller: CallerDep) -> Response:
    """Return a file, ruled on again: what may no longer be seen is not in it."""
    _require_job(job)
    if _FILE.fullmatch(file) is None:
        raise _no_such_export()
    async with service.gate.enter(caller) as records:
        lines = await records.export_file(job, int(file))
    return Response(content=lines, media_type=NDJSON, headers=NO_STORE)


def _go_on(request: Request, service: FhirService, caller: Caller, job: Job) -> None:
    jobs = jobs_of(request)
    jobs.start(job.id, partial(produce, service, caller, job.id, jobs.gap))


def _require_job(id_: str) -> None:
    if _JOB.fullmatch(id_) is None:
        raise _no_such_export()


def _no_such_export() -> Fault:
    return Fault(Category.NOT_FOUND, "no such resource")


def _progress(job: Job) -> str:
    if job.state is State.WAITING:
        return "waiting for what is being written"
    return f"{job.place} of {len(job.types)} types"


def _manifest(job: Job, base: str) -> dict[str, Any]:
    """Return the manifest; without counts, since a line may be held back when a file is fetched."""
    listed: dict[str, list[dict[str, str]]] = {"output": [], "deleted": [], "error": []}
    for number, (kind, type_) in enumerate(job.files, start=1):
        url = f"{base}/$export/{job.id}/{number}"
        listed[kind].append({"type": "Bundle" if kind == "deleted" else type_, "url": url})
    return {
        "transactionTime": instant(job.until),
        "request": job.request,
        "requiresAccessToken": True,
        **listed,
    }
