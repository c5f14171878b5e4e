"""The FHIR doors of the consent service: what people have said, and whatever lies beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.access.consent_reference import knows_wishes, may_say, words
from tests.access.consent_world import consent_body
from tests.access.judging import NEVER, found_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2
    from tests.access.consent_judging import ConsentVisit
    from tests.access.consent_reference import Door

    Visiting = Callable[[ConsentVisit], Awaitable[None]]

# They lead to what is not served here, so that they lead nowhere.
_CHAINS = ("patient.identifier=x", "patient:Patient.name=x", "_has:Provenance:target:_id=x")
_OPERATIONS = ("Consent", "$everything", "$network-tokens", "$summary")
_EVERYTHING = ("Override", "Patient", "Declaration", "_history", "Consent/_history", "$export", "")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class ConsentDoor:
    """One way out of the consent service; `each` where it is asked once for each override."""

    name: str
    kind: Door
    routes: tuple[str, ...]
    visit: Callable[[ConsentVisit], Awaitable[None]]
    each: bool = False


DOORS: dict[str, ConsentDoor] = {}


def door(name: str, kind: Door, *routes: str, each: bool = False) -> Callable[[Visiting], Visiting]:
    """Put a function into the list of doors."""

    def listed(visit: Visiting) -> Visiting:
        assert name not in DOORS
        DOORS[name] = ConsentDoor(name, kind, routes, visit, each)
        return visit

    return listed


@door("read", "reading", "GET /fhir/{type_}/{id_}")
async def read(v: ConsentVisit) -> None:
    for said in v.person.consents:
        if knows_wishes(v.asker, v.person, "r"):
            v.require_told(await v.ask("GET", f"Consent/{said.id}"), [said.versions[-1]])
        else:
            await v.require_hidden(v.asking("GET", "Consent/{}"), said.id)


@door("history", "reading", "GET /fhir/{type_}/{id_}/_history")
async def history(v: ConsentVisit) -> None:
    for said in v.person.consents:
        if knows_wishes(v.asker, v.person, "r"):
            v.require_told(await v.ask("GET", f"Consent/{said.id}/_history"), said.versions)
        else:
            await v.require_hidden(v.asking("GET", "Consent/{}/_history"), said.id)


@door("vread", "reading", "GET /fhir/{type_}/{id_}/_history/{version}")
async def vread(v: ConsentVisit) -> None:
    for said in v.person.consents:
        for number, mark in enumerate((*said.versions, ""), start=1):
            tail = f"_history/{number}"
            if mark and knows_wishes(v.asker, v.person, "r"):
                v.require_told(await v.ask("GET", f"Consent/{said.id}/{tail}"), [mark])
            elif not knows_wishes(v.asker, v.person, "r"):
                await v.require_hidden(v.asking("GET", f"Consent/{{}}/{tail}"), said.id)


async def _found(v: ConsentVisit, query: str, name: str, *ids: str) -> None:
    """Search by a name in a query: these come out, or it is as if the name were nobody's."""
    if knows_wishes(v.asker, v.person, "s"):
        answer = await v.ask("GET", query.format(name))
        if v.require(answer, 200):
            found = sorted(found_in(answer.json()))
            wanted = sorted(f"Consent/{one}" for one in ids)
            counted = answer.json().get("total")
            if found != ([] if "count" in query else wanted) or counted != len(ids):
                v.report("missing", f"{query}: {counted}, {found} for {wanted}")
    elif v.own and name == v.person.id:  # of whom they know
        answer = await v.ask("GET", query.format(name))
        if v.require(answer, 200, 403, 404) and answer.is_success and answer.json()["total"]:
            v.report("leak", f"{query}: {answer.json()['total']}")
    else:
        await v.require_hidden(v.asking("GET", query), name)


@door("search", "searching", "GET /fhir/{type_}")
async def search(v: ConsentVisit) -> None:
    ids = [said.id for said in v.person.consents]
    for more in v.some(("", "&_summary=count", "&status=active&_total=accurate"), 1):
        await _found(v, f"Consent?patient=Patient/{{}}{more}", v.person.id, *ids)
    for said in v.person.consents:
        await _found(v, "Consent?_id={}", said.id, said.id)
    for said in v.person.consents:
        for way in v.some(_CHAINS, 1):
            query = f"Consent?_id={{}}&{way}"
            await v.require_hidden(v.asking("GET", query), said.id)


@door("search, links followed", "searching", "GET /fhir/{type_}")
async def search_linked(v: ConsentVisit) -> None:
    """Nothing else is served here, so that a link leads nowhere; and says nothing of where it leads."""
    for words_ in v.some(
        ("_include=Consent:patient", "_include=*", "_revinclude=Provenance:target"), 1
    ):
        if v.own or knows_wishes(v.asker, v.person, "s"):
            await v.ask("GET", f"Consent?patient={v.person.id}&{words_}")
        else:
            await v.require_hidden(v.asking("GET", f"Consent?patient={{}}&{words_}"), v.person.id)


@door("search of everybody", "searching", "GET /fhir/{type_}", "POST /fhir/{type_}/_search")
async def search_everybody(v: ConsentVisit) -> None:
    known = [
        f"Consent/{said.id}"
        for person in v.world.people
        if knows_wishes(v.asker, person, "s")
        for said in person.consents
    ]
    for answer in (
        await v.ask("GET", "Consent?_count=200"),
        await v.ask("POST", "Consent/_search?_count=200", **{"Content-Type": FORM}),
    ):
        if answer.status_code != 200:
            v.require(answer, *((403, 404) if not known else (200,)))
        elif sorted(found_in(answer.json())) != sorted(known):
            v.report("missing", f"{found_in(answer.json())}, not {known}")


@door("what is not served", "nothing")
async def not_served(v: ConsentVisit) -> None:
    """Whatever else is kept here has no FHIR door."""
    ids = [("Patient", v.person.id), ("AuditEvent", v.person.id)]
    ids += [(type_, one.id) for one in v.person.overrides for type_ in ("Override", "Consent")]
    ids += [(type_, one.id) for one in v.person.consents for type_ in ("Override", "Patient")]
    tails = ("", "/_history", "/_history/1")
    asked = [(f"{type_}/{{}}{tail}", id_) for type_, id_ in ids for tail in tails]
    asked += [(f"Patient/{{}}/{tail}", v.person.id) for tail in _OPERATIONS]
    for path, id_ in v.some(asked, 2):
        answer = await v.require_hidden(v.asking("GET", path), id_)
        v.require(answer, 403, 404, 405)
    for path in v.some(_EVERYTHING, 1):
        v.require(await v.ask("GET", path), 400, 403, 404, 405)


@door("write", "nothing", "POST /fhir/Consent", "PUT /fhir/Consent/{id_}")
async def write(v: ConsentVisit) -> None:
    """Refused, saying for somebody whom there is tells nothing that saying for nobody does not."""

    async def said_of(id_: str, by: ConsentVisit = v) -> httpx2.Response:
        body = consent_body(v.person, "mine") | {"patient": {"reference": f"Patient/{id_}"}}
        return await by.ask("POST", "Consent", body)

    if v.own and not may_say(v.asker, v.person, "c"):
        elsewhere = replace(v, asker=replace(v.asker, patient=NEVER))
        here, there = await said_of(v.person.id), await said_of(NEVER, elsewhere)
        if v.require(here, 403, 404) and here.status_code != there.status_code:
            v.report("differs", f"{here.status_code} {here.text}, of nobody {there.status_code}")
    elif not v.own:
        v.require(await v.require_hidden(said_of, v.person.id), 403)
    own = (v.asker.patient or v.person.id).removeprefix("Patient/")
    theirs = [] if may_say(v.asker, v.person, "u") else [one.id for one in v.person.consents]
    for id_ in v.some((*theirs, v.person.id, *(one.id for one in v.person.overrides)), 2):
        for whose in v.some(sorted({own, v.person.id}), 1):

            async def changed(name: str, whose: str = whose) -> httpx2.Response:
                body = {**consent_body(v.person, "mine", name)}
                return await v.ask(
                    "PUT", f"Consent/{name}", body | {"patient": {"reference": f"Patient/{whose}"}}
                )

            v.require(await v.require_hidden(changed, id_), 403, 404, 405)


_CHANGES = (
    ("DELETE", "Consent/{}"),
    ("PATCH", "Consent/{}"),
    ("DELETE", "Consent?_id={}"),
    ("PUT", "Consent?_id={}"),
    ("POST", "Consent/{}/$meta-add"),
    ("GET", "Consent/{}/$meta"),
)


@door("other changes", "nothing")
async def other_changes(v: ConsentVisit) -> None:
    """A Consent is ended, not deleted; nor changed by any other way than a further version."""
    for said in v.person.consents:
        for method, path in v.some(_CHANGES, 1):
            answer = await v.require_hidden(v.asking(method, path), said.id)
            v.require(answer, 400, 403, 404, 405)


@door("what would be decided", "trying", "POST /decide")
async def decide(v: ConsentVisit) -> None:
    question = {"purpose": "TREAT", "role": "clinician", "holder_region": "noto"}
    role = v.asker.caller.role
    mine = role != "service" and v.asker.patient == v.person.id
    if mine and knows_wishes(v.asker, v.person, "s"):
        v.require_told(await v.ask("POST", "/decide", question), [s.id for s in v.person.consents])
        for other in v.world.people[:2]:
            if other is not v.person:

                async def supposed(id_: str) -> httpx2.Response:
                    body = consent_body(v.person, "x") | {
                        "patient": {"reference": f"Patient/{id_}"}
                    }
                    return await v.ask("POST", "/decide", {**question, "supposed": [body]})

                v.require(await v.require_hidden(supposed, other.id), 403)
    elif not knows_wishes(v.asker, v.person, "s") and v.asker.caller.own is not False:
        v.require(await v.ask("POST", "/decide", question), 403)


@door("feed", "feed", "GET /fhir/$feed")
async def feed(v: ConsentVisit) -> None:
    answer = await v.ask("GET", "$feed?since=0&kinds=consent,declaration,override")
    if "tasuki/feed" in words(v.asker):
        v.require_told(answer, [said.id for said in v.person.consents])
    else:
        v.require(answer, 403)
