"""A number, and that there is nothing, are told of somebody, so they stand in that person's log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import leaves, manifest, ordered

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio


async def _person(house: House, number: str, *conditions: str) -> str:
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:p", "value": number}]}
    patient = await house.create(person)
    for text in conditions:
        await house.create(_condition(patient, text))
    return patient


def _condition(patient: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "identifier": [{"system": "urn:c", "value": text}],
        "code": {"coding": [{"system": "urn:code", "code": text}]},
        "subject": {"reference": f"Patient/{patient}"},
    }


async def _new(house: House, patient: str, before: int) -> list[dict[str, Any]]:
    found = await leaves(house, patient)
    return found[: len(found) - before]


async def test_who_is_only_counted_is_told_of_too(house: House) -> None:
    people = [await _person(house, str(number), "B20") for number in range(3)]
    before = [len(await leaves(house, one)) for one in people]
    answer = await house.get("/Condition?code=urn:code|B20&_count=1", token="clinician")
    assert (answer.json()["total"], len(answer.json()["entry"])) == (3, 1)
    for patient, count in zip(people, before, strict=True):
        (leaf,) = await _new(house, patient, count)
        assert leaf["subtype"][0]["code"] == "search"


@pytest.mark.parametrize(
    "question",
    [
        "Condition?patient={id}&code=urn:code|B20",
        "Condition?patient.identifier=urn:p|1&code=urn:code|B20",
        "Condition?subject:Patient.identifier=urn:p|1&code=urn:code|B20",
        "Condition?identifier=urn:c|C16&code=urn:code|B20",
        "Patient?identifier=urn:p|1&_has:Condition:patient:code=urn:code|B20",
        "Patient?_id={id}&_has:Condition:patient:code=urn:code|B20",
        "Condition?patient={id},{other}&code=urn:code|B20",
        "Condition?patient={id}&code=urn:code|B20&_summary=count",
    ],
)
async def test_that_somebody_has_it_not_is_told(house: House, question: str) -> None:
    patient, other = await _person(house, "1", "C16"), await _person(house, "2", "B20")
    before = len(await leaves(house, patient))
    path = question.format(id=patient, other=other)
    answer = await house.get(f"/{path}", token="clinician")
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == (1 if other in path else 0)
    (leaf,) = await _new(house, patient, before)
    assert leaf["subtype"][0]["code"] == "search"


async def test_further_pages_tell_nothing_new(house: House) -> None:
    people = [await _person(house, str(number), "B20") for number in range(2)]
    path = f"/Condition?patient={','.join(people)}&_count=1"
    answer = (await house.get(path, token="clinician")).json()
    before = [len(await leaves(house, one)) for one in people]
    (following,) = [one["url"] for one in answer["link"] if one["relation"] == "next"]
    await house.get(following, token="clinician")
    made = [len(await _new(house, one, n)) for one, n in zip(people, before, strict=True)]
    assert sorted(made) == [0, 1]


async def test_that_nothing_was_changed_since_is_told(house: House) -> None:
    patient = await _person(house, "1")
    before = len(await leaves(house, patient))
    path = f"/Patient/{patient}/_history?_since=2099-01-01T00:00:00Z"
    assert "entry" not in (await house.get(path, token="clinician")).json()
    (leaf,) = await _new(house, patient, before)
    assert leaf["subtype"][0]["code"] == "history"


async def test_the_files_of_an_export_of_somebody_tell_of_them(house: House) -> None:
    patient = await _person(house, "1", "B20")
    before = len(await leaves(house, patient))
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "patient", "valueReference": {"reference": f"Patient/{patient}"}}],
    }
    more: dict[str, Any] = {"json": body, "token": "clinician"}
    told = await manifest(
        house, await ordered(house, "/Patient/$export", **more), token="clinician"
    )
    assert {"Condition", "Patient"} == {one["type"] for one in told["output"]}
    assert len(await _new(house, patient, before)) == 1
