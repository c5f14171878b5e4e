"""Somebody acts for a resident: sees what was opened to them, adds where they may, and no more.

docs/adr/0024-proxies.md
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.phr.world import TOKEN, resident

from tasuki.consent.feed import FeedPage, write_page
from tasuki.consent.provisions import read_consent
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Caller
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse

if TYPE_CHECKING:
    from tests.integration.phr.world import World

    from tasuki.shared.fhir.json import Resource

pytestmark = pytest.mark.anyio

PRESSURE = {"systolic": "131", "diastolic": "80"}
READS = "patient/Patient.rs patient/Observation.rs patient/AllergyIntolerance.rs"
ADDS = "patient/Patient.rs patient/Observation.crs patient/AllergyIntolerance.crs"
BY_LAW = f"{READS} patient/Consent.crus"


def proxy(world: World, scopes: str, purpose: str = "FAMRQT") -> Principal:
    of = resident(world.clock, world.patient, role=Role.PROXY)
    named = replace(of, subject="account-2", display="健一（子）", purpose=purpose)
    return replace(named, scopes=parse_scopes(scopes))


async def acting(world: World, scopes: str = READS, purpose: str = "FAMRQT") -> None:
    """Let a proxy be signed in instead of the resident, and consents be fresh."""
    page = write_page(FeedPage("e1", (), 0, None)).encode()
    snapshot = world.service.gate._decider._snapshot  # type: ignore[attr-defined]
    await snapshot.apply(page, world.clock.now())
    ends = (world.clock.now() + timedelta(hours=1)).isoformat()
    web = world.app.state.web
    session, secret = await web.party.sessions.begin(
        proxy(world, scopes, purpose),
        {"access_token": TOKEN, "token_ends": ends},
        longest=timedelta(hours=8),
    )
    world.browser.cookies.set(web.cookie_name("session"), secret)
    world.csrf = session.csrf


def allergy(world: World, text: str, *labels: str) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    codes = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "meta": {"security": [{"system": system, "code": label} for label in labels]}
        if labels
        else {},
        "clinicalStatus": {"coding": [{"system": codes, "code": "active"}]},
        "code": {"text": text},
        "patient": {"reference": world.patient},
    }


async def test_what_was_opened_is_seen_under_a_banner(world: World) -> None:
    await world.write(allergy(world, "えび"))
    await world.write(allergy(world, "ひみつ", "HIV"))
    await acting(world)
    page = await world.get("/")
    assert page.status == 200
    assert "代理で見ています: 健一（子）" in page.text
    assert "能登 花子さんの記録です" in page.text
    assert "えび" in page.text
    assert "ひみつ" not in page.text
    assert page.text.count("あなたには開かれていません") == 1, "medicines, and it is said"
    assert not {"/phr/looked", "/phr/sharing"} & set(page.links)
    assert "systolic" not in page.fields, "nothing to write with"


async def test_the_log_of_who_looked_says_who_acted(world: World) -> None:
    await world.write(allergy(world, "えび"))
    await acting(world)
    await world.get("/")
    async with world.service.store.unit() as unit:
        events = await unit.audit_events([world.patient.removeprefix("Patient/")], 50, 0)
    agents = [agent for event in events for agent in parse(event)["agent"]]
    assert [one["role"][0]["text"] for one in agents if one.get("name") == "健一（子）"] == [
        "proxy"
    ]


async def test_without_contacts_nobody_is_named(world: World) -> None:
    await world.write(allergy(world, "えび"))
    await acting(world, "patient/AllergyIntolerance.rs")
    page = await world.get("/")
    assert "えび" in page.text
    assert "能登" not in page.text


@pytest.mark.parametrize(
    "path", ["/looked", "/looked/file", "/sharing", "/looked/overrides/x/dispute"]
)
async def test_what_is_the_persons_alone(world: World, path: str) -> None:
    await acting(world, "patient/*.cruds")
    asked = len(world.consent.asked)
    assert (await world.get(path)).status in (403, 404)
    assert (await world.post("/sharing", action="opt-in")).status == 403
    assert len(world.consent.asked) == asked


async def test_a_proxy_adds_under_their_own_name(world: World) -> None:
    await acting(world, ADDS)
    assert (await world.post("/blood-pressure", **PRESSURE)).status == 303
    (reading,) = await world.stored("Observation")
    assert reading["performer"] == [{"type": "RelatedPerson", "display": "健一（子）"}]
    assert reading["subject"] == {"reference": world.patient}


async def test_the_person_sees_who_wrote_and_may_take_it_back(world: World) -> None:
    secret = dict(world.browser.cookies)
    own = world.csrf
    await acting(world, ADDS)
    await world.post("/blood-pressure", **PRESSURE)
    page = await world.get("/")
    assert "131" in page.text
    (id_,) = [one["id"] for one in await world.stored("Observation")]
    path = f"/entries/Observation/{id_}/delete"
    assert f"/phr{path}" not in page.links
    assert (await world.get(path)).status == 403
    assert (await world.post(path, version="1")).status == 403
    world.browser.cookies.clear()
    world.browser.cookies.update(secret)
    world.csrf = own
    page = await world.get("/")
    assert "代理で書いた人: 健一（子）" in page.text
    assert f"/phr{path}" in page.links
    assert (await world.post(path, version="1")).status == 303
    assert await world.stored("Observation") == []


async def test_who_may_not_add_writes_nothing(world: World) -> None:
    await acting(world)
    assert (await world.post("/blood-pressure", **PRESSURE)).status == 403
    assert await world.stored("Observation") == []


async def test_by_law_wishes_are_said_and_say_by_whom(world: World) -> None:
    await acting(world, BY_LAW, "PWATRNY")
    assert "/phr/sharing" in (await world.get("/")).links
    page = await world.post("/sharing", action="opt-in")
    assert page.status == 200, page.text
    (consent,) = world.consent.consents.values()
    assert consent["performer"] == [{"type": "RelatedPerson", "display": "健一（子）"}]
    assert read_consent(consent).held_for("p").root.effect.value == "permit"


async def tried(world: World, caller: Caller, does: str, body: dict[str, Any]) -> None:
    async with world.service.gate.enter(caller) as records:
        if does == "update":
            await records.update(body["id"], body, if_match=None)
        elif does == "delete":
            await records.delete("AllergyIntolerance", body["id"], if_match=None)
        else:
            await records.create({**body, "id": "new"})


@pytest.mark.parametrize(
    ("scopes", "does"),
    [
        (ADDS, "update"),
        ("patient/*.cruds", "update"),
        ("patient/*.cruds", "delete"),
        ("patient/*.cruds", "of another"),
        ("patient/*.cruds", "who they are"),
        (READS, "create"),
    ],
)
async def test_nothing_else_is_written_whatever_the_token_says(
    world: World, scopes: str, does: str
) -> None:
    """A scope alone opens nothing: the role adds to a log, of whom it acts for."""
    id_ = await world.write(allergy(world, "えび"))
    await acting(world)
    caller = Caller(proxy(world, scopes), "r9")
    body: dict[str, Any] = allergy(world, "かに")
    if does == "of another":
        body["patient"] = {"reference": "Patient/00000000-0000-4000-8000-000000000009"}
    if does == "who they are":
        body = {"resourceType": "Patient", "name": [{"text": "別人"}]}
    with pytest.raises(Fault) as refused:
        await tried(world, caller, does, {**body, "id": id_})
    assert refused.value.category in (
        Category.FORBIDDEN,
        Category.NOT_FOUND,
        Category.STRUCTURE,
    )
    (kept,) = await world.stored("AllergyIntolerance")
    assert kept["code"]["text"] == "えび"


async def test_consents_that_could_not_be_heard_open_nothing(world: World) -> None:
    await world.write(allergy(world, "えび"))
    await acting(world)
    world.clock.advance(timedelta(seconds=61))
    page = await world.get("/")
    assert page.status == 403
    assert "えび" not in page.text
