"""The consent service's doors about who looked, emergency overrides, declarations and warnings; and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.access.consent_doors import door
from tests.access.consent_judging import NO_TOKEN
from tests.access.consent_reference import (
    audits,
    knows_who_looked,
    may_object,
    may_override,
    reviews,
    words,
)
from tests.access.judging import NEVER

from tasuki.shared.audit.proof_bundle import note_of, proof_of

if TYPE_CHECKING:
    import httpx2
    from tests.access.consent_judging import ConsentVisit

UNKNOWN = "FFFFFFFE"
XML = {"Content-Type": "application/xml"}
BODY = {"restricted": True}


@door("who looked", "looked", "GET /fhir/AuditEvent")
async def looked(v: ConsentVisit) -> None:
    """Whatever may be told, and only the heads that prove it: a head says that something is there."""
    path = "AuditEvent?patient={}&_proof={}"
    for proof in v.some(("false", "true"), 1):
        if v.own and not knows_who_looked(v.asker, v.person):
            v.require(await v.ask("GET", path.format(v.person.id, proof)), 403)
            continue
        if not knows_who_looked(v.asker, v.person):
            answer = await v.require_hidden(v.asking("GET", path.format("{}", proof)), v.person.id)
            v.require(answer, 403)
            continue
        answer = await v.ask("GET", path.format(v.person.id, proof))
        told = [one for one in v.person.overrides if one.told]
        used = [mark for one in told for mark in (one.id, one.subject, one.used)]
        v.require_told(answer, [v.person.looked, *used])
        if answer.status_code == 200:
            _require_counted(v, answer.json())


def _require_counted(v: ConsentVisit, bundle: dict[str, Any]) -> None:
    """Report a number of events that are not shown, and a head that no event shown leads to."""
    entries = [one for one in bundle["entry"] if one.get("search", {}).get("mode") != "outcome"]
    events = [one for one in entries if one["resource"]["resourceType"] == "AuditEvent"]
    if bundle["total"] != len(events):
        v.report("differs", f"total {bundle['total']} of {len(events)} events")
    proofs = [proof_of(one) for one in events]
    led_to = {(found[0], found[1].size) for found in proofs if found is not None}
    notes = [note_of(one) for one in entries if one not in events]
    heads = {(note.split("\n")[0], int(note.split("\n")[1])) for note in notes if note}
    if not heads <= led_to:
        v.report("differs", f"heads {heads - led_to} of no event")


@door("overrides of oneself", "mine", "GET /overrides/about-me")
async def about_me(v: ConsentVisit) -> None:
    answer = await v.ask("GET", "/overrides/about-me")
    told = [one for one in v.person.overrides if one.told]
    if knows_who_looked(v.asker, v.person):
        v.require_told(answer, [mark for one in told for mark in (one.id, one.display, one.text)])
        if answer.status_code == 200 and len(answer.json()["overrides"]) != len(told):
            v.report("differs", f"{len(answer.json()['overrides'])} overrides, not {len(told)}")
    elif v.asker.patient == v.person.id or v.asker.patient is None:
        v.require(answer, 403)


_ANSWERS: tuple[tuple[str, object], ...] = (
    ("seen", {}),
    ("dispute", {"text": "x"}),
    ("dispute", {"text": " "}),
)


@door(
    "answers to an override",
    "mine",
    "POST /overrides/{id_}/seen",
    "POST /overrides/{id_}/dispute",
    each=True,
)
async def answers(v: ConsentVisit) -> None:
    """Who is not to know of it finds none, whatever they say of it."""
    one = v.opened
    assert one is not None
    for step, body in v.some(_ANSWERS, 2):
        path = f"/overrides/{{}}/{step}"
        said = v.asking("POST", path, body)
        if not (may_object(v.asker, v.person) and one.told):
            v.require(await v.require_hidden(said, one.id), 403, 404, 422)
        elif step == "seen":
            v.require_told(await said(one.id), [one.id, one.text])
        elif one.case.steps[-1:] == ("dispute",):
            v.require(await said(one.id), 409, 422)


@door("opening an override", "staff", "POST /overrides")
async def opening(v: ConsentVisit) -> None:
    """Who may open none learns from the refusal nothing of who is known where."""

    async def opened(id_: str) -> httpx2.Response:
        draft = {"holder": "noto", "patient": id_, "reason": "life", "text": "x"}
        return await v.ask("POST", "/overrides", draft)

    if not may_override(v.asker):
        v.require(await v.require_hidden(opened, v.person.patient), 403)


@door(
    "colleagues",
    "staff",
    "GET /overrides/waiting/{code}",
    "POST /overrides/{id_}/agree",
    "POST /overrides/{id_}/stop",
    each=True,
)
async def colleagues(v: ConsentVisit) -> None:
    one, may = v.opened, may_override(v.asker)
    assert one is not None
    mine = v.asker.caller.subject == one.subject
    asked = v.asking("GET", "/overrides/waiting/{}")
    if may and v.asker.region == "noto" and not one.case.over:
        v.require_told(await asked(one.code), [one.id, one.text])
    else:
        v.require(await v.require_hidden(asked, one.code, UNKNOWN), 404 if may else 403)
    for step, body in v.some((("agree", BODY), ("agree", {"restricted": False}), ("stop", {})), 1):
        done = v.asking("POST", f"/overrides/{{}}/{step}", body)
        if not may:
            v.require(await v.require_hidden(done, one.id), 403)
        elif step == "stop" and mine and one.case.over:
            v.require_told(await done(one.id), [one.id, one.text])
        elif not (mine or v.asker.region == "noto") or one.case.over:
            v.require(await done(one.id), 400, 403, 409)


@door("the log about somebody", "audit", "GET /fhir/$disclosures")
async def disclosed(v: ConsentVisit) -> None:
    asked = v.asking("GET", "$disclosures?token={}")
    if audits(v.asker):
        v.require_told(await asked(v.person.token), [one.id for one in v.person.overrides])
    else:
        v.require(await v.require_hidden(asked, v.person.token, NO_TOKEN), 403)


_CHANGES: tuple[tuple[str, object], ...] = (
    ("/declarations", {}),
    ("/declarations/{}/renew", {"end": "2026-01-05T12:00:00Z"}),
    ("/declarations/{}/close", {}),
    ("/warnings/{}/dismiss", {"words": "x"}),
)


@door(
    "declarations, warnings, heads",
    "nothing",
    "GET /declarations",
    "POST /declarations",
    "POST /declarations/{id_}/renew",
    "POST /declarations/{id_}/close",
    "GET /warnings",
    "POST /warnings",
    "POST /warnings/{id_}/dismiss",
    "GET /fhir/$checkpoint",
    "POST /fhir/$cosignature",
)
async def about_nobody(v: ConsentVisit) -> None:
    """They are about places; who may not see or change them is refused."""
    said = words(v.asker)
    officer = v.asker.caller.role == "officer" and "tasuki/declare" in said
    listed = 200 if "tasuki/declare" in said else 403
    v.require(await v.ask("GET", "/declarations"), 200 if said & {"tasuki/feed"} else listed)
    v.require(await v.ask("GET", "/warnings"), listed)
    v.require(await v.ask("GET", "$checkpoint"), 200 if "tasuki/feed" in said else 403)
    for path, body in v.some(_CHANGES, 1):
        for id_ in (NEVER, *(one.id for one in v.person.overrides[:1])):
            answer = await v.ask("POST", path.format(id_), body)
            v.require(answer, *((404, 422) if officer else (403, 422)))
    answer = await v.ask("POST", "/warnings", None, **XML)
    v.require(answer, 400 if "tasuki/warn" in said else 403)
    v.require(await v.ask("POST", "$cosignature", None), 400, 403, 415, 422)


_REVIEW_PAGES = (
    ("GET", "/"),
    ("GET", "/?done={}"),
    ("GET", "/decided"),
    ("GET", "/figures?days=0"),
    ("GET", "/{}"),
    ("POST", "/{}/review"),
    ("POST", "/{}/nothing"),
)
_OFFICERS_PAGES = ("/", "/open", "/open?proposal={}", "/{}", "/declarations/{}", "/dismiss/{}")


@door("review pages", "reviewing", each=True)
async def review_pages(v: ConsentVisit) -> None:
    one = v.opened
    assert one is not None
    wrong = {"answer": "accepted", "words": ""}
    for method, path in v.some(_REVIEW_PAGES, 1):
        asked = v.browsing("overrides", method, path, wrong)
        if not reviews(v.asker):
            v.require(await v.require_hidden(asked, one.id), 403, 404)
        else:
            answer = await asked(one.id)
            if path == "/{}":
                v.require_told(answer, [one.text])


@door("officer's pages", "nothing", each=True)
async def officers_pages(v: ConsentVisit) -> None:
    """Nothing of a person is there, whoever comes."""
    one = v.opened
    assert one is not None
    officer = v.asker.caller.role == "officer"
    for path in v.some(_OFFICERS_PAGES, 1):
        answer = await v.require_hidden(v.browsing("officer", "GET", path), one.id)
        v.require(answer, *((200, 404, 405, 422) if officer else (403, 404, 405)))
