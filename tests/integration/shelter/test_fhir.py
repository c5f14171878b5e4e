"""`Patient/$match`, `$emergency-profile` and `$disclosures`: refusals first, then the answers.

https://hl7.org/fhir/R4/patient-operation-match.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.shelter.world import world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx2
    from tests.integration.shelter.world import World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

TOKEN = "aa" * 16
ASKED: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "ノト", "given": ["ハナコ"]}],
    "birthDate": "1938-04-05",
}


async def matched(w: World, patient: dict[str, Any], **claims: object) -> httpx2.Response:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": patient}],
    }
    return await w.browser.post(f"{w.fhir}/Patient/$match", json=body, headers=bearer(w, **claims))


async def profile(w: World, person: str, **claims: object) -> httpx2.Response:
    return await w.browser.get(
        f"{w.fhir}/Patient/{person}/$emergency-profile", headers=bearer(w, **claims)
    )


def bearer(w: World, **claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {w.stubs.token(w.fhir, **claims)}"}


async def found(w: World) -> str:
    bundle = (await matched(w, ASKED)).json()
    return str(bundle["entry"][0]["resource"]["id"])


async def test_scope_role_and_purpose_are_each_needed_and_each_refusal_is_recorded(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    wrong: list[dict[str, object]] = [
        {"scope": "openid"},
        {"role": "officer", "purpose": "PUBHLTH"},
        {"role": "clinician", "purpose": "TREAT"},
        {"role": "service", "purpose": "HOPERAT"},
    ]
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], TOKEN)
        w.stubs.declare()
        await w.settle()
        person = await found(w)
        before = len(await w.events())
        for number, claims in enumerate(wrong, start=1):
            for answer in (await matched(w, ASKED, **claims), await profile(w, person, **claims)):
                assert answer.status_code == 403, claims
                assert answer.json()["resourceType"] == "OperationOutcome"
                assert "能登" not in answer.text
            events = await w.events()
            assert len(events) == before + 2 * number
            assert {event["outcome"] for event in events[before:]} == {"8"}


async def test_whom_an_operator_closes_the_desk_to_finds_nobody_and_opens_nothing(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    rules = tmp_path / "desk.cedar"
    rules.write_text(
        '@id("left-the-exchange") forbid (principal, action, resource) when '
        '{ principal has organization && principal.organization == "Organization/left" };',
        encoding="utf-8",
    )
    async with world(server, tmp_path, operator_policy=rules) as w:
        w.noto.put("p1", [patient()], TOKEN)
        w.stubs.declare()
        await w.settle()
        person = await found(w)
        left = {"organization": "Organization/left"}
        for answer in (await matched(w, ASKED, **left), await profile(w, person, **left)):
            assert answer.status_code == 403
            assert "能登" not in answer.text
        denied = [event for event in await w.events() if event["outcome"] == "8"]
        assert len(denied) == 2
        assert all("policy/left-the-exchange" in str(event) for event in denied)
        assert (await profile(w, person)).status_code == 200
        (shown,) = [e for e in await w.events() if "policy/nurse-asks" in str(e)]
        assert shown["outcome"] == "0"


async def test_match_answers_masked_candidates_or_what_is_needed(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], TOKEN)
        w.noto.put("p2", [patient(birth="1938-06-01")], "bb" * 16)
        await w.settle()
        bundle = (await matched(w, ASKED)).json()
        assert (bundle["type"], bundle["total"]) == ("searchset", 1)
        entry = bundle["entry"][0]
        assert entry["search"]["score"] == 0.9
        assert entry["search"]["extension"][0]["valueCode"] == "probable"
        assert entry["resource"]["birthDate"] == "1938"
        assert entry["resource"]["name"][1]["text"] == "ノト ハ\uff0a\uff0a"
        other_sex = (await matched(w, {**ASKED, "gender": "male"})).json()
        assert other_sex["entry"][0]["search"]["score"] == 0.6
        many = await matched(w, {**ASKED, "birthDate": "1938", "gender": "female"})
        assert many.json()["total"] == 2
        assert [one["search"]["mode"] for one in many.json()["entry"]] == ["outcome"]
        alone = await matched(w, {"resourceType": "Patient", "name": ASKED["name"]})
        assert alone.status_code == 400
        assert "not enough" in alone.json()["issue"][0]["diagnostics"]
        nobody = await matched(w, {**ASKED, "birthDate": "1938-04-06"})
        assert nobody.json() == {"resourceType": "Bundle", "type": "searchset", "total": 0}


async def test_the_profile_is_a_bundle_with_a_list_for_each_section_in_its_state(
    server: Server,
    tmp_path: Path,
    patient: Callable[..., dict[str, Any]],
    allergy: Callable[..., dict[str, Any]],
    medicine: Callable[..., dict[str, Any]],
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient(), medicine()], TOKEN)
        w.kaga.put("p9", [patient(), allergy()], TOKEN)
        w.kaga.notes["p9"] = ["unreadable: 2", "withheld: Condition"]
        w.stubs.declare()
        await w.settle()
        answer = await profile(w, await found(w))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        bundle = answer.json()
        resources = [entry["resource"] for entry in bundle["entry"]]
        assert resources[0]["resourceType"] == "Patient"
        lists = {
            one["code"]["coding"][0]["code"]: one
            for one in resources
            if one["resourceType"] == "List" and "coding" in one["code"]
        }
        medicines = lists["10160-0"]["entry"]
        assert medicines[0]["flag"]["coding"][0]["code"] == "anticoagulant"
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert medicines[0]["item"]["reference"] in urls
        assert "ワーファリン" in medicines[0]["item"]["display"]
        assert lists["48765-2"]["entry"][0]["item"]["display"].startswith("ペニシリン")
        assert lists["11450-4"]["emptyReason"]["coding"][0]["code"] == "withheld"
        sources = resources[-1]
        assert [one["item"]["display"].split(":")[0] for one in sources["entry"]] == [
            "能登の医療圏",
            "加賀の医療圏",
        ]
        assert "2 件" in sources["note"][0]["text"]


async def test_a_denial_says_its_reason_and_nothing_else(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], TOKEN)
        await w.settle()
        person = await found(w)
        answer = await profile(w, person)
        assert answer.status_code == 403
        assert "no-declaration" in answer.json()["issue"][0]["diagnostics"]
        assert "能登" not in answer.text
        assert (await profile(w, "unknown")).status_code == 404


async def test_who_looked_is_told_to_the_service_that_shows_it_to_the_person(
    server: Server, tmp_path: Path, patient: Callable[..., dict[str, Any]]
) -> None:
    service = {"role": "service", "purpose": "HOPERAT", "scope": "system/AuditEvent.rs"}
    async with world(server, tmp_path) as w:
        w.noto.put("p1", [patient()], TOKEN)
        w.stubs.declare()
        await w.settle()
        await profile(w, await found(w))
        address = f"{w.fhir}/$disclosures?token={TOKEN}"
        refused = await w.browser.get(address, headers=bearer(w))
        assert refused.status_code == 403
        answer = await w.browser.get(address, headers=bearer(w, **service))
        kinds = [entry["resource"]["type"]["code"] for entry in answer.json()["entry"]]
        assert kinds == ["110106", "rest"]  # the profile left, and before it the search


async def test_metadata_and_health_are_public(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        statement = (await w.browser.get(f"{w.fhir}/metadata")).json()
        operations = statement["rest"][0]["resource"][0]["operation"]
        assert [one["name"] for one in operations] == ["match", "emergency-profile"]
        for path in ("/healthz", "/readyz", "/fhir/healthz", "/fhir/readyz"):
            assert (await w.browser.get(f"/shelter{path}")).status_code == 200
