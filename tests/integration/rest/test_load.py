"""`$load` and `$quarantine`: what is valid goes in once, the rest is kept and listed."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

NDJSON = {"Content-Type": "application/fhir+ndjson"}


def _patient(id_: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "name": [{"text": f"患者{id_}"}]}


def _observation(id_: str, patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "体重"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def fifty_lines() -> list[bytes]:
    """Return 50 lines of which 5 are not acceptable: 3, 11, 20, 33 and 50."""
    resources: list[Any] = [_patient(str(n)) for n in range(1, 6)]
    resources += [_observation(f"o{n}", str(n % 5 + 1)) for n in range(45)]
    lines = [json.dumps(one, ensure_ascii=False).encode() for one in resources]
    lines[2] = b'{"resourceType":"Patient","id":"3","gender":"secret-value"}'
    lines[10] = b"{not json secret-value"
    lines[19] = b'{"resourceType":"Account","id":"a1"}'
    lines[32] = json.dumps(_observation("o-stranger", "999")).encode()
    lines[49] = b'{"resourceType":"Observation","id":"o44","status":"final","code":{"text":"x"}}'
    # Whoever belongs to the patient that was not accepted waits too: these are mended here.
    wrong = b'"reference": "Patient/3"'
    return [line.replace(wrong, wrong.replace(b"3", b"1")) for line in lines]


async def _load(house: House, lines: list[bytes], query: str = "source=h1") -> httpx2.Response:
    answer = await house.post(f"/$load?{query}", raw=b"\n".join(lines), headers=NDJSON)
    assert answer.status_code == 200, answer.text
    return answer


def _counts(answer: httpx2.Response) -> dict[str, int]:
    return {
        one["name"]: one["valueInteger"]
        for one in answer.json()["parameter"]
        if "valueInteger" in one
    }


def _issues(answer: httpx2.Response) -> list[dict[str, Any]]:
    return [
        {
            part["name"]: next(iter(v for k, v in part.items() if k != "name"))
            for part in one["part"]
        }
        for one in answer.json()["parameter"]
        if one["name"] == "issue"
    ]


REASONS = {
    3: "Patient.gender: Patient.gender must be one of female, male, other, unknown",
    11: "the body is not JSON: line 1, column 2: Expecting property name enclosed in double quotes",
    20: "this server has no such resource type",
    33: "its Patient has not been loaded",
    50: "Observation.subject must refer to a Patient",
}


async def test_what_cannot_be_accepted_is_kept_with_its_reason(house: House) -> None:
    lines = fifty_lines()
    answer = await _load(house, lines)
    assert _counts(answer) == {"created": 45, "updated": 0, "unchanged": 0, "quarantined": 5}
    told = {one["line"]: one["reason"] for one in _issues(answer)}
    assert set(told) == set(REASONS)
    for line, reason in REASONS.items():
        assert told[line].startswith(reason.split(" must be one of")[0]), told[line]
    assert "secret-value" not in answer.text
    listed = await house.get("/$quarantine")
    assert _counts(listed) == {"total": 5}
    kept = {one["line"]: base64.b64decode(one["entry"]) for one in _issues(listed)}
    assert kept == {line: lines[line - 1] for line in REASONS}
    assert {one["source"] for one in _issues(listed)} == {"h1"}


async def test_sending_again_changes_nothing(house: House) -> None:
    lines = fifty_lines()
    first = await _load(house, lines)
    before = await house.get("/$quarantine")
    tables = ("resource_head", "resource_version", "change", "source_id", "quarantine")
    rows = {table: await house.world.count(table) for table in tables}
    again = await _load(house, lines)
    assert _counts(again) == {"created": 0, "updated": 0, "unchanged": 45, "quarantined": 5}
    assert {table: await house.world.count(table) for table in tables} == rows
    assert [one["id"] for one in _issues(again)] == [one["id"] for one in _issues(first)]
    assert (await house.get("/$quarantine")).json() == before.json()


async def test_the_order_of_lines_in_one_load_does_not_matter(house: House) -> None:
    answer = await _load(house, fifty_lines()[::-1])
    assert _counts(answer)["created"] == 45


async def test_chunks_may_come_in_any_order_where_people_come_first(house: House) -> None:
    lines = fifty_lines()
    people, rest = lines[:5], lines[5:]
    assert _counts(await _load(house, people))["created"] == 4
    late = await _load(house, rest[20:], "source=h1&firstLine=26")
    assert _counts(late) == {"created": 23, "updated": 0, "unchanged": 0, "quarantined": 2}
    assert [one["line"] for one in _issues(late)] == [33, 50]
    assert _counts(await _load(house, rest[:20], "source=h1&firstLine=6"))["created"] == 18


async def test_what_came_too_early_is_taken_when_it_is_sent_again(house: House) -> None:
    observation = json.dumps(_observation("o1", "1")).encode()
    early = await _load(house, [observation])
    assert _counts(early)["quarantined"] == 1
    patient = json.dumps(_patient("1")).encode()
    assert _counts(await _load(house, [patient, observation]))["created"] == 2
    assert _counts(await house.get("/$quarantine")) == {"total": 0}


async def test_a_mended_entry_leaves_the_quarantine(house: House) -> None:
    good = _patient("1")
    bad = json.dumps({**good, "gender": "x"}).encode()
    await _load(house, [bad])
    worse = json.dumps({**good, "gender": "y", "birthDate": "z"}).encode()
    await _load(house, [worse])
    (kept,) = _issues(await house.get("/$quarantine"))
    assert base64.b64decode(kept["entry"]) == worse
    await _load(house, [json.dumps(good).encode()], "source=another")
    assert len(_issues(await house.get("/$quarantine"))) == 1
    await _load(house, [json.dumps(good).encode()])
    assert _issues(await house.get("/$quarantine")) == []


async def test_a_profile_can_say_how_much_of_it_could_not_be_read(house: House) -> None:
    faulty = json.dumps({**_observation("o1", "1"), "status": "x"}).encode()
    found = await _load(house, [json.dumps(_patient("1")).encode(), faulty, faulty])
    assert _counts(found) == {"created": 1, "updated": 0, "unchanged": 0, "quarantined": 2}
    (entry,) = (await house.get("/Patient")).json()["entry"]
    everything = await house.get(f"/Patient/{entry['resource']['id']}/$everything")
    note = everything.json()["entry"][-1]
    assert note["search"] == {"mode": "outcome"}
    assert note["resource"]["issue"] == [issue("incomplete", "unreadable: 1", severity="warning")]


async def test_changed_lines_become_versions_digit_by_digit(house: House) -> None:
    def weight(lexeme: str) -> bytes:
        body = json.dumps(_observation("o1", "1", valueQuantity={"value": "LEXEME"}))
        return body.replace('"LEXEME"', lexeme).encode()

    patient = json.dumps(_patient("1")).encode()
    await _load(house, [patient, weight("72.5")])
    assert _counts(await _load(house, [weight("72.5")]))["unchanged"] == 1
    assert _counts(await _load(house, [weight("72.50")]))["updated"] == 1
    (entry,) = (await house.get("/Observation")).json()["entry"]
    read = await house.get(f"/Observation/{entry['resource']['id']}")
    assert '"value":72.50' in read.text
    assert read.headers["etag"] == 'W/"2"'
    turned = json.loads(patient)
    turned = json.dumps(dict(reversed(turned.items()))).encode()
    assert _counts(await _load(house, [turned]))["unchanged"] == 1


async def test_private_use_characters_are_kept_and_told(house: House) -> None:
    plain, gaiji = _patient("1"), {**_patient("2"), "name": [{"text": "\ue000\U000f0001田"}]}
    bad = {**_patient("3"), "name": [{"text": "\ue000"}], "gender": "x"}
    escaped = json.dumps(gaiji).encode()
    as_is = json.dumps({**gaiji, "id": "4"}, ensure_ascii=False).encode()
    fine = json.dumps({**plain, "name": [{"text": "髙"}]}).encode()
    lines = [json.dumps(plain).encode(), escaped, json.dumps(bad).encode(), as_is, fine]
    answer = await _load(house, lines)
    assert _counts(answer) == {"created": 3, "updated": 1, "unchanged": 0, "quarantined": 1}
    told = [(one["line"], one["severity"], one["reason"]) for one in _issues(answer)]
    words = "Patient.name[0].text: private use characters were kept"
    assert told[1:] == [(2, "warning", words), (4, "warning", words)]
    assert told[0][:2] == (3, "error")
    held = (await house.get("/Patient")).json()["entry"]
    assert "\ue000\U000f0001田" in {one["resource"]["name"][0]["text"] for one in held}


async def test_a_line_twice_in_one_load_is_two_versions_or_one(house: House) -> None:
    patient = _patient("1")
    lines = [patient, patient, {**patient, "active": True}, {**patient, "active": False}]
    answer = await _load(house, [json.dumps(one).encode() for one in lines])
    assert _counts(answer) == {"created": 1, "updated": 2, "unchanged": 1, "quarantined": 0}
    (entry,) = (await house.get("/Patient")).json()["entry"]
    assert entry["resource"]["active"] is False
    assert entry["resource"]["meta"]["versionId"] == "3"


async def test_references_are_ours_and_the_source_s_ids_are_nowhere(house: House) -> None:
    organization = {"resourceType": "Organization", "id": "chart-org", "name": "病院"}
    lines = [
        _observation("chart-obs", "chart-1", performer=[{"reference": "Organization/chart-org"}]),
        _patient("chart-1"),
        organization,
    ]
    answer = await _load(house, [json.dumps(one).encode() for one in lines])
    assert _counts(answer)["created"] == 3
    (entry,) = (await house.get("/Observation")).json()["entry"]
    found = entry["resource"]
    assert "chart-" not in json.dumps({**found, "code": None})
    subject = await house.get(f"/{found['subject']['reference']}")
    assert subject.json()["name"] == [{"text": "患者chart-1"}]
    performer = await house.get(f"/{found['performer'][0]['reference']}")
    assert performer.json()["name"] == "病院"


async def test_two_hospitals_may_use_the_same_ids(house: House) -> None:
    patient = json.dumps(_patient("1")).encode()
    for source in ("h1", "h2"):
        assert _counts(await _load(house, [patient], f"source={source}"))["created"] == 1
    assert (await house.get("/Patient")).json()["total"] == 2


async def test_the_subject_of_a_loaded_resource_never_changes(house: House) -> None:
    people = [json.dumps(_patient(n)).encode() for n in ("1", "2")]
    await _load(house, [*people, json.dumps(_observation("o1", "1")).encode()])
    answer = await _load(house, [json.dumps(_observation("o1", "2")).encode()])
    (kept,) = _issues(answer)
    assert kept["reason"] == "its subject is another than before"


async def test_blank_lines_are_no_entries(house: House) -> None:
    patient = json.dumps(_patient("1")).encode()
    assert _counts(await _load(house, [b"", patient, b"  ", b"\r"]))["created"] == 1
    assert _counts(await _load(house, [b""])) == {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "quarantined": 0,
    }


async def test_a_load_is_ndjson_and_needs_the_scopes(house: House) -> None:
    answer = await house.post("/$load?source=h1", raw=b"{}")
    assert answer.status_code == 415
    patient = json.dumps(_patient("1")).encode()
    answer = await house.post("/$load?source=h1", raw=patient, headers=NDJSON, token="reader")
    text = "the access token does not carry the scope this needs: Patient.c"
    require_outcome(answer, 403, issue("forbidden", text))
    assert await house.world.count("resource_head") == 0
    assert await house.world.count("source_id") == 0


async def test_too_many_lines_are_413(house: House) -> None:
    answer = await house.post("/$load?source=h1", raw=b"{}\n" * 5_001, headers=NDJSON)
    require_outcome(answer, 413, issue("too-long", "a load may have 5,000 lines at most"))


async def test_the_answers_are_valid_parameters_of_this_server(house: House) -> None:
    answer = await _load(house, fifty_lines())
    assert answer.json()["resourceType"] == "Parameters"
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert str(answer.url).startswith(BASE)


async def test_what_breaks_a_rule_and_can_be_read_is_kept_and_told(house: House) -> None:
    """An allergy without its status, as many systems send it, must not be missing at a shelter."""
    about = {"reference": "Patient/1"}
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": about}
    ended = {
        "resourceType": "Condition",
        "id": "c1",
        "abatementDateTime": "2020",
        "subject": about,
    }
    bad = {**allergy, "id": "a2", "type": "nonsense"}
    lines = [json.dumps(one).encode() for one in (_patient("1"), allergy, ended, bad)]
    answer = await _load(house, lines)
    assert _counts(answer) == {"created": 3, "updated": 0, "unchanged": 0, "quarantined": 1}
    told = {(one["line"], one["severity"]): one["reason"] for one in _issues(answer)}
    assert set(told) == {(2, "warning"), (3, "warning"), (4, "error")}
    assert told[(2, "warning")].endswith("is required unless it was entered in error")
    # One at a time it is refused: its sender is there to mend it.
    alone = {**ended, "subject": {"reference": "Patient/x"}}
    assert (await house.post("/Condition", json=alone)).status_code == 422


async def test_a_my_number_is_not_even_kept_among_what_was_put_aside(house: House) -> None:
    held = _patient("7") | {"identifier": [{"value": "123456789018"}]}
    answer = await _load(house, [json.dumps(held).encode()])
    assert _counts(answer)["quarantined"] == 1
    assert "must not be kept" in answer.text
    aside = (await house.ask("GET", "/$quarantine")).json()
    entry = next(
        base64.b64decode(part["valueBase64Binary"])
        for one in aside["parameter"]
        for part in one.get("part", [])
        if part["name"] == "entry"
    )
    assert b"123456789018" not in entry
    assert b"a My Number is not kept" in entry
    posted = await house.post("/Patient", json=held)
    assert posted.status_code == 422
    assert "123456789018" not in posted.text
