"""Doors asked for everything: what comes is what this caller may see of everybody, and no more."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from tests.access.doors import door
from tests.access.judging import found_in
from tests.access.person_doors import HOSPITALS, allowed, exported, whole
from tests.access.records import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx2
    from tests.access.judging import Visit
    from tests.access.records import Row

RESULTS = "Observation"
ASYNC = {"Prefer": "respond-async"}
_ENTRY = re.compile(r'"valueBase64Binary": *"([^"]+)"')


def planted(v: Visit, *types: str) -> list[Row]:
    """Return what is planted here of these types."""
    return [row for row in v.holder.rows if row.type in types]


def live(v: Visit, *types: str) -> list[Row]:
    """Return as much of it as was not deleted."""
    return [row for row in planted(v, *types) if not row.life.deleted]


@door("search of everybody", "all", "GET /{type_}")
async def search(v: Visit) -> None:
    for type_ in (RESULTS, "Condition", "Patient"):
        if type_ == "Patient":
            answer = await v.ask("GET", "Patient?birthdate=1950-01-01&_count=1000")
        else:
            answer = await v.ask("GET", f"{type_}?_count=1000")
        await _of(v, answer, type_)


async def _of(v: Visit, answer: httpx2.Response, *types: str) -> None:
    v.count(*planted(v, *types))
    if allowed(v, *types):
        v.require_rows(answer, v.seen(live(v, *types)))
    else:
        v.require(answer, 403)


@door("search of everybody, several types", "all", "GET /", "POST /_search")
async def several(v: Visit) -> None:
    types = (RESULTS, "Condition")
    await _of(v, await v.ask("GET", f"?_type={','.join(types)}&_count=1000"), *types)


@door("search of everybody, by pages", "all", "GET /{type_}")
async def pages(v: Visit) -> None:
    rows = live(v, RESULTS)
    v.count(*planted(v, RESULTS))
    found: list[str] = []
    for page in await v.pages(f"{RESULTS}?_count=40&_sort=date"):
        found += found_in(page)
        if page["total"] != len(v.seen(rows)):
            v.report("differs", f"total {page['total']} on a page")
    v.require_set(found, v.seen(rows), "pages")


@door("number of everybody", "all", "GET /{type_}")
async def number(v: Visit) -> None:
    rows = live(v, RESULTS)
    v.count(*planted(v, RESULTS))
    answer = await v.ask("GET", f"{RESULTS}?_summary=count")
    if allowed(v, RESULTS):
        v.require_rows(answer, [], len(v.seen(rows)))


@door("chain of everybody", "all", "GET /{type_}", holders=HOSPITALS)
async def chain(v: Visit) -> None:
    """Reports lead to results by what all results have in common."""
    rows = live(v, "DiagnosticReport")
    v.count(*planted(v, RESULTS))
    answer = await v.ask("GET", "DiagnosticReport?result.status=final&_count=1000")
    if not allowed(v, "DiagnosticReport", RESULTS):
        v.require(answer, 403)
        return
    if answer.status_code == 422:  # about too many people
        return
    led = [
        row
        for row in v.seen(rows)
        if v.seen([one for one in row.links["result"] if not one.life.deleted])
    ]
    v.require_rows(answer, led)


@door("_include for everybody", "all", "GET /{type_}")
async def include(v: Visit) -> None:
    rows = v.seen(live(v, "Condition"))
    owners = {row.person for row in rows}
    people = v.seen([row for row in live(v, "Patient") if row.person in owners])
    v.count(*planted(v, "Condition"))
    answer = await v.ask("GET", "Condition?_count=1000&_include=Condition:patient")
    if allowed(v, "Condition"):
        v.require_rows(answer, [*rows, *people], len(rows))


@door("_revinclude for everybody", "all", "GET /{type_}")
async def revinclude(v: Visit) -> None:
    people = v.seen(live(v, "Patient"))
    owners = {row.person for row in people}
    rows = v.seen([row for row in live(v, "Condition") if row.person in owners])
    v.count(*planted(v, "Condition"))
    query = "Patient?birthdate=1950-01-01&_count=1000&_revinclude=Condition:patient"
    answer = await v.ask("GET", query)
    if allowed(v, "Patient"):
        v.require_rows(answer, [*people, *rows], len(people))


@door("what is about nobody", "all", "GET /{type_}", holders=HOSPITALS)
async def common(v: Visit) -> None:
    v.count(*v.holder.common)
    for type_ in ("Organization", "Medication"):
        await _of(v, await v.ask("GET", type_), type_)


@door("history of a type", "all", "GET /{type_}/_history")
async def history_of_type(v: Visit) -> None:
    for type_ in (RESULTS, "Condition"):
        rows = [row for row in v.holder.rows if row.type == type_]
        await _history(v, f"{type_}/_history?_count=150", rows, scoped=allowed(v, type_))


@door("history of everything", "all", "GET /_history")
async def history_of_all(v: Visit) -> None:
    resident = v.asker.caller.own is not None  # whose histories are of one record
    rows = [row for row in v.holder.rows if row.person is not None or not resident]
    scoped = any(allowed(v, row.type) for row in rows)
    await _history(v, "_history?_count=900", rows, scoped=scoped)


async def _history(v: Visit, path: str, rows: Sequence[Row], *, scoped: bool) -> None:
    v.count(*rows)
    if not scoped:
        v.require(await v.ask("GET", path), 403)
        return
    pages_ = await v.pages(path)
    if not pages_:
        v.report("missing", f"{path} is refused")
    if any("total" in page for page in pages_):
        v.report("differs", f"{path} has a total")
    found = [
        f"{one['fullUrl'].removeprefix(v.holder.base + '/')}/{one['response']['etag']}"
        for page in pages_
        for one in page.get("entry", ())
    ]
    shown = v.seen(rows, -1)
    wanted = {
        f'{row.path}/W/"{version}"': row
        for row in shown
        for version in range(1, len(row.life.versions) + row.life.deleted + 1)
    }
    for name in wanted.keys() - set(found):
        v.report("missing", f"{name} in {path}", wanted[name])
    for name in set(found) - wanted.keys():
        v.report("differs", f"{name} too in {path}")


@door("$meta of a type", "all", "GET /{type_}/$meta", "POST /{type_}/$meta")
async def meta_of_type(v: Visit) -> None:
    answer = await v.ask(_one_of(v, "GET", "POST"), f"{RESULTS}/$meta")
    await _tags(v, answer, planted(v, RESULTS), RESULTS)


@door("$meta of everything", "all", "GET /$meta", "POST /$meta")
async def meta_of_all(v: Visit) -> None:
    await _tags(v, await v.ask(_one_of(v, "GET", "POST"), "$meta"), v.holder.rows)


def _one_of(v: Visit, *methods: str) -> str:
    """Return a method, each in turn: they are answered alike, and much is looked at for each."""
    return methods[v.judge.requests % len(methods)]


async def _tags(v: Visit, answer: httpx2.Response, rows: list[Row], *types: str) -> None:
    """The tags of what may be seen are there; labels that only hidden ones carry are not."""
    v.count(*rows)
    if not allowed(v, *types):
        v.require(answer, 403)
        return
    if not v.require(answer, 200):
        return
    seen = v.seen(row for row in rows if not row.life.deleted)
    found = set(re.findall(MARK, answer.text))
    for row in seen:
        if row.tag(len(row.life.versions)) not in found:
            v.report("missing", f"the tag of {row.path} in $meta", row)
    (meta,) = [one["valueMeta"] for one in answer.json().get("parameter", ())] or [{}]
    told = {one["code"] for one in (*meta.get("security", ()), *meta.get("tag", ()))} - found
    allowed_labels = {
        code
        for row in seen
        for code in (
            *row.last.levels,
            *(code for _, code in row.last.kinds),
            *row.last.untold,
            *row.last.untold_as_label,
        )
    }
    if told != allowed_labels:
        v.report("differs", f"labels {told}, not {allowed_labels}, in $meta")


EXPORTS = (
    "GET /$export/{job}",
    "GET /$export/{job}/{file}",
    "DELETE /$export/{job}",
)


@door("$export", "all", "GET /$export", "POST /$export", *EXPORTS)
async def export(v: Visit) -> None:
    answer = await v.ask("GET", "$export", headers=ASYNC)
    if v.asker.caller.own is not None:  # theirs is `Patient/$export`
        v.count(*v.holder.rows)
        v.require(answer, 403)
    else:
        await _export(v, answer, v.holder.rows)


@door("$export of people", "all", "GET /Patient/$export", "POST /Patient/$export", *EXPORTS)
async def export_of_people(v: Visit) -> None:
    path = "Patient/$export?_type=Observation,Condition"
    rows = planted(v, RESULTS, "Condition")
    await _export(v, await v.ask("GET", path, headers=ASYNC), rows, RESULTS, "Condition")


async def _export(v: Visit, answer: httpx2.Response, rows: Sequence[Row], *types: str) -> None:
    v.count(*rows)
    lines = await exported(v, answer)
    if v.asker.purpose in ("ETREAT", "BTG", "DISASTER") or not allowed(v, *types):
        v.require(answer, 403)
    elif lines is not None:
        found = [f"{one['resourceType']}/{one['id']}" for one in lines]
        shown = [row for row in v.seen(rows) if not row.life.deleted]
        v.require_set(found, shown, "an export")
    elif v.asker.caller.role == "proxy" and not v.seen(rows):
        v.require(answer, 403)
    else:
        v.report("missing", f"an export: {answer.status_code} {answer.text[:200]}")
    if answer.status_code == 202:
        await v.ask("DELETE", answer.headers["content-location"])


@door("$changes", "all", "GET /$changes")
async def changes(v: Visit) -> None:
    """The feed names what changed, to those who may follow it; never a content."""
    v.count(*v.holder.rows)
    world, base = v.world, f"{v.holder.base}/$changes"
    headers = {"Authorization": f"Bearer {world.token(v.asker)}"}
    answer = await world.http.get(base, headers=headers)
    if "tasuki/feed" not in v.asker.caller.scope:
        v.require(answer, 403)
    for mark in set(MARK.findall(answer.text)):
        held = world.by_mark.get(mark)
        if held and (mark != held[1].id or held[0] is not v.holder or answer.status_code != 200):
            v.report("leak", f"{mark} in the feed", held[1])


@door("$quarantine", "all", "GET /$quarantine")
async def quarantine(v: Visit) -> None:
    """For whoever may load here: the hospitals of the region."""
    v.count(*v.holder.rows)
    answer = await v.ask("GET", "$quarantine")
    loads = v.asker.caller.role == "hospital" and v.asker.region == v.holder.name
    loads = loads and whole(v, "Bundle")
    if not loads:
        v.require(answer, 403, 404)
    entries = [base64.b64decode(one).decode() for one in _ENTRY.findall(answer.text)]
    told = {name for name, one in v.world.holders.items() if one.rejected in " ".join(entries)}
    if told != ({v.holder.name} if loads else set()):
        v.report("leak" if told else "missing", f"quarantine of {told}")


@door("$disclosures", "all", "GET /$disclosures")
async def disclosures(v: Visit) -> None:
    """Who looked: for a service alone; nothing names what a person was not told, or anybody else."""
    person = v.holder.people[0]
    v.count(*person.rows)
    tokens = await v.world.tokens_of(person)
    headers = {"Authorization": f"Bearer {v.world.token(v.asker)}"}
    url = f"{v.holder.base}/$disclosures?token={tokens[0]}"
    answer = await v.world.http.get(url, headers=headers)
    if v.asker.caller.role != "service" or v.asker.caller.purpose != "HOPERAT":
        v.require(answer, 403, 404)
    known: set[str] = set()
    if answer.status_code == 200:
        known = {row.id for row in person.rows if not _untold(row)}
        # Who is looked at in a Group is told so, by its id (ADR 20).
        known |= {row.id for row in v.holder.common if person in row.members}
    for mark in set(MARK.findall(answer.text)) - known:
        held = v.world.by_mark.get(mark)
        if held is not None:
            v.report("leak", f"{mark} in $disclosures", held[1])


def _untold(row: Row) -> bool:
    said = row.last
    return bool(said.untold or said.untold_as_label) or any(_untold(one) for one in row.about)
