"""Doors asked for one resource by its id, or by something only who sees it could know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.access.doors import door, no_writer
from tests.access.judging import NEVER, NO_MARK, found_in
from tests.access.records import SYSTEM
from tests.access.reference import Verdict

if TYPE_CHECKING:
    import httpx2
    from tests.access.judging import Visit

SINCE = "Fri, 01 Jan 2100 00:00:00 GMT"


async def _by_id(v: Visit, method: str, tail: str = "", version: int = 0, **more: Any) -> bool:
    """Ask for the visit's row by id and judge the answer; tell whether it may be seen and is."""
    row = v.row
    answer = await v.ask(method, f"{row.type}/{row.id}{tail}", **more)
    v.count(row)
    told = v.judge.verdict(v.asker, row, version)
    if told is Verdict.SEEN:
        deleted = row.life.deleted and version == 0
        return v.require(answer, 410 if deleted else 304 if _is_condition(more) else 200) and (
            not deleted and _shows(v, answer, version)
        )
    if told is Verdict.CLOSED:
        v.require(answer, 403)
        return False
    absent = await v.absent(row.type, method, f"{row.type}/{NEVER}{tail}", **more)
    v.require_like(answer, absent, row.id)
    return False


def _is_condition(more: dict[str, Any]) -> bool:
    return any(name.lower().startswith("if-") for name in more.get("headers", {}))


def _shows(v: Visit, answer: httpx2.Response, version: int) -> bool:
    """Report an answer that should show the row, and does not; only bodies can."""
    number = version if version > 0 else len(v.row.life.versions)
    if answer.content and v.row.tag(number) not in answer.text:
        v.report("missing", f"{v.row.path} in {answer.text[:200]}")
    return True


@door("read", "row", "GET /{type_}/{id_}")
async def read(v: Visit) -> None:
    await _by_id(v, "GET")


@door("read a part", "row", "GET /{type_}/{id_}")
async def read_a_part(v: Visit) -> None:
    await _by_id(v, "GET", "?_elements=identifier,meta")


@door("read a summary", "row", "GET /{type_}/{id_}")
async def read_a_summary(v: Visit) -> None:
    await _by_id(v, "GET", "?_summary=true")


@door("HEAD", "row", "GET /{type_}/{id_}")
async def head(v: Visit) -> None:
    await _by_id(v, "HEAD")


@door("read if changed", "row", "GET /{type_}/{id_}")
async def read_if_changed(v: Visit) -> None:
    etags = 'W/"1", W/"2"' if not v.row.life.deleted else 'W/"9"'
    await _by_id(v, "GET", headers={"If-None-Match": etags})


@door("read if newer", "row", "GET /{type_}/{id_}")
async def read_if_newer(v: Visit) -> None:
    await _by_id(v, "GET", headers={"If-Modified-Since": SINCE})


@door("vread", "row", "GET /{type_}/{id_}/_history/{version}")
async def vread(v: Visit) -> None:
    for number in range(1, len(v.row.life.versions) + 1):
        await _by_id(v, "GET", f"/_history/{number}", number)


@door("history of one", "row", "GET /{type_}/{id_}/_history")
async def history(v: Visit) -> None:
    await _by_id(v, "GET", "/_history", -1)


@door("history of one, by pages", "row", "GET /{type_}/{id_}/_history")
async def history_by_pages(v: Visit) -> None:
    row = v.row
    if not await _by_id(v, "GET", "/_history?_count=9", -1):
        return
    pages = await v.pages(f"{row.path}/_history?_count=1")
    versions = [entry["response"]["etag"] for page in pages for entry in page["entry"]]
    made = len(row.life.versions) + row.life.deleted
    if versions != [f'W/"{number}"' for number in range(made, 0, -1)] or {
        page["total"] for page in pages
    } != {made}:
        v.report("missing", f"versions {versions} of {row.path}")


@door("$meta of one", "row", "GET /{type_}/{id_}/$meta", "POST /{type_}/{id_}/$meta")
async def meta(v: Visit) -> None:
    await _by_id(v, "GET", "/$meta")
    await _by_id(v, "POST", "/$meta")


@door("$validate of one", "row", "GET /{type_}/{id_}/$validate")
async def validate(v: Visit) -> None:
    await _asked_about(v, "GET", "/$validate")


@door("may it be deleted", "row", "GET /{type_}/{id_}/$validate", callers=no_writer)
async def may_be_deleted(v: Visit) -> None:
    await _like_absent(v, "GET", "/$validate?mode=delete")


@door("may it be changed", "row", "POST /{type_}/{id_}/$validate", callers=no_writer)
async def may_be_changed(v: Visit) -> None:
    await _like_absent(v, "POST", "/$validate?mode=update", json=_further(v))


async def _asked_about(v: Visit, method: str, tail: str) -> None:
    """As `_by_id`, of an answer that says nothing of the content."""
    row = v.row
    answer = await v.ask(method, f"{row.path}{tail}")
    v.count(row)
    told = v.judge.verdict(v.asker, row)
    if told is Verdict.SEEN:
        v.require(answer, 410 if row.life.deleted else 200)
    elif told is Verdict.CLOSED:
        v.require(answer, 403)
    else:
        v.require_like(
            answer, await v.absent(row.type, method, f"{row.type}/{NEVER}{tail}"), row.id
        )


async def _like_absent(v: Visit, method: str, tail: str = "", **more: Any) -> None:
    """Ask for what this caller may not do; only who sees the row may notice that it is there."""
    row = v.row
    answer = await v.ask(method, f"{row.path}{tail}", **more)
    v.count(row)
    if v.judge.verdict(v.asker, row) is Verdict.HIDDEN:
        body = {name: _never(value) for name, value in more.items()}
        absent = await v.absent(row.type, method, f"{row.type}/{NEVER}{tail}", **body)
        v.require_like(answer, absent, row.id)
    else:
        v.require(answer, 200, 403, 410)


def _never(value: Any) -> Any:
    return {**value, "id": NEVER} if isinstance(value, dict) and "id" in value else value


def _further(v: Visit) -> dict[str, Any]:
    """Return a body that could be the row's next version."""
    body = {
        "resourceType": v.row.type,
        "id": v.row.id,
        "subject": {"reference": f"Patient/{v.person.id}"},
        "code": {"text": "x"},
    }
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    status = {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}
    return {**body, **({"status": "final"} if v.row.type == "Observation" else status)}


@door("update", "row", "PUT /{type_}/{id_}", callers=no_writer)
async def update(v: Visit) -> None:
    await _like_absent(v, "PUT", json=_further(v))


@door("update of a version", "row", "PUT /{type_}/{id_}", callers=no_writer)
async def update_of_a_version(v: Visit) -> None:
    await _like_absent(v, "PUT", json=_further(v), headers={"If-Match": 'W/"7"'})


@door("patch", "row", "PATCH /{type_}/{id_}", callers=no_writer)
async def patch(v: Visit) -> None:
    change = b'[{"op": "test", "path": "/status", "value": "final"}]'
    headers = {"Content-Type": "application/json-patch+json"}
    await _like_absent(v, "PATCH", content=change, headers=headers)


@door("delete", "row", "DELETE /{type_}/{id_}", callers=no_writer)
async def delete(v: Visit) -> None:
    await _like_absent(v, "DELETE")


@door(
    "$meta-add",
    "row",
    "POST /{type_}/{id_}/$meta-add",
    "POST /{type_}/{id_}/$meta-delete",
    callers=no_writer,
)
async def meta_add(v: Visit) -> None:
    given = {"tag": [{"system": "urn:x", "code": "x"}]}
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": given}]}
    await _like_absent(v, "POST", "/$meta-add", json=body)
    await _like_absent(v, "POST", "/$meta-delete", json=body)


@door("transaction that reads", "row", "POST /")
async def transaction(v: Visit) -> None:

    def reading(path: str) -> dict[str, Any]:
        entry = {"request": {"method": "GET", "url": path}}
        return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}

    answer = await v.ask("POST", "", json=reading(v.row.path))
    v.count(v.row)
    told = v.judge.verdict(v.asker, v.row)
    if told is Verdict.SEEN:
        v.require(answer, 410 if v.row.life.deleted else 200)
    elif told is Verdict.CLOSED:
        v.require(answer, 403)
    else:
        never = reading(f"{v.row.type}/{NEVER}")
        v.require_like(answer, await v.absent(v.row.type, "POST", "", json=never), v.row.id)


@door("search by identifier", "row", "GET /{type_}", "POST /{type_}/_search")
async def by_identifier(v: Visit) -> None:
    await _probe(v, f"identifier={SYSTEM}|{{}}", v.row.identifier)
    await _probe(v, "identifier={}", v.row.identifier, post=True)


@door("search by tag", "row", "GET /{type_}")
async def by_tag(v: Visit) -> None:
    await _probe(v, "_tag=urn:mark|{}", v.row.tag(len(v.row.life.versions)))


@door("search by id", "row", "GET /{type_}")
async def by_id(v: Visit) -> None:
    await _probe(v, "_id={}", v.row.id)


@door("number found", "row", "GET /{type_}")
async def number_found(v: Visit) -> None:
    """`_summary=count` and `_count=0`."""
    shown = bool(v.seen([v.row])) and not v.row.life.deleted
    for more in ("_summary=count", "_count=0"):
        answer = await v.ask("GET", f"{v.row.type}?identifier={v.row.identifier}&{more}")
        if answer.status_code == 200 and answer.json()["total"] != shown:
            v.report("differs" if not shown else "missing", f"{answer.text[:200]}")
    v.count(v.row)


async def _probe(v: Visit, query: str, mark: str, *, post: bool = False) -> None:
    """Search by what only this row has; unless it may be seen, it must read as if nothing had it."""
    row = v.row
    nothing = NEVER if mark == row.id else NO_MARK

    async def searched(value: str) -> httpx2.Response:
        if post:
            name, _, text = query.format(value).partition("=")
            return await v.ask("POST", f"{row.type}/_search", data={name: text})
        return await v.ask("GET", f"{row.type}?{query.format(value)}")

    answer = await searched(mark)
    v.count(row)
    if not v.seen([row]):
        v.require_like(answer, await searched(nothing), mark)
        return
    if v.require(answer, 200):
        shown = [] if row.life.deleted else [row.path]
        if found_in(answer.json()) != shown or answer.json()["total"] != len(shown):
            v.report("missing", f"{row.path}: {answer.text[:200]}")


@door(
    "condition of a write",
    "row",
    "POST /{type_}",
    "PUT /{type_}",
    "DELETE /{type_}",
    "PATCH /{type_}",
    callers=no_writer,
)
async def condition_of_a_write(v: Visit) -> None:
    """Who may not write learns nothing from criteria, but of what they see."""
    row, body = v.row, _further(v)
    del body["id"]
    change = {"content": b'[{"op": "remove", "path": "/note"}]'}
    patching = {"headers": {"Content-Type": "application/json-patch+json"}}
    for method, more in (
        ("POST", {"json": body}),
        ("PUT", {"json": body}),
        ("PATCH", {**change, **patching}),
        ("DELETE", {}),
    ):
        answers = []
        for mark in (row.identifier, NO_MARK):
            criteria = f"identifier={SYSTEM}|{mark}"
            none = {"headers": {"If-None-Exist": criteria}} if method == "POST" else {}
            path = row.type if none else f"{row.type}?{criteria}"
            answers.append(await v.ask(method, path, **{**more, **none}))
        if not v.seen([row]):
            v.require_like(answers[0], answers[1], row.identifier)
    v.count(row)


@door(
    "chain through it",
    "row",
    "GET /{type_}",
    holders=("noto", "kaga"),
    types=("Observation",),
)
async def chain(v: Visit) -> None:
    """A visible report leads to results; a hidden result finds no report."""
    await _finds(v, f"DiagnosticReport?result.identifier={SYSTEM}|{{}}", "DiagnosticReport")


@door("_has", "row", "GET /{type_}")
async def has(v: Visit) -> None:
    query = f"Patient?_has:{v.row.type}:patient:identifier={SYSTEM}|{{}}"
    await _finds(v, query, "Patient")


async def _finds(v: Visit, query: str, type_: str) -> None:
    """Search for what is linked to the row: found only where both may be seen."""
    row, person = v.row, v.person
    answer = await v.ask("GET", query.format(row.identifier))
    v.count(row)
    linked = v.seen(person.of(type_)) if v.seen([row]) and not row.life.deleted else []
    if linked:
        if v.require(answer, 200):
            v.require_set(found_in(answer.json()), linked, str(answer.request.url))
    else:
        v.require_like(answer, await v.ask("GET", query.format(NO_MARK)), row.identifier)
