"""The resident's own log through the pages: refusals first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.phr.world import resident

from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from tests.integration.phr.world import World

pytestmark = pytest.mark.anyio
PRESSURE = {"systolic": "138", "diastolic": "82", "measured_at": "2026-04-01T07:15"}
ALLERGY = {
    "what": "ペニシリン",
    "category": "medication",
    "happened": "発疹",
    "severity": "mild",
}
PAGES = ("/", "/blood-pressure", "/allergy", "/sharing", "/looked")


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_signed_in_is_sent_to_sign_in(world: World, path: str) -> None:
    world.browser.cookies.clear()
    page = await world.get(path)
    assert page.status == 303
    assert page.answer.headers["location"].startswith("/phr/sign-in")


@pytest.mark.parametrize(
    "path", ["/blood-pressure", "/allergy", "/sharing", "/entries/Observation/x/delete"]
)
async def test_a_form_of_another_session_changes_nothing(world: World, path: str) -> None:
    page = await world.post(path, csrf="guessed", action="withhold", version="1", **PRESSURE)
    assert page.status == 403
    assert await world.stored("Observation") == []
    assert world.consent.asked == []


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.OFFICER, Role.SERVICE])
@pytest.mark.parametrize("path", PAGES)
async def test_nobody_but_a_resident_comes_in(world: World, path: str, role: Role) -> None:
    await _sign_in(world, world.patient, role)
    assert (await world.get(path)).status == 403


async def test_an_account_without_a_record_comes_no_further(world: World) -> None:
    await _sign_in(world, None, Role.RESIDENT)
    assert (await world.get("/")).status == 403


async def _sign_in(world: World, patient: str | None, role: Role) -> None:
    web = world.app.state.web
    principal = resident(world.clock, patient, role=role)
    session, secret = await web.party.sessions.begin(
        principal, {"access_token": "t", "token_ends": ""}, longest=timedelta(hours=1)
    )
    world.browser.cookies.clear()
    world.browser.cookies.set(web.cookie_name("session"), secret)
    world.csrf = session.csrf


async def test_a_reading_that_cannot_be_is_not_written_and_stays_typed(world: World) -> None:
    page = await world.post("/blood-pressure", systolic="82", diastolic="138", entry="e1")
    assert page.status == 422
    assert "下の血圧が上の血圧以上です" in page.text
    assert page.fields["diastolic"] == ["138"]
    assert 'aria-invalid="true"' in page.html
    assert '<a href="#diastolic">' in page.html
    assert await world.stored("Observation") == []


async def test_a_blood_pressure_is_written_once_however_often_it_is_sent(world: World) -> None:
    form = await world.get("/blood-pressure")
    (entry,) = form.fields["entry"]
    for _ in range(3):
        page = await world.post("/blood-pressure", entry=entry, pulse="72", **PRESSURE)
        assert page.answer.headers["location"] == "/phr/?done=written"
    home = await world.get("/?done=written")
    assert "138／82 mmHg" in home.text
    assert "脈拍 72 回/分" in home.text
    assert "書きました" in home.text
    assert len(await world.stored("Observation")) == 2


async def test_something_else_typed_after_going_back_is_written_too(world: World) -> None:
    (entry,) = (await world.get("/blood-pressure")).fields["entry"]
    await world.post("/blood-pressure", entry=entry, **PRESSURE)
    await world.post("/blood-pressure", entry=entry, **{**PRESSURE, "systolic": "140"})
    assert len(await world.stored("Observation")) == 2


async def test_an_allergy_in_own_words(world: World) -> None:
    page = await world.post("/allergy", entry="e1", **ALLERGY)
    assert page.status == 303
    (made,) = await world.stored("AllergyIntolerance")
    assert made["code"] == {"text": "ペニシリン"}
    assert made["recorder"] == {"reference": world.patient}
    assert "ペニシリン" in (await world.get("/")).text


async def test_a_known_term_is_asked_about_never_guessed(world: World) -> None:
    shrimp = {**ALLERGY, "what": "えび", "category": "food"}
    asked = await world.post("/allergy", entry="e1", **shrimp)
    assert asked.status == 200
    assert asked.headings == ["どれのことですか"]
    assert await world.stored("AllergyIntolerance") == []
    assert "checked" not in asked.html
    none = await world.post("/allergy", entry="e1", asked="1", **shrimp)
    assert (none.status, "どれか一つを選んでください" in none.text) == (422, True)
    wrong = await world.post("/allergy", entry="e1", asked="1", choice="J9FB13110000", **shrimp)
    assert wrong.status == 422
    assert await world.stored("AllergyIntolerance") == []
    chosen = await world.post("/allergy", entry="e1", asked="1", choice="J9FC15110000", **shrimp)
    assert chosen.status == 303
    (made,) = await world.stored("AllergyIntolerance")
    assert made["code"]["coding"][0]["code"] == "J9FC15110000"
    assert made["code"]["text"] == "えび"


async def test_words_are_shown_as_words(world: World) -> None:
    await world.post("/allergy", entry="e1", **{**ALLERGY, "what": "<b>𠮷野の米</b>"})
    home = await world.get("/")
    assert "&lt;b&gt;𠮷野の米&lt;/b&gt;" in home.html


async def test_deleting_asks_first_and_goes_by_version(world: World) -> None:
    await world.post("/allergy", entry="e1", **ALLERGY)
    (made,) = await world.stored("AllergyIntolerance")
    path = f"/entries/AllergyIntolerance/{made['id']}/delete"
    assert f"/phr{path}" in (await world.get("/")).links
    asked = await world.get(path)
    assert "ペニシリン" in asked.text
    assert (await world.post(path, version="2")).status == 412
    assert (await world.post(path, version="")).status == 400
    assert len(await world.stored("AllergyIntolerance")) == 1
    for _ in range(2):
        gone = await world.post(path, version=asked.fields["version"][0])
        assert gone.answer.headers["location"] == "/phr/?done=deleted"
    assert await world.stored("AllergyIntolerance") == []
    assert "アレルギー 全0件" in (await world.get("/")).text


async def test_what_somebody_else_wrote_is_shown_and_cannot_be_deleted(world: World) -> None:
    id_ = await world.write(
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"text": "そば"},
            "patient": {"reference": world.patient},
            "recorder": {"reference": "Practitioner/d1"},
        }
    )
    home = await world.get("/")
    assert "そば" in home.text
    assert "ほかの人が書いた記録" in home.text
    path = f"/entries/AllergyIntolerance/{id_}/delete"
    assert f"/phr{path}" not in home.links
    assert (await world.get(path)).status == 403
    assert (await world.post(path, version="1")).status == 403
    assert len(await world.stored("AllergyIntolerance")) == 1


async def test_another_residents_entry_is_as_if_it_were_not_there(world: World) -> None:
    other = await world.write({"resourceType": "Patient", "name": [{"text": "別人"}]})
    id_ = await world.write(
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"text": "落花生"},
            "patient": {"reference": f"Patient/{other}"},
            "recorder": {"reference": f"Patient/{other}"},
        }
    )
    path = f"/entries/AllergyIntolerance/{id_}/delete"
    absent = await world.get("/entries/AllergyIntolerance/none/delete")
    hidden = await world.get(path)
    assert (hidden.status, hidden.text) == (404, absent.text)
    assert (await world.post(path, version="1")).status == 404
    assert "落花生" not in (await world.get("/")).text
    assert len(await world.stored("AllergyIntolerance")) == 1


async def test_what_was_not_told_is_not_even_counted(world: World) -> None:
    system = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
    id_ = await world.write(
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "meta": {"tag": [{"system": system, "code": "UNINFORMED"}]},
            "code": {"text": "未告知の物質"},
            "patient": {"reference": world.patient},
            "recorder": {"reference": world.patient},
        }
    )
    home = await world.get("/")
    assert "未告知の物質" not in home.html
    assert "アレルギー 全0件" in home.text
    assert (await world.get(f"/entries/AllergyIntolerance/{id_}/delete")).status == 404


async def test_only_the_log_can_be_deleted_here(world: World) -> None:
    path = f"/entries/Patient/{world.patient.removeprefix('Patient/')}/delete"
    assert (await world.get(path)).status == 404
    assert (await world.post(path, version="1")).status == 404


async def test_many_readings_come_in_pages_and_none_is_lost(world: World) -> None:
    for minute in range(45):
        form = {**PRESSURE, "measured_at": f"2026-03-{minute % 28 + 1:02d}T07:{minute:02d}"}
        await world.post("/blood-pressure", entry="e", **form)
    pages = [await world.get(f"/?page={number}") for number in (1, 2, 3)]
    assert [page.html.count("138／82 mmHg</strong>") for page in pages] == [20, 20, 5]
    assert "全45件" in pages[0].text
    assert max(len(page.answer.content) for page in pages) <= 100_000


async def test_writing_leaves_an_audit_record_of_the_resident(world: World) -> None:
    await world.post("/allergy", entry="e1", **ALLERGY)
    async with world.service.store.unit() as unit:
        events = await unit.audit_events([world.patient.removeprefix("Patient/")], 100)
    created = [event for event in events if b'"create"' in event and b"account-1" in event]
    assert len(created) == 1


async def test_english_and_no_script(world: World) -> None:
    page = await world.get("/?lang=en")
    assert page.headings == ["What I wrote"]
    assert '<html lang="en">' in page.html
    policy = page.answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "<script" not in page.html


async def test_the_fhir_errors_stay_fhir(world: World) -> None:
    answer = await world.browser.get("/phr/fhir/Patient")
    assert answer.status_code == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
