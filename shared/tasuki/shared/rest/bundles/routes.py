"""transaction and batch.

https://hl7.org/fhir/R4/http.html#transaction

R4's order is kept: DELETE, POST, PUT and PATCH, GET. Conditions are looked at before all of them,
so that entries which end at the same resource are seen before anything is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.proposals import Proposed
from tasuki.shared.access.subjects import placed
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.bodies import require_acceptable, resource_body
from tasuki.shared.rest.bundles.answers import Room, deleted_answer, failed_answer, written_answer
from tasuki.shared.rest.bundles.entries import READING, WRITING, read_entry
from tasuki.shared.rest.bundles.links import Links
from tasuki.shared.rest.bundles.reads import read_for
from tasuki.shared.rest.bundles.targets import find_targets
from tasuki.shared.rest.patches import patch_in_bundle, patching
from tasuki.shared.rest.prefer import Wanted, wanted
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.bundles.entries import Entry
    from tasuki.shared.rest.bundles.targets import Target

ROUTES = APIRouter()

Answers = dict[int, dict[str, Any]]
"""By the index of the entry."""


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
    do = _transaction if body["type"] == "transaction" else _batch
    answers = await do(service, caller, given, wanted(request))
    kind = f"{body['type']}-response"
    return fhir(bundle(kind, [answers[index] for index in range(len(given))]))


async def _transaction(
    service: FhirService, caller: Caller, given: list[Any], asked: Wanted | None
) -> Answers:
    entries = [read_entry(service, index, one) for index, one in enumerate(given)]
    async with service.gate.enter(caller) as records:
        return await _done(records, service, entries, asked, Room())


async def _batch(
    service: FhirService, caller: Caller, given: list[Any], asked: Wanted | None
) -> Answers:
    """Do each entry as a transaction of its own."""
    answers: Answers = {}
    readable: list[Entry] = []
    room = Room()
    for index, one in enumerate(given):
        try:
            readable.append(read_entry(service, index, one))
        except Fault as fault:
            answers[index] = failed_answer(fault)
    for entry in sorted(readable, key=_turn):
        try:
            async with service.gate.enter(caller) as records:
                answers.update(await _done(records, service, [entry], asked, room))
        except Fault as fault:
            answers[entry.index] = failed_answer(fault)
    return answers


def _turn(entry: Entry) -> tuple[int, int]:
    """Return when an entry of a batch is done."""
    order = (*WRITING, *sorted(READING))
    return order.index(entry.method), entry.index


async def _done(
    records: Records,
    service: FhirService,
    entries: Sequence[Entry],
    asked: Wanted | None,
    room: Room,
) -> Answers:
    """Do these entries, all or nothing, and return their answers."""
    writing = [entry for entry in entries if entry.method in WRITING]
    targets = await find_targets(records, service.ids, writing)
    answers = await _deleted(records, targets, asked)
    written = await _written(records, service, targets, asked)
    answers.update({index: room.for_write(one) for index, one in sorted(written.items())})
    for entry in entries:
        if entry.method in READING:
            with placed(entry.place):
                answers[entry.index] = room.for_read(await read_for(records, service, entry))
    return answers


async def _deleted(records: Records, targets: Sequence[Target], asked: Wanted | None) -> Answers:
    answers: Answers = {}
    deletions = [target for target in targets if target.entry.method == "DELETE"]
    # People last: a Patient goes only when nothing is left that refers to them.
    for target in sorted(deletions, key=lambda target: target.entry.type == "Patient"):
        gone = None
        if target.id:
            with placed(target.entry.place):
                gone = await records.delete(*target.key, if_match=target.entry.if_match)
        answers[target.entry.index] = deleted_answer(gone, asked)
    return answers


async def _written(
    records: Records, service: FhirService, targets: Sequence[Target], asked: Wanted | None
) -> Answers:
    base = service.base_url
    answers: Answers = {}
    for target in targets:
        if target.is_kept and target.found is not None:
            answers[target.entry.index] = written_answer(target.found, base, asked, status=200)
    todo = [one for one in targets if one.entry.method != "DELETE" and not one.is_kept]
    sent = {one.key: one.entry for one in todo if one.entry.method != "PATCH"}
    linked = await Links(service, targets).linked(records, sent)
    proposed = [_proposed(service, one, linked) for one in todo]
    written = await records.write_all(proposed) if proposed else []
    for target, made in zip(todo, written, strict=True):
        status = 201 if target.is_new else 200
        answers[target.entry.index] = written_answer(made, base, asked, status=status)
    return answers


def _proposed(
    service: FhirService, target: Target, linked: dict[tuple[str, str], Resource]
) -> Proposed:
    entry = target.entry
    if entry.method == "PATCH" and entry.resource is not None:
        with placed(f"{entry.place}.resource"):
            change = patching(service, patch_in_bundle(entry.resource))
        return Proposed.patch(target.key, change, if_match=entry.if_match, place=entry.place)
    resource = linked[target.key]
    if target.is_new:
        return Proposed.creation(resource, target.id, place=entry.place)
    if entry.query is None and resource.get("id") != target.id:
        raise Fault(
            Category.INVALID,
            "the id of the resource is not the id in request.url",
            at=(f"{entry.place}.resource.id",),
        )
    return Proposed.update(resource, target.id, if_match=entry.if_match, place=entry.place)
