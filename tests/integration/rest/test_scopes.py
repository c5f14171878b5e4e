"""A scope with a query part reaches what meets it, behind every door, and nothing else.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import PATIENT, exported

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

Body = dict[str, Any]
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LAB = f"category={CATEGORY}|laboratory"
NEVER = "00000000-0000-4000-8000-000000000000"


def observation(patient: str, category: str) -> Body:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "urn:x", "code": category}]},
        "subject": {"reference": f"Patient/{patient}"},
        "valueString": f"mark-{category}",
    }


async def _two(house: House) -> tuple[str, str, str]:
    """Return the ids of a Patient, a laboratory result and a vital sign."""
    patient = await house.create(PATIENT)
    lab = await house.create(observation(patient, "laboratory"))
    return patient, lab, await house.create(observation(patient, "vital-signs"))


def _doors(patient: str, vital: str) -> list[str]:
    return [
        f"/Observation?patient={patient}",
        f"/Observation?_id={vital}",
        "/Observation?code=vital-signs",
        "/Observation?code=vital-signs&_summary=count",
        f"/Patient/{patient}/Observation",
        f"/Patient/{patient}/*",
        f"/Observation/$lastn?patient={patient}",
        "/Observation/_history",
        f"/Observation/{vital}/_history",
        "/_history",
        f"/Patient?_id={patient}&_revinclude=Observation:patient",
        f"/Patient?_id={patient}&_has:Observation:patient:code=vital-signs",
        "/?_type=Observation,Patient",
        "/Observation/$meta",
    ]


async def test_it_reaches_what_meets_it_and_no_more(house: House) -> None:
    patient, lab, vital = await _two(house)
    house.grant("narrow", f"user/Observation.rs?{LAB} user/Patient.rs")
    assert (await house.get(f"/Observation/{lab}", token="narrow")).status_code == 200
    assert (await house.get(f"/Observation/{lab}/_history/1", token="narrow")).status_code == 200
    hidden = await house.get(f"/Observation/{vital}", token="narrow")
    absent = await house.get(f"/Observation/{NEVER}", token="narrow")
    assert (hidden.status_code, hidden.json()) == (404, absent.json())
    seen_lab = 0
    for path in _doors(patient, vital):
        answer = await house.get(path, token="narrow")
        assert "mark-vital-signs" not in answer.text, path
        told = answer.json()
        if "vital-signs" in path:
            assert told["total"] == 0, path
        seen_lab += "mark-laboratory" in answer.text
    assert seen_lab == 8
    lines = await exported(house, token="narrow")
    assert lines == sorted([f"Observation/{lab}", f"Patient/{patient}"])


async def test_what_is_added_needs_the_scope_to_read_it(house: House) -> None:
    patient, _, _ = await _two(house)
    house.grant("adding", f"user/Observation.r?{LAB} user/Patient.rs")
    answer = await house.get(
        f"/Patient?_id={patient}&_revinclude=Observation:patient", token="adding"
    )
    assert "mark-laboratory" in answer.text
    assert "mark-vital-signs" not in answer.text
    assert (await house.get("/Observation", token="adding")).status_code == 403


async def test_of_several_one_must_hold(house: House) -> None:
    patient, _, vital = await _two(house)
    vitals = LAB.replace("laboratory", "vital-signs")
    house.grant("both", f"user/Observation.rs?{LAB} user/Observation.rs?{vitals}")
    answer = await house.get(f"/Observation?patient={patient}", token="both")
    assert answer.json()["total"] == 2
    house.grant("wide", f"user/Observation.rs?{LAB} user/Observation.r")
    assert (await house.get(f"/Observation/{vital}", token="wide")).status_code == 200
    answer = await house.get(f"/Observation?patient={patient}", token="wide")
    assert answer.json()["total"] == 1


async def test_a_star_is_read_with_each_type(house: House) -> None:
    patient, lab, _ = await _two(house)
    house.grant("star", f"user/*.rs?_id={lab}")
    assert (await house.get(f"/Observation/{lab}", token="star")).status_code == 200
    assert (await house.get(f"/Patient/{patient}", token="star")).status_code == 404
    assert await exported(house, token="star") == [f"Observation/{lab}"]


async def test_writing_reaches_as_far_before_and_after(house: House) -> None:
    patient, lab, vital = await _two(house)
    house.grant("writer", f"user/Observation.cruds?{LAB}")
    made = await house.post("/Observation", json=observation(patient, "laboratory"), token="writer")
    assert made.status_code == 201
    refused = await house.post(
        "/Observation", json=observation(patient, "vital-signs"), token="writer"
    )
    assert refused.status_code == 403
    away = {**observation(patient, "vital-signs"), "id": lab}
    assert (
        await house.ask("PUT", f"/Observation/{lab}", json=away, token="writer")
    ).status_code == 403
    back = {**observation(patient, "laboratory"), "id": vital}
    patch: list[Body] = [{"op": "test", "path": "/status", "value": "x"}]
    for method, body, kind in (
        ("PUT", back, "application/fhir+json"),
        ("PATCH", patch, "application/json-patch+json"),
        ("DELETE", None, ""),
    ):
        more: Any = {} if body is None else {"json": body, "headers": {"Content-Type": kind}}
        answer = await house.ask(method, f"/Observation/{vital}", token="writer", **more)
        assert answer.status_code == 404, (method, answer.text)
    assert (await house.ask("DELETE", f"/Observation/{lab}", token="writer")).status_code == 204
    assert (await house.get(f"/Observation/{vital}")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "patient.name=x",
        "_has:Provenance:target:_id=1",
        "_count=1",
        "_sort=date",
        "_include=Observation:patient",
        "category:below=x",
        "date=gestern",
    ],
)
async def test_a_query_part_that_cannot_be_judged_reaches_nothing(house: House, query: str) -> None:
    patient, lab, _ = await _two(house)
    house.grant("odd", f"user/Observation.rs?{query} user/Patient.rs")
    for path in (f"/Observation/{lab}", f"/Observation?patient={patient}"):
        assert (await house.get(path, token="odd")).status_code == 403
    assert await exported(house, token="odd") == [f"Patient/{patient}"]


async def test_what_is_meant_to_be_whole_needs_it_all(house: House) -> None:
    """A summary that lacks what a scope does not reach would read as if there were none."""
    patient, _, _ = await _two(house)
    house.grant("narrow", f"user/Observation.rs?{LAB} user/Patient.rs")
    path = f"/Patient/{patient}/$everything?_type=Observation"
    assert (await house.get(path, token="narrow")).status_code == 403
