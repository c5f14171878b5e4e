"""Releases of FHIR, preferences and the version of the capabilities.

https://hl7.org/fhir/R4/http.html#version-parameter
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import issue, require_outcome

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "能登 花子"}]}
JSON = "application/fhir+json"


@pytest.mark.parametrize(
    ("version", "is_ours"),
    [("4.0", True), ('"4.0"', True), ("4.0.1", True), ("3.0", False), ("5.0", False), ("", False)],
)
async def test_another_release_is_neither_written_nor_read(
    house: House, version: str, *, is_ours: bool
) -> None:
    id_ = await house.create(PATIENT)
    given = f"{JSON}; fhirVersion={version}"
    read = await house.get(f"/Patient/{id_}", headers={"Accept": given})
    assert read.status_code == (200 if is_ours else 406)
    written = await house.post("/Patient", json=PATIENT, headers={"Content-Type": given})
    if is_ours:
        assert written.status_code == 201
    else:
        told = issue("not-supported", "send FHIR R4, which is fhirVersion=4.0")
        require_outcome(written, 415, told)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json;q=0.1", 200),
        ("application/fhir+json;q=0.0", 406),
        ("application/fhir+json ; Q=0", 406),
        ("application/fhir+xml, */*;q=0", 406),
        ("application/fhir+xml, */*;q=0.01", 200),
    ],
)
async def test_a_weight_of_nothing_is_a_refusal(house: House, accept: str, status: int) -> None:
    id_ = await house.create(PATIENT)
    assert (await house.get(f"/Patient/{id_}", headers={"Accept": accept})).status_code == status


async def test_preferences_stand_in_any_line_of_the_header(house: House) -> None:
    about_me = ("Authorization", "Bearer hospital")
    for lines, status in (
        (["return=minimal", "handling=lenient"], 200),
        (['handling="Lenient"; x=y'], 200),
        (["xhandling=lenient"], 400),
        (["handling=strict, handling=lenient"], 400),
    ):
        headers = [about_me, *(("Prefer", line) for line in lines)]
        answer = await house.http.get("/Patient?favourite=tea", headers=headers)
        assert answer.status_code == status, lines


async def test_the_capabilities_have_a_version(house: House) -> None:
    first = await house.get("/metadata")
    tag = first.headers["etag"]
    again = await house.get("/metadata", headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await house.get("/metadata", headers={"If-None-Match": 'W/"x"'})
    assert (other.status_code, other.json()) == (200, first.json())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/Patient/a", "GET, HEAD, PUT, PATCH, DELETE"),
        ("OPTIONS", "/Patient/a", "GET, HEAD, PUT, PATCH, DELETE"),
        ("PUT", "/", "GET, HEAD, POST"),
        ("OPTIONS", "/metadata", "GET, HEAD"),
        ("TRACE", "/Patient/a/_history/1", "GET, HEAD"),
        ("OPTIONS", "/Observation/$lastn", "GET, HEAD, POST"),
        ("OPTIONS", "/Patient/a/$meta-add", "POST"),
        ("OPTIONS", "/Patient/_search", "POST"),
        ("OPTIONS", "/$export/a", "GET, HEAD, DELETE"),
    ],
)
async def test_a_405_names_the_methods_there_are(
    house: House, method: str, path: str, allowed: str
) -> None:
    answer = await house.ask(method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (405, allowed)


async def test_part_of_a_version_keeps_its_digits(house: House) -> None:
    patient = await house.create(PATIENT)
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":'
        f'{{"reference":"Patient/{patient}"}},"valueQuantity":{{"value":72.50}},"issued":'
        '"2026-01-05T00:00:00Z"}'
    )
    made = await house.post("/Observation", raw=body.encode())
    path = f"/Observation/{made.json()['id']}"
    read = await house.get(f"{path}?_elements=value")
    assert b'"value":72.50' in read.content
    assert "issued" not in read.json()
    assert read.headers["etag"] == made.headers["etag"]
    same = {"If-None-Match": read.headers["etag"]}
    assert (await house.get(f"{path}?_elements=value", headers=same)).status_code == 304
    for wrong in ("_summary=count", "_summary=perhaps", "_elements=favourite", "_elements=a.b"):
        assert (await house.get(f"{path}?{wrong}")).status_code == 400
