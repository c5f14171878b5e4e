"""patch over HTTP. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import issue, require_outcome

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

JSON_PATCH = "application/json-patch+json"
IDENTIFIER = {"system": "urn:oid:1.2.3", "value": "1"}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "identifier": [IDENTIFIER], "active": False}
BY = "identifier=urn:oid:1.2.3|1"


def _operations(value: Any, path: str = "/active") -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


def _parameters(value: Any) -> dict[str, Any]:
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.active"},
        {"name": "value", "valueBoolean": value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


async def _patch(house: House, path: str, document: Any, **headers: str) -> httpx2.Response:
    kind = JSON_PATCH if isinstance(document, list) else "application/fhir+json"
    raw = json.dumps(document).encode()
    return await house.ask("PATCH", path, raw=raw, headers={"Content-Type": kind, **headers})


@pytest.mark.parametrize("document", [_operations(value=True), _parameters(value=True)])
async def test_a_patch_makes_a_further_version(house: House, document: Any) -> None:
    id_ = await house.create(PATIENT)
    for number, path in enumerate((f"/Patient/{id_}", f"/Patient?{BY}"), start=2):
        answer = await _patch(house, path, document, **{"If-Match": f'W/"{number - 1}"'})
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == f'W/"{number}"'
        assert answer.headers["location"].endswith(f"/Patient/{id_}/_history/{number}")
        assert answer.json()["active"] is True
        assert answer.json()["identifier"] == [IDENTIFIER]
    (newest, _, _) = (await house.get(f"/Patient/{id_}/_history")).json()["entry"]
    assert newest["request"] == {"method": "PATCH", "url": f"Patient/{id_}"}
    async with house.world.store.unit() as unit:
        (leaf,) = [e for e in await unit.audit_events([id_], 9) if b'"patch"' in e][:1]
    assert b'"U"' in leaf


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (_operations("yes"), 422),
        (_operations("x", "/id"), 422),
        (_operations("Device", "/resourceType"), 422),
        (_operations(1, "/nowhere"), 422),
        ([{"op": "test", "path": "/active", "value": True}], 422),
        ([{"op": "add", "path": "/id", "value": "x"}], 422),
        ([{"op": "nonsense"}], 400),
        ({"resourceType": "Patient"}, 400),
    ],
)
async def test_a_patch_that_cannot_be_done_changes_nothing(
    house: House, document: Any, status: int
) -> None:
    id_ = await house.create(PATIENT)
    for path in (f"/Patient/{id_}", f"/Patient?{BY}"):
        answer = await _patch(house, path, document)
        assert answer.status_code == status, answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert await house.world.count("resource_version") == 1


async def test_conditions_of_a_patch(house: House) -> None:
    document = _operations(value=True)
    assert (await _patch(house, f"/Patient?{BY}", document)).status_code == 404
    assert (await _patch(house, "/Patient/none", document)).status_code == 404
    id_ = await house.create(PATIENT)
    for path in (f"/Patient/{id_}", f"/Patient?{BY}"):
        assert (await _patch(house, path, document, **{"If-Match": 'W/"2"'})).status_code == 412
        assert (await _patch(house, path, document, **{"If-None-Match": "*"})).status_code == 400
    house.decider.rulings[id_] = Ruling.hide("consent")
    for path in (f"/Patient/{id_}", f"/Patient?{BY}"):
        assert (await _patch(house, path, document)).status_code == 404
    house.decider.rulings.clear()
    await house.create(PATIENT)
    assert (await _patch(house, f"/Patient?{BY}", document)).status_code == 412
    raw = json.dumps(document).encode()
    wrong = {"Content-Type": "application/xml-patch+xml"}
    answer = await house.ask("PATCH", f"/Patient/{id_}", raw=raw, headers=wrong)
    assert answer.status_code == 415
    await house.ask("DELETE", f"/Patient/{id_}")
    assert (await _patch(house, f"/Patient/{id_}", document)).status_code == 410


async def test_the_subject_stays(house: House) -> None:
    one, two = await house.create(PATIENT), await house.create(PATIENT)
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{one}"},
    }
    id_ = await house.create(flag)
    answer = await _patch(
        house, f"/Flag/{id_}", _operations(f"Patient/{two}", "/subject/reference")
    )
    assert answer.status_code == 422
    assert await house.world.count("resource_version") == 3


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_patches_in_a_bundle(house: House, kind: str) -> None:
    id_ = await house.create(PATIENT)
    data = base64.b64encode(json.dumps(_operations(value=True)).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}

    async def send(url: str, resource: dict[str, Any], **more: str) -> httpx2.Response:
        entry = {"request": {"method": "PATCH", "url": url, **more}, "resource": resource}
        return await house.post(
            "/", json={"resourceType": "Bundle", "type": kind, "entry": [entry]}
        )

    for version, (url, resource) in enumerate(
        [
            (f"Patient/{id_}", binary),
            (f"Patient?{BY}", _parameters(value=False)),
            (f"Patient/{id_}", binary),
        ],
        start=2,
    ):
        answer = await send(url, resource, ifMatch=f'W/"{version - 1}"')
        assert answer.status_code == 200, answer.text
        (told,) = answer.json()["entry"]
        assert told["response"]["etag"] == f'W/"{version}"'
    for resource, status in (
        ({**binary, "contentType": "text/plain"}, 415),
        ({**binary, "data": "?"}, 400),
        ({**binary, "data": "e30="}, 400),
        (_parameters(value="x"), 422),
    ):
        answer = await send(f"Patient/{id_}", resource)
        shown = answer.status_code
        if kind == "batch":
            shown = int(answer.json()["entry"][0]["response"]["status"])
        assert shown == status, answer.text
    assert (await house.get(f"/Patient/{id_}")).headers["etag"] == 'W/"4"'


@pytest.mark.parametrize("scopes", ["user/Patient.u", "user/Patient.us"])
async def test_who_may_not_read_cannot_ask_by_patching(house: House, scopes: str) -> None:
    id_ = await house.create(PATIENT)
    house.grant("blind", scopes)
    for operation in (
        {"op": "test", "path": "/name/0/text", "value": "x"},
        {"op": "add", "path": "/active", "value": True},
    ):
        answer = await house.ask(
            "PATCH",
            f"/Patient/{id_}",
            raw=json.dumps([operation]).encode(),
            headers={"Content-Type": "application/json-patch+json"},
            token="blind",
        )
        text = "the access token does not carry the scope this needs: Patient.r"
        require_outcome(answer, 403, issue("forbidden", text))
    meta = {
        "resourceType": "Parameters",
        "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}],
    }
    assert (
        await house.post(f"/Patient/{id_}/$meta-delete", json=meta, token="blind")
    ).status_code == 403
