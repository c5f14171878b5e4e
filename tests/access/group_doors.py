"""Doors to Groups: who may not see one of the people a Group names finds no such Group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.access.doors import door
from tests.access.judging import NEVER, NO_MARK, found_in
from tests.access.person_doors import HOSPITALS, allowed, exported, whole
from tests.access.records import SYSTEM
from tests.access.reference import Verdict, passes, standing
from tests.access.saying import Thing

if TYPE_CHECKING:
    from tests.access.judging import Visit
    from tests.access.records import Row

ASYNC = {"Prefer": "respond-async"}


def groups_of(v: Visit) -> list[Row]:
    """Return the Groups that name the visit's person."""
    return [row for row in v.holder.common if v.person in row.members]


@door(
    "a Group by its id",
    "person",
    "GET /{type_}/{id_}",
    "GET /{type_}/{id_}/_history",
    "GET /{type_}/{id_}/_history/{version}",
    holders=HOSPITALS,
)
async def by_id(v: Visit) -> None:
    v.count(v.person.patient)
    for row in groups_of(v):
        for tail in ("", "/_history", "/_history/1", "/$meta"):
            answer = await v.ask("GET", f"{row.path}{tail}")
            told = v.judge.verdict(v.asker, row)
            if told is Verdict.SEEN:
                v.require(answer, 200)
            elif told is Verdict.CLOSED:
                v.require(answer, 403)
            else:
                absent = await v.absent(f"{tail}", "GET", f"Group/{NEVER}{tail}")
                v.require_like(answer, absent, row.id)


@door("Groups found", "person", "GET /{type_}", holders=HOSPITALS)
async def found(v: Visit) -> None:
    v.count(v.person.patient)
    groups = groups_of(v)
    for row in groups:
        answer = await v.ask("GET", f"Group?identifier={SYSTEM}|{row.identifier}")
        if v.seen([row]):
            v.require_rows(answer, [row])
        else:
            never = await v.ask("GET", f"Group?identifier={SYSTEM}|{NO_MARK}")
            v.require_like(answer, never, row.identifier)
    answer = await v.ask("GET", f"Group?member=Patient/{v.person.id}")
    if not allowed(v, "Group"):
        v.require(answer, 403)
    elif answer.status_code == 200:
        v.require_set(found_in(answer.json()), v.seen(groups), "Groups by member")
    elif v.seen(groups):
        v.report("missing", f"Groups by member: {answer.status_code} {answer.text[:200]}")


@door("Groups beside people", "person", "GET /{type_}", holders=HOSPITALS)
async def beside(v: Visit) -> None:
    """`_revinclude`, and people found by the Groups that name them."""
    v.count(v.person.patient)
    shown = v.seen([v.person.patient])
    answer = await v.ask("GET", f"Patient?_id={v.person.id}&_revinclude=Group:member")
    if answer.status_code == 200:
        groups = v.seen(groups_of(v)) if shown and allowed(v, "Group") else []
        v.require_set(found_in(answer.json()), [*shown, *groups], "Groups beside a person")
    for row in groups_of(v):
        answer = await v.ask(
            "GET", f"Patient?_has:Group:member:identifier={SYSTEM}|{row.identifier}"
        )
        if answer.status_code == 200:
            people = v.seen([one.patient for one in row.members]) if v.seen([row]) else []
            v.require_set(found_in(answer.json()), people, "people of a Group")


@door(
    "$export of a Group",
    "person",
    "GET /Group/{id_}/$export",
    "POST /Group/{id_}/$export",
)
async def export(v: Visit) -> None:
    """Records of those members alone whom, and as members of this very Group, the caller may see."""
    v.count(v.person.patient)
    types, groups = ("Observation", "Condition"), groups_of(v)
    if not groups:  # the PHR keeps none
        v.require(await v.ask("GET", f"Group/{NEVER}/$export", headers=ASYNC), 403, 404)
    first = v.judge.requests % 2  # each in its turn: to make files takes long
    for row in groups[first : first + 2]:
        tail, v.said = f"$export?_type={','.join(types)}", row.path
        answer = await v.ask("GET", f"{row.path}/{tail}", headers=ASYNC)
        lines = await exported(v, answer)
        known = [
            one
            for one in row.members
            if standing(v.asker, one, *types) is Verdict.SEEN
            and passes(v.asker, one, Thing("Group", row.last))
        ]
        if not _may_order(v, *types):
            v.require(answer, 403, 404)
        elif not known:
            never = await v.absent(tail, "GET", f"Group/{NEVER}/{tail}", headers=ASYNC)
            v.require_like(answer, never, row.id)
        elif lines is None:
            v.report("missing", f"{tail}: {answer.status_code} {answer.text[:200]}")
        else:
            wanted = [one for person in known for one in person.of(*types)]
            found = [f"{one['resourceType']}/{one['id']}" for one in lines]
            v.require_set(found, v.seen(wanted), "an export of a Group")
            await v.ask("DELETE", answer.headers["content-location"])


def _may_order(v: Visit, *types: str) -> bool:
    """Tell whether an export is for this purpose, and the token has the scopes for it."""
    everyday = v.asker.purpose not in ("ETREAT", "BTG", "DISASTER")
    reads = v.asker.caller.role in ("clinician", "hospital", "service")
    return everyday and reads and whole(v, "Group") and allowed(v, *types)
