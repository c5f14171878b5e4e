"""What came in goes out, number by number, through every door that takes a resource apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATCH = {"Content-Type": "application/json-patch+json"}
META = {
    "resourceType": "Parameters",
    "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "t"}]}}],
}


def _observation(patient: str, number: str) -> str:
    return (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        f'"subject":{{"reference":"Patient/{patient}"}},"valueQuantity":{{"value":{number}}},'
        '"component":[{"code":{"text":"y"},"valueQuantity":{"value":1.0e3}}]}'
    )


@pytest.mark.parametrize(
    "number", ["72.50", "1.0e3", "0.000000001", "-0.0", "1E+2", "100000000000000000000.10"]
)
async def test_a_number_keeps_its_digits(house: House, number: str) -> None:
    patient = await house.create({"resourceType": "Patient"})
    body = _observation(patient, number)
    id_ = (await house.post("/Observation", raw=body.encode())).json()["id"]
    value = f'"value":{number}'
    for path in (
        f"/Observation/{id_}",
        f"/Observation?_id={id_}",
        f"/Observation?_id={id_}&_elements=value",
        f"/Observation?_id={id_}&_summary=true",
        f"/Observation/{id_}/_history",
        f"/Patient/{patient}/$everything",
        f"/Observation/$lastn?patient={patient}",
    ):
        assert value in (await house.get(path)).text, path
    operations = (
        '[{"op":"test","path":"/component/0/valueQuantity/value","value":1000},'
        f'{{"op":"replace","path":"/component/0/valueQuantity/value","value":{number}}},'
        '{"op":"copy","from":"/component/0","path":"/component/-"}]'
    )
    path = f"/Observation/{id_}"
    patched = await house.ask("PATCH", path, raw=operations.encode(), headers=PATCH)
    assert patched.text.count(value) == 3
    assert (await house.post(f"{path}/$meta-add", json=META)).status_code == 200
    assert (await house.get(path)).text.count(value) == 3
    asked = [
        {"request": {"method": "GET", "url": f"Observation{url}"}}
        for url in (
            f"/{id_}",
            f"?_id={id_}&_elements=value",
            f"/{id_}/_history",
        )
    ]
    entry = f'{{"resource":{body},"request":{{"method":"POST","url":"Observation"}}}}'
    given = ",".join([entry, *(json.dumps(one) for one in asked)])
    sent = f'{{"resourceType":"Bundle","type":"transaction","entry":[{given}]}}'
    headers = {"Prefer": "return=representation"}
    told = (await house.post("/", raw=sent.encode(), headers=headers)).text
    assert told.count(value) >= 1 + 3 + 1 + 3 * 2 + 1
