"""Conditions and links in a transaction. https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.bundling import asking, bundle_of
from tests.integration.rest.house import BASE, issue, require_outcome

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

SYSTEM = "urn:oid:1.2.3"
SAME = "two entries of a transaction name the same resource"
EXACTLY = "a conditional reference must find one resource exactly"


def _patient(value: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}], **more}


def _flag(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


def _by(value: str) -> str:
    return f"identifier={SYSTEM}|{value}"


async def _told(house: House, *entries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = await house.post("/", json=bundle_of(*entries), **more)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["entry"]
    return told


def _id(entry: dict[str, Any]) -> str:
    return str(entry["response"]["location"].split("/")[1])


async def test_conditional_entries_find_what_is_there_and_make_what_is_not(house: House) -> None:
    here = await house.create(_patient("here"))
    told = await _told(
        house,
        asking("POST", "Patient", _patient("here"), "urn:uuid:1", ifNoneExist=_by("here")),
        asking("POST", "Patient", _patient("new"), "urn:uuid:2", ifNoneExist=_by("new")),
        asking("PUT", f"Patient?{_by('put')}", _patient("put"), "urn:uuid:3"),
        asking("DELETE", f"Patient?{_by('none')}"),
        *(asking("POST", "Flag", _flag(f"urn:uuid:{number}")) for number in (1, 2, 3)),
    )
    assert [one["response"]["status"] for one in told] == [
        "200",
        "201",
        "201",
        "204",
        "201",
        "201",
        "201",
    ]
    assert told[0]["response"]["location"] == f"Patient/{here}/_history/1"
    for entry, flag in zip(told, told[4:], strict=False):
        read = (await house.get(f"/Flag/{_id(flag)}")).json()
        assert read["subject"]["reference"] == f"Patient/{_id(entry)}"
    again = await _told(
        house,
        asking("PUT", f"Patient?{_by('put')}", _patient("put"), ifMatch='W/"1"'),
        asking("DELETE", "Flag?identifier=none"),
        asking("PUT", f"Patient?{_by('new')}", _patient("new", id=_id(told[1]))),
    )
    assert [one["response"].get("etag") for one in again] == ['W/"2"', None, 'W/"2"']


@pytest.mark.parametrize(
    ("entries", "status", "text"),
    [
        (
            [
                asking("PUT", f"Patient?{_by('1')}", _patient("1")),
                asking("PUT", f"Patient?{_by('1')}&active=true", _patient("1", active=True)),
            ],
            400,
            SAME,
        ),
        (
            [
                asking("POST", "Patient", _patient("1"), ifNoneExist=_by("1")),
                asking("POST", "Patient", _patient("1")),
            ],
            400,
            SAME,
        ),
        (
            [
                asking("POST", "Patient", _patient("here"), ifNoneExist=_by("here")),
                asking("DELETE", f"Patient?{_by('here')}"),
            ],
            400,
            SAME,
        ),
        (
            [
                asking("PUT", f"Patient?{_by('here')}", _patient("here")),
                asking("PUT", "Patient?identifier=here", _patient("here")),
            ],
            400,
            SAME,
        ),
        (
            [asking("PUT", f"Patient?{_by('twice')}", _patient("twice"))],
            412,
            "several resources match the condition",
        ),
        (
            [asking("PUT", f"Patient?{_by('none')}", _patient("none"), ifMatch='W/"1"')],
            412,
            "no resource matches the condition",
        ),
        (
            [asking("PUT", f"Patient?{_by('here')}", _patient("here"), ifMatch='W/"9"')],
            412,
            "the newest version is 1; read it before changing it",
        ),
        ([asking("POST", "Flag", _flag(f"Patient?{_by('twice')}"))], 412, None),
        ([asking("POST", "Flag", _flag(f"Patient?{_by('none')}"))], 412, EXACTLY),
        ([asking("POST", "Flag", _flag("Patient?nonsense=1"))], 400, None),
        ([asking("POST", "Flag", _flag("Account?name=1"))], 422, None),
        (
            [
                asking("POST", "Patient", _patient("1")),
                asking("POST", "Patient", _patient("1")),
                asking("POST", "Flag", _flag(f"Patient?{_by('1')}")),
            ],
            412,
            EXACTLY,
        ),
    ],
)
async def test_what_is_not_one_thing_fails_the_whole(
    house: House, entries: list[dict[str, Any]], status: int, text: str | None
) -> None:
    for value in ("here", "twice", "twice"):
        await house.create(_patient(value))
    answer = await house.post(
        "/", json=bundle_of(*entries, asking("POST", "Patient", _patient("x")))
    )
    assert answer.status_code == status, answer.text
    (told,) = answer.json()["issue"]
    assert text is None or told["diagnostics"] == text
    assert told["expression"]
    assert await house.world.count("resource_version") == 3


async def test_a_conditional_reference_finds_what_is_here_or_comes(house: House) -> None:
    here = await house.create(_patient("here"))
    told = await _told(
        house,
        asking("POST", "Flag", _flag(f"Patient?{_by('here')}")),
        asking("POST", "Flag", _flag(f"{BASE}/Patient?{_by('here')}")),
        asking("POST", "Flag", _flag(f"Patient?{_by('new')}")),
        asking("POST", "Patient", _patient("new")),
    )
    subjects = [
        (await house.get(f"/Flag/{_id(one)}")).json()["subject"]["reference"] for one in told[:3]
    ]
    assert subjects == [f"Patient/{here}", f"Patient/{here}", f"Patient/{_id(told[3])}"]


async def test_every_link_to_an_entry_is_renamed_and_no_text(house: House) -> None:
    urn = "urn:uuid:6f1c9a10-0000-4000-8000-000000000001"
    put = await house.create({"resourceType": "Organization", "name": "病院"})
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="{0}">{0}</a></div>'
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "text": {"status": "generated", "div": div.format(urn)},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn}],
        "subject": {"reference": f"{urn}/_history/7"},
        "custodian": {"reference": "urn:oid:1.2.3/_history/1"},
        "description": urn,
        "content": [{"attachment": {"url": urn, "title": urn}}],
        "extension": [{"url": "urn:x", "valueUri": urn}, {"url": "urn:y", "valueCanonical": urn}],
    }
    told = await _told(
        house,
        asking("POST", "DocumentReference", document),
        asking("POST", "Patient", _patient("1"), urn),
        asking(
            "PUT",
            f"Organization/{put}",
            {"resourceType": "Organization", "id": put, "name": "病院"},
            "urn:oid:1.2.3",
        ),
    )
    local = f"Patient/{_id(told[1])}"
    read = (await house.get(f"/DocumentReference/{_id(told[0])}")).json()
    assert read["text"]["div"] == div.replace('"{0}"', f'"{local}"').format(urn)
    assert read["subject"]["reference"] == f"{local}/_history/1"
    assert read["custodian"]["reference"] == f"Organization/{put}/_history/2"
    assert read["content"] == [{"attachment": {"url": local, "title": urn}}]
    assert [one.get("valueUri") or one["valueCanonical"] for one in read["extension"]] == [
        local,
        urn,
    ]
    assert (read["identifier"], read["description"]) == (document["identifier"], urn)


async def test_reading_entries_see_what_was_written(house: House) -> None:
    id_ = await house.create(_patient("1"))
    told = await _told(
        house,
        asking("GET", f"Patient/{id_}/_history/1"),
        asking("GET", f"Patient/{id_}/_history?_count=1"),
        asking("GET", "Patient/_history"),
        asking("GET", f"{BASE}/_history"),
        asking("HEAD", f"Patient/{id_}"),
        asking("GET", f"Patient/{id_}", ifNoneMatch='W/"2"'),
        asking("GET", f"Patient/{id_}", ifModifiedSince="Mon, 05 Jan 2026 01:02:02 GMT"),
        asking("PUT", f"Patient/{id_}", _patient("1", id=id_)),
    )
    assert [one["response"]["status"] for one in told] == ["200"] * 5 + ["304", "200", "200"]
    assert told[0]["resource"]["meta"]["versionId"] == "1"
    assert [len(one["resource"]["entry"]) for one in told[1:4]] == [1, 2, 2]
    assert [list(one) for one in told[4:6]] == [["response"], ["response"]]
    assert told[6]["resource"]["meta"]["versionId"] == "2"


@pytest.mark.parametrize("prefer", ["minimal", "representation", "OperationOutcome"])
async def test_a_bundle_says_what_to_send_back_for_each(house: House, prefer: str) -> None:
    id_ = await house.create(_patient("1"))
    told = await _told(
        house,
        asking("POST", "Patient", _patient("2")),
        asking("POST", "Patient", _patient("1"), ifNoneExist=_by("1")),
        asking("DELETE", "Patient?identifier=none"),
        headers={"Prefer": f"return={prefer}"},
    )
    bodies = [one.get("resource", {}).get("identifier", [{}])[0].get("value") for one in told]
    assert bodies == (["2", "1", None] if prefer == "representation" else [None] * 3)
    assert all(("outcome" in one["response"]) == (prefer == "OperationOutcome") for one in told)
    assert _id(told[1]) == id_


async def test_a_person_and_their_record_are_deleted_together(house: House) -> None:
    id_ = await house.create(_patient("1"))
    flag = await house.create(_flag(f"Patient/{id_}"))
    told = await _told(house, asking("DELETE", f"Patient/{id_}"), asking("DELETE", f"Flag/{flag}"))
    assert [one["response"]["status"] for one in told] == ["204", "204"]


async def test_provenance_and_binary_belong_to_whom_they_are_about(house: House) -> None:
    mine = await house.create(_patient("1"))
    token = await house.resident(mine)
    provenance = {
        "resourceType": "Provenance",
        "recorded": "2026-01-05T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
        "target": [{"reference": "urn:uuid:1"}],
    }
    binary = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "data": "YQ==",
        "securityContext": {"reference": "urn:uuid:2"},
    }
    told = await _told(
        house,
        asking("POST", "Provenance", provenance, "urn:uuid:2"),
        asking("POST", "Flag", _flag(f"Patient/{mine}"), "urn:uuid:1"),
        asking("POST", "Binary", binary),
        token=token,
    )
    assert [one["response"]["status"] for one in told] == ["201"] * 3
    rows = await house.world.rows(
        f"SELECT DISTINCT owner FROM resource_head WHERE tenant = '{house.world.tenant}'"
    )
    assert [row["owner"] for row in rows] == [mine]
    circle = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Binary", binary, "urn:uuid:1"),
            asking("POST", "Provenance", provenance, "urn:uuid:2"),
        ),
        token=token,
    )
    text = "resources that are about each other in a circle"
    require_outcome(circle, 422, issue("structure", text))


async def test_a_search_in_a_bundle_is_the_search_it_says(house: House) -> None:
    id_ = await house.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
    for kind in ("transaction", "batch"):
        asked = bundle_of(
            asking("GET", "Patient?name=能登"), asking("GET", f"Patient?_id={id_}&_count=0")
        )
        answer = await house.post("/", json={**asked, "type": kind})
        first, second = [entry["resource"] for entry in answer.json()["entry"]]
        assert [entry["resource"]["id"] for entry in first["entry"]] == [id_]
        assert (first["type"], first["total"], second["total"]) == ("searchset", 1, 1)
    refused = await house.post("/", json=bundle_of(asking("GET", "Patient?nonsense=x")))
    assert refused.status_code == 400
