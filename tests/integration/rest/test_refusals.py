"""What is refused, and in which words. https://hl7.org/fhir/R4/http.html"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import MAX_BODY, issue, require_outcome

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

LOGIN = issue("login", "This access token is not valid here. Please sign in again.")
NOT_FOUND = issue("not-found", "no such resource")
XML_BODY = issue(
    "not-supported", "send application/fhir+json or application/json; XML is not supported"
)
XML_ANSWER = issue("not-supported", "this server answers in JSON of FHIR R4 only, not in XML")
PATIENT = {"resourceType": "Patient"}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic aG9zcGl0YWw6", "hospital", "bearer x y"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Patient/x"),
        ("GET", "/Patient"),
        ("GET", "/Nonsense"),
        ("POST", "/Patient"),
        ("PUT", "/Patient/x"),
        ("DELETE", "/Patient/x"),
        ("POST", "/"),
        ("POST", "/$load?source=x"),
        ("GET", "/$quarantine"),
        ("GET", "/$changes"),
        ("GET", "/$disclosures?token=00"),
        ("GET", "/$checkpoint"),
        ("POST", "/$cosignature"),
        ("GET", "/Patient/x/$everything"),
    ],
)
async def test_without_a_valid_token_every_door_says_the_same(
    house: House, header: str | None, method: str, path: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await house.ask(method, path, token=None, headers=headers)
    require_outcome(answer, 401, LOGIN)
    challenges = 'Bearer error="invalid_token", DPoP algs="ES256 ES384"'
    assert answer.headers["www-authenticate"] == challenges


@pytest.mark.parametrize("media", ["application/fhir+xml", "text/plain", "", "multipart/form-data"])
async def test_a_body_that_is_not_json_is_415(house: House, media: str) -> None:
    answer = await house.post("/Patient", raw=b"<Patient/>", headers={"Content-Type": media})
    require_outcome(answer, 415, XML_BODY)


async def test_a_compressed_body_is_415(house: House) -> None:
    answer = await house.post("/Patient", json=PATIENT, headers={"Content-Encoding": "gzip"})
    require_outcome(
        answer, 415, issue("not-supported", "compressed request bodies are not accepted")
    )


@pytest.mark.parametrize("asked", [{"headers": {"Accept": "application/fhir+xml"}}, {"q": "xml"}])
async def test_an_answer_in_xml_is_406(house: House, asked: dict[str, Any]) -> None:
    suffix = f"?_format={asked['q']}" if "q" in asked else ""
    headers = asked.get("headers", {})
    for path in (f"/Patient/x{suffix}", f"/Patient{suffix}", f"/Patient/x/_history{suffix}"):
        require_outcome(await house.get(path, headers=headers), 406, XML_ANSWER)
    answer = await house.post(f"/Patient{suffix}", json=PATIENT, headers=headers)
    require_outcome(answer, 406, XML_ANSWER)
    assert await house.world.count("resource_head") == 0


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            b"{",
            "the body is not JSON: line 1, column 2: Expecting property name enclosed in double quotes",
        ),
        (b"", "the body is not JSON: line 1, column 1: Expecting value"),
        (b"[]", "the body must be one JSON object"),
        (b"\xff", "the body is not UTF-8 at byte 0"),
        (
            b'{"resourceType":"Patient","active":true,"active":false}',
            "an object has the key 'active' twice",
        ),
        (
            b'{"resourceType":"Patient","name":[{"text":"a\\u0000b"}]}',
            "a text holds the character U+0000",
        ),
        (
            b'{"resourceType":"Patient","name":[{"text":"\\ud800"}]}',
            "a text holds half a character (a lone surrogate)",
        ),
        (
            b'{"resourceType":"Patient","x":' + b"[" * 40 + b"]" * 40 + b"}",
            "the body nests deeper than 32 levels",
        ),
        (b'{"resourceType":"Patient","x":NaN}', "NaN is not a JSON number"),
    ],
)
async def test_json_that_cannot_be_read_one_way_is_400(house: House, raw: bytes, text: str) -> None:
    require_outcome(await house.post("/Patient", raw=raw), 400, issue("invalid", text))
    require_outcome(await house.post("/", raw=raw), 400, issue("invalid", text))


async def test_a_body_without_a_type_is_400(house: House) -> None:
    text = "a FHIR resource needs a resourceType, for example Patient"
    answer = await house.post("/Patient", json={"active": True})
    require_outcome(answer, 400, issue("invalid", text, "resourceType"))


async def test_another_type_in_the_body_than_in_the_path_is_400(house: House) -> None:
    told = issue("invalid", "the body is not a Patient", "resourceType")
    body = {"resourceType": "Device"}
    require_outcome(await house.post("/Patient", json=body), 400, told)
    answer = await house.ask("PUT", "/Patient/x", json={**body, "id": "x"})
    require_outcome(answer, 400, told)


async def test_another_id_in_the_body_than_in_the_path_is_400(house: House) -> None:
    told = issue("invalid", "the id in the body is not the id in the path", "id")
    for body in (PATIENT, {**PATIENT, "id": "y"}):
        require_outcome(await house.ask("PUT", "/Patient/x", json=body), 400, told)


async def test_a_type_that_is_not_served_is_404(house: House) -> None:
    told = issue("not-found", "this server has no such resource type")
    for path in ("/Account/1", "/Account", "/patient/1", "/Account/1/_history"):
        require_outcome(await house.get(path), 404, told)
    answer = await house.post("/Account", json={"resourceType": "Account"})
    require_outcome(answer, 404, told)


@pytest.mark.parametrize("id_", ["%00", "a%20b", "a" * 65, "%F0%A0%AE%B7", "a%00b", "'--"])
async def test_what_cannot_be_an_id_is_not_there(house: House, id_: str) -> None:
    for path in (f"/Patient/{id_}", f"/Patient/{id_}/_history", f"/Patient/{id_}/_history/1"):
        require_outcome(await house.get(path), 404, NOT_FOUND)
    require_outcome(await house.get(f"/Patient/{id_}/$everything"), 404, NOT_FOUND)
    require_outcome(await house.ask("DELETE", f"/Patient/{id_}"), 404, NOT_FOUND)


@pytest.mark.parametrize("version", ["0", "2", "x", "1.0", "-1", "9999999999", "%00", "²"])
async def test_what_is_no_version_is_not_there(house: House, version: str) -> None:
    id_ = await house.create(PATIENT)
    require_outcome(await house.get(f"/Patient/{id_}/_history/{version}"), 404, NOT_FOUND)


async def test_too_large_a_body_is_413(house: House) -> None:
    raw = json.dumps({**PATIENT, "name": [{"text": "a" * MAX_BODY}]}).encode()
    told = issue("too-long", "a request body may have 200,000 bytes at most")
    require_outcome(await house.post("/Patient", raw=raw), 413, told)
    require_outcome(await house.post("/", raw=raw), 413, told)


async def test_structure_faults_come_all_at_once_with_their_places(house: House) -> None:
    body = {**PATIENT, "gender": "x", "birthDate": "1950-13-01", "nonsense": 1}
    answer = await house.post("/Patient", json=body)
    assert answer.status_code == 422
    told = {entry["expression"][0]: entry["diagnostics"] for entry in answer.json()["issue"]}
    assert set(told) == {"Patient.gender", "Patient.birthDate", "Patient.nonsense"}
    assert "1950-13-01" not in answer.text
    assert await house.world.count("resource_head") == 0


@pytest.mark.parametrize("char", ["\x07", "\x1b", "\x7f", "\x85", "\ufffe"])
async def test_control_characters_are_refused(house: House, char: str) -> None:
    answer = await house.post("/Patient", json={**PATIENT, "name": [{"text": f"a{char}b"}]})
    assert answer.status_code == 422
    first = answer.json()["issue"][0]
    at = "Patient.name[0].text"
    assert first == issue("structure", f"{at} holds a control character", at)


@pytest.mark.parametrize("text", ["\ue000", "\U000f0001", "𠮷野家", "葛\U000e0100城"])
async def test_gaiji_and_rare_characters_are_accepted(house: House, text: str) -> None:
    id_ = await house.create({**PATIENT, "name": [{"text": text}]})
    read = await house.get(f"/Patient/{id_}")
    assert read.json()["name"] == [{"text": text}]


async def test_a_stale_etag_is_412_and_a_strange_one_400(house: House) -> None:
    id_ = await house.create(PATIENT)
    body = {**PATIENT, "id": id_}
    for told in ('W/"2"', '"7"', 'W/"x"', '"2147483648000"'):
        answer = await house.ask("PUT", f"/Patient/{id_}", json=body, headers={"If-Match": told})
        require_outcome(
            answer, 412, issue("conflict", "the newest version is 1; read it before changing it")
        )
        answer = await house.ask("DELETE", f"/Patient/{id_}", headers={"If-Match": told})
        assert answer.status_code == 412
    for strange in ("1", "*", 'W/"1", W/"2"', ""):
        answer = await house.ask("PUT", f"/Patient/{id_}", json=body, headers={"If-Match": strange})
        require_outcome(
            answer,
            400,
            issue("invalid", 'If-Match must be an ETag of this server, such as W/"3"'),
        )
    assert await house.world.count("resource_version") == 1


async def test_the_subject_of_a_resource_never_changes(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{mine}"},
    }
    id_ = await house.create(flag)
    for other in (theirs, "nobody"):
        changed = {**flag, "id": id_, "subject": {"reference": f"Patient/{other}"}}
        require_outcome(
            await house.ask("PUT", f"/Flag/{id_}", json=changed),
            422,
            issue(
                "structure",
                "the subject of a resource cannot change; delete it and create another",
                "Flag.subject",
            ),
        )


async def test_a_subject_who_is_not_here_is_422(house: House) -> None:
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/nobody"},
    }
    require_outcome(
        await house.post("/Flag", json=flag),
        422,
        issue("structure", "the subject is not a patient of this server", "Flag.subject"),
    )


async def test_another_person_s_record_is_as_if_it_were_not_there(house: House) -> None:
    """P2: same status, same headers, same bytes, at every door."""
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{theirs}"},
    }
    flag_id = await house.create(flag)
    token = await house.resident(mine)
    absent = "00000000-0000-4000-8000-000000000000"
    doors: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/Flag/{}", None),
        ("GET", "/Flag/{}/_history", None),
        ("GET", "/Flag/{}/_history/1", None),
        ("DELETE", "/Flag/{}", None),
        ("PUT", "/Flag/{}", {**flag, "subject": {"reference": f"Patient/{mine}"}}),
    ]
    for method, path, body in doors:
        told = []
        for id_ in (flag_id, absent):
            more = {} if body is None else {"json": {**body, "id": id_}}
            answer = await house.ask(method, path.format(id_), token=token, **more)
            told.append((answer.status_code, answer.headers.multi_items(), answer.content))
        assert told[0] == told[1], (method, path)
        assert told[0][0] == 404
    for path in ("/Patient/{}", "/Patient/{}/$everything"):
        told = []
        for id_ in (theirs, absent):
            answer = await house.get(path.format(id_), token=token)
            told.append((answer.status_code, answer.headers.multi_items(), answer.content))
        assert told[0] == told[1], path
        assert told[0][0] == 404
    for body_of in (theirs, absent):
        told_flag = {**flag, "subject": {"reference": f"Patient/{body_of}"}}
        require_outcome(await house.post("/Flag", json=told_flag, token=token), 404, NOT_FOUND)
    for query in (f"/Flag?_id={flag_id}", f"/Flag?_id={absent}", "/Flag", "/Flag?date=ge1950"):
        found = await house.get(query, token=token)
        assert found.status_code == 200
        assert found.json()["total"] == 0
        assert "entry" not in found.json()
    for subject in (theirs, absent):
        answer = await house.get(f"/Flag?patient=Patient/{subject}", token=token)
        require_outcome(answer, 404, NOT_FOUND)


async def test_a_refusal_without_secrecy_is_403(house: House) -> None:
    id_ = await house.create(PATIENT)
    house.decider.rulings[id_] = Ruling.refuse("Consent/c1")
    told = issue("forbidden", "you may not see or change this record for this purpose")
    for path in (f"/Patient/{id_}", f"/Patient/{id_}/$everything", f"/Patient?_id={id_}"):
        require_outcome(await house.get(path, token="clinician"), 403, told)


@pytest.mark.parametrize(
    ("token", "method", "path", "scope"),
    [
        ("reader", "GET", "/Flag/x", "Flag.r"),
        ("reader", "GET", "/Patient", "Patient.s"),
        ("reader", "DELETE", "/Patient/x", "Patient.d"),
        ("clinician", "GET", "/$changes", "tasuki/feed"),
        ("clinician", "GET", "/$checkpoint", "tasuki/feed"),
        ("clinician", "POST", "/$cosignature", "tasuki/feed"),
        ("reader", "GET", "/$quarantine", "Bundle.r"),
        ("reader", "GET", "/$disclosures?token=00", "system/AuditEvent.s"),
        ("hospital", "GET", "/$disclosures?token=00", "system/AuditEvent.s"),
        ("reader", "GET", "/Patient/x/$everything?_type=Flag", "Flag.r"),
    ],
)
async def test_a_token_without_the_scope_is_403(
    house: House, token: str, method: str, path: str, scope: str
) -> None:
    require_outcome(
        await house.ask(method, path, token=token),
        403,
        issue("forbidden", f"the access token does not carry the scope this needs: {scope}"),
    )


@pytest.mark.parametrize(
    "path",
    [
        "/$changes?since=-1",
        "/$changes?since=x",
        "/$changes?since=" + "9" * 30,
        "/$changes?count=0",
        "/$changes?count=100000",
        "/$changes?wait=99",
        "/$changes?wait=nan",
        "/$changes?types=a%27",
        "/$checkpoint?old=-1",
        "/$checkpoint?old=x",
        "/$checkpoint?old=" + "9" * 30,
        "/$disclosures",
        "/$disclosures?token=xyz",
        "/$disclosures?token=%00",
        "/$disclosures?" + "&".join("token=00" for _ in range(21)),
    ],
)
async def test_parameters_out_of_bounds_are_400(house: House, path: str) -> None:
    told = issue("invalid", "a parameter of the request is not valid")
    require_outcome(await house.get(path), 400, told)


@pytest.mark.parametrize("query", ["", "?source=", "?source=a%20b", "?source=x&firstLine=0"])
async def test_a_load_names_its_source(house: House, query: str) -> None:
    answer = await house.post(
        f"/$load{query}", raw=b"{}", headers={"Content-Type": "application/fhir+ndjson"}
    )
    require_outcome(answer, 400, issue("invalid", "a parameter of the request is not valid"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/a/b/c/d", 404),
        ("PATCH", "/", 405),
        ("GET", "/", 400),
        ("GET", "/Patient/", 404),
        ("PUT", "/", 405),
    ],
)
async def test_paths_and_methods_that_are_not_there(
    house: House, method: str, path: str, status: int
) -> None:
    answer = await house.ask(method, path)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_a_defect_shows_nothing_of_itself(house: House) -> None:
    answer = await house.get("/$explode")
    require_outcome(
        answer, 500, issue("transient", "the server has a defect; the request was not done")
    )


async def test_a_defect_in_the_database_shows_nothing_of_itself(own_house: House) -> None:
    id_ = await own_house.create(PATIENT)
    await own_house.world.rows("ALTER TABLE audit_leaf RENAME TO gone")
    answer = await own_house.get(f"/Patient/{id_}")
    require_outcome(
        answer, 500, issue("transient", "the server has a defect; the request was not done")
    )
