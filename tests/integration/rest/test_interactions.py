"""read, vread, create, update, delete, history, search. https://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "能登 花子"}]}
LEXEMES = (
    '{"resourceType":"Observation","status":"final","code":{"text":"TEXT"},'
    '"subject":{"reference":"Patient/PATIENT"},'
    '"extension":[{"url":"urn:unknown","valueDecimal":0.000000001}],'
    '"_status":{"extension":[{"url":"urn:x","valueString":"é"}]},'
    '"component":[{"code":{"text":"a"},"valueQuantity":{"value":72.50}},'
    '{"code":{"text":"b"},"valueQuantity":{"value":1.0e3}},'
    '{"code":{"text":"c"},"valueQuantity":{"value":-0.10}},'
    '{"code":{"text":"d"},"valueQuantity":{"value":123456789012345678901234567890.5}}]}'
)
STAMP = "2026-01-05T01:02:03.456Z"


def _observation(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def _found(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


async def test_what_is_created_is_answered_located_and_read(house: House) -> None:
    made = await house.post("/Patient", json={**PATIENT, "id": "chart-1", "meta": {"tag": []}})
    assert made.status_code == 422  # R4 forbids empty arrays
    meta = {
        "versionId": "9",
        "lastUpdated": "1990-01-01T00:00:00Z",
        "profile": ["http://jpfhir.jp/x"],
        "_profile": [{"extension": [{"url": "urn:x", "valueBoolean": True}]}],
    }
    made = await house.post("/Patient", json={**PATIENT, "id": "chart-1", "meta": meta})
    assert made.status_code == 201
    id_ = made.json()["id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", id_)
    assert made.headers["location"] == f"{BASE}/Patient/{id_}/_history/1"
    assert made.headers["etag"] == 'W/"1"'
    assert made.headers["last-modified"] == "Mon, 05 Jan 2026 01:02:03 GMT"
    assert made.json() == {
        **PATIENT,
        "id": id_,
        "meta": {**meta, "versionId": "1", "lastUpdated": STAMP},
    }
    read = await house.get(f"/Patient/{id_}")
    assert (read.status_code, read.content) == (200, made.content)
    assert read.headers["etag"] == 'W/"1"'
    assert read.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert read.headers["cache-control"] == "no-store"


async def test_versions_are_kept_and_told(house: House) -> None:
    id_ = await house.create(PATIENT)
    house.world.clock.advance(timedelta(seconds=1))
    put = await house.ask(
        "PUT",
        f"/Patient/{id_}",
        json={**PATIENT, "id": id_, "active": True},
        headers={"If-Match": 'W/"1"'},
    )
    assert (put.status_code, put.headers["etag"]) == (200, 'W/"2"')
    assert (await house.get(f"/Patient/{id_}/_history/1")).json().get("active") is None
    assert (await house.get(f"/Patient/{id_}/_history/2")).content == put.content
    gone = await house.ask("DELETE", f"/Patient/{id_}", headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.headers["etag"], gone.content) == (204, 'W/"3"', b"")
    again = await house.ask("DELETE", f"/Patient/{id_}")
    assert (again.status_code, again.content) == (204, b"")
    deleted = issue("deleted", "the resource has been deleted")
    require_outcome(await house.get(f"/Patient/{id_}"), 410, deleted)
    require_outcome(await house.get(f"/Patient/{id_}/_history/3"), 410, deleted)
    history = await house.get(f"/Patient/{id_}/_history")
    told = history.json()
    assert (told["type"], told["total"]) == ("history", 3)
    assert [entry["request"] for entry in told["entry"]] == [
        {"method": "DELETE", "url": f"Patient/{id_}"},
        {"method": "PUT", "url": f"Patient/{id_}"},
        {"method": "POST", "url": "Patient"},
    ]
    assert [entry["response"]["status"] for entry in told["entry"]] == ["204", "200", "201"]
    assert [entry["response"]["etag"] for entry in told["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert [entry.get("resource", {}).get("active") for entry in told["entry"]] == [
        None,
        True,
        None,
    ]
    assert [entry["fullUrl"] for entry in told["entry"]] == [f"{BASE}/Patient/{id_}"] * 3
    back = await house.ask("PUT", f"/Patient/{id_}", json={**PATIENT, "id": id_})
    assert (back.status_code, back.headers["etag"]) == (200, 'W/"4"')


async def test_a_patient_with_a_record_cannot_be_deleted(house: House) -> None:
    id_ = await house.create(PATIENT)
    observation = await house.create(_observation(id_))
    require_outcome(
        await house.ask("DELETE", f"/Patient/{id_}"),
        409,
        issue("conflict", "other resources still refer to this patient; delete those first"),
    )
    assert (await house.ask("DELETE", f"/Observation/{observation}")).status_code == 204
    assert (await house.ask("DELETE", f"/Patient/{id_}")).status_code == 204


async def test_nothing_is_written_back_to_a_deleted_patient(house: House) -> None:
    id_ = await house.create(PATIENT)
    observation = await house.create(_observation(id_))
    await house.ask("DELETE", f"/Observation/{observation}")
    await house.ask("DELETE", f"/Patient/{id_}")
    body = {**_observation(id_), "id": observation}
    answer = await house.ask("PUT", f"/Observation/{observation}", json=body)
    text = "the subject is not a patient of this server"
    require_outcome(answer, 422, issue("structure", text, "Observation.subject"))


async def test_absolute_references_to_this_server_become_relative(house: House) -> None:
    id_ = await house.create(PATIENT)
    body = _observation(id_, performer=[{"reference": "https://other.example/Organization/1"}])
    body["subject"] = {"reference": f"{BASE}/Patient/{id_}"}
    made = await house.post("/Observation", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["subject"] == {"reference": f"Patient/{id_}"}
    assert made.json()["performer"] == [{"reference": "https://other.example/Organization/1"}]
    elsewhere = {**body, "subject": {"reference": f"https://other.example/Patient/{id_}"}}
    assert (await house.post("/Observation", json=elsewhere)).status_code == 422


async def test_numbers_and_characters_come_out_as_they_went_in(house: House) -> None:
    """P5: lexemes, non-BMP and variant characters, unknown extensions."""
    id_ = await house.create(PATIENT)
    text = "𠮷野家 葛\U000e0100城 \ue000 ｱﾚﾙｷﾞｰ 　"
    raw = LEXEMES.replace("TEXT", text).replace("PATIENT", id_)
    made = await house.post("/Observation", raw=raw.encode())
    assert made.status_code == 201, made.text
    # The one private use character is kept, and the sender is told where.
    assert made.headers["Warning"].startswith('199 - "private use characters were kept: ')
    assert "code.text" in made.headers["Warning"]
    observation = made.json()["id"]
    sent = raw.removeprefix('{"resourceType":"Observation",')
    for path in (f"/Observation/{observation}", f"/Observation/{observation}/_history/1"):
        assert sent in (await house.get(path)).text
    inner = sent.removesuffix("}")
    for path in (
        f"/Observation?_id={observation}",
        f"/Observation/{observation}/_history",
        f"/Patient/{id_}/$everything",
    ):
        assert inner in (await house.get(path)).text
    put = raw.replace('{"resourceType"', f'{{"id":"{observation}","resourceType"', 1)
    answer = await house.ask("PUT", f"/Observation/{observation}", raw=put.encode())
    assert answer.status_code == 200
    assert sent in answer.text
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "POST", "url": "Observation"}}],
    }
    told = json.dumps(bundle).replace('{"request"', '{"resource":' + raw + ',"request"')
    done = await house.post("/", raw=told.encode())
    assert done.status_code == 200, done.text
    new = done.json()["entry"][0]["response"]["location"]
    assert sent in (await house.get(f"/{new}")).text


async def test_searches_find_by_person_identifier_id_and_content(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    weight = await house.create(
        _observation(
            mine, effectiveDateTime="2026-01-02", identifier=[{"system": "urn:l", "value": "7"}]
        )
    )
    later = await house.create(_observation(mine, effectiveDateTime="2026-01-04"))
    other = await house.create(_observation(theirs, effectiveDateTime="2026-01-03"))
    get = house.get
    assert set(_found(await get("/Observation"))) == {weight, later, other}
    assert set(_found(await get(f"/Observation?patient={mine}"))) == {weight, later}
    assert set(_found(await get(f"/Observation?subject=Patient/{theirs}"))) == {other}
    assert _found(await get(f"/Observation?_id={later}")) == [later]
    assert _found(await get("/Observation?identifier=urn:l|7")) == [weight]
    assert _found(await get("/Observation?identifier=urn:l|8")) == []
    assert set(_found(await get(f"/Observation?patient={mine}&date=ge2026-01-03"))) == {later}
    assert _found(await get(f"/Observation?patient={mine}&_sort=-date")) == [later, weight]
    assert _found(await get("/Observation?code=http://loinc.org|29463-7&_sort=date")) == [
        weight,
        other,
        later,
    ]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    by_post = await house.post(
        f"/Observation/_search?patient={mine}", raw=b"date=lt2026-01-03", headers=form
    )
    assert _found(by_post) == [weight]
    assert by_post.json()["link"][0]["url"] == (
        f"{BASE}/Observation?patient={mine}&date=lt2026-01-03"
    )


async def test_pages_follow_their_links_to_the_end(house: House) -> None:
    id_ = await house.create(PATIENT)
    made = {await house.create(_observation(id_)) for _ in range(7)}
    url: str | None = f"{BASE}/Observation?patient={id_}&_count=3"
    pages: list[list[str]] = []
    while url is not None:
        answer = await house.get(url.removeprefix(BASE))
        assert answer.json()["total"] == 7
        pages.append(_found(answer))
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        assert links["self"] == url
        url = links.get("next")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {one for page in pages for one in page} == made
    none = await house.get(f"/Observation?patient={id_}&_count=0")
    assert none.json()["total"] == 7
    assert "entry" not in none.json()


async def test_a_search_by_a_resident_is_confined_to_their_record(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    own = await house.create(_observation(mine))
    await house.create(_observation(theirs))
    token = await house.resident(mine)
    assert _found(await house.get("/Observation", token=token)) == [own]
    assert _found(await house.get(f"/Observation?patient={mine},{theirs}", token=token)) == [own]
    assert _found(await house.get("/Patient", token=token)) == [mine]


async def test_a_search_over_too_many_people_is_refused_not_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasuki.shared.access.finding.SCAN_LIMIT", 2)
    ids = [await house.create(PATIENT) for _ in range(3)]
    answer = await house.get("/Patient?gender=female")
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["code"] == "too-costly"
    assert _found(await house.get(f"/Patient?_id={ids[1]}")) == [ids[1]]


async def test_a_provenance_belongs_to_whom_its_targets_belong(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    one, other = await house.create(_observation(mine)), await house.create(_observation(theirs))

    def provenance(*targets: str) -> dict[str, Any]:
        return {
            "resourceType": "Provenance",
            "target": [{"reference": f"Observation/{target}"} for target in targets],
            "recorded": STAMP,
            "agent": [{"who": {"display": "x"}}],
        }

    made = await house.create(provenance(one))
    assert (await house.get(f"/Provenance/{made}", token=await house.resident(mine))).is_success
    answer = await house.get(f"/Provenance/{made}", token=await house.resident(theirs))
    assert answer.status_code == 404
    both = await house.post("/Provenance", json=provenance(one, other))
    assert both.status_code == 400
    assert (await house.post("/Provenance", json=provenance("none"))).status_code == 422
