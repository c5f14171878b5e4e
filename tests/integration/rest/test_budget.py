"""No request opens more than the memory it may have; what is large is paged or refused, never cut."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import exported
from tests.integration.rest.house import BASE

from tasuki.shared.access.exports import exporting
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.store import bounds
from tasuki.shared.store.unit import SealedUnit

if TYPE_CHECKING:
    from tests.integration.rest.house import House

    from tasuki.shared.access.records import Stored

pytestmark = pytest.mark.anyio

KILOBYTE = 1024
DENSE = random.Random(1).randbytes(20 * KILOBYTE).hex()  # noqa: S311 - so that it cannot be packed
AIRY = "a" * 40 * KILOBYTE  # a hundred bytes when it is packed


def _note(patient: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-01-01",
        "note": [{"text": text}],
    }


async def _notes(house: House, text: str) -> tuple[str, list[str]]:
    patient = await house.create({"resourceType": "Patient"})
    return patient, [await house.create(_note(patient, text)) for _ in range(4)]


@pytest.fixture(params=[DENSE, AIRY], ids=["sealed", "opened"])
def text(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A text of which two are too many at once: sealed, or opened."""
    monkeypatch.setattr(bounds, "SEALED_BYTES", 50 * KILOBYTE)
    monkeypatch.setattr(bounds, "OPENED_BYTES", 100 * KILOBYTE)
    monkeypatch.setattr(bounds, "STRETCH_SEALED", 30 * KILOBYTE)
    monkeypatch.setattr(bounds, "STRETCH_OPENED", 60 * KILOBYTE)
    return str(request.param)


async def test_what_would_open_too_much_is_refused(house: House, text: str) -> None:
    patient, notes = await _notes(house, text)
    for path in (
        f"/Observation?patient={patient}",
        f"/Observation?patient={patient}&_count=1",
        f"/Observation?patient={patient}&_summary=count",
        "/Observation",
        f"/Observation?_id={','.join(notes)}",
        f"/Patient?_id={patient}&_revinclude=Observation:patient",
        f"/Patient?_id={patient}&_has:Observation:patient:code=1",
        f"/Patient/{patient}/Observation",
        f"/Patient/{patient}/$everything",
        f"/Patient/{patient}/$everything?_count=1",
        f"/Observation/$lastn?patient={patient}",
        "/Observation/$meta",
    ):
        answer = await house.get(path)
        assert answer.status_code == 422, path
        assert answer.json()["issue"][0]["code"] == "too-costly"
    # Each by itself, and the way the refusal names, are open.
    assert (await house.get(f"/Observation/{notes[0]}")).status_code == 200
    assert (await house.get(f"/Observation?_id={notes[0]}")).json()["total"] == 1
    assert (await house.get(f"/Patient/{patient}/$everything?_type=Patient")).status_code == 200


async def test_people_do_not_add_up_to_more(house: House, text: str) -> None:
    people = []
    for _ in range(4):
        people.append(await house.create({"resourceType": "Patient"}))
        await house.create(_note(people[-1], text))
    one = await house.get(f"/Observation?patient={people[0]}")
    assert one.json()["total"] == 1
    all_of_them = await house.get(f"/Observation?patient={','.join(people)}")
    assert all_of_them.status_code == 422


@pytest.mark.parametrize("screened", [False, True])
async def test_a_history_is_in_smaller_pages(house: House, text: str, *, screened: bool) -> None:
    patient, (note, *_) = await _notes(house, text)
    for _ in range(3):
        body = {**_note(patient, text), "id": note}
        assert (await house.ask("PUT", f"/Observation/{note}", json=body)).status_code == 200
    if screened:
        house.decider.rulings[patient] = Ruling.permit_partly(
            "some", withheld_types=frozenset(), screen=bool
        )
    for place, number in ((f"/Observation/{note}", 4), ("/Observation", 7), ("", 8)):
        path, told, pages = f"{place}/_history", [], 0
        while path:
            answer = await house.get(path.removeprefix(BASE), token="clinician")
            assert answer.status_code == 200, answer.text
            page = answer.json()
            told += [(one["fullUrl"], one["response"]["etag"]) for one in page["entry"]]
            pages += 1
            path = next((one["url"] for one in page["link"] if one["relation"] == "next"), "")
        assert len(told) == len(set(told)) == number
        assert pages >= 4


async def test_one_that_is_larger_than_a_page_is_a_page(house: House, text: str) -> None:
    _, (note, *_) = await _notes(house, text * 2)
    answer = await house.get(f"/Observation/{note}/_history")
    assert answer.json()["entry"][0]["resource"]["note"][0]["text"] == text * 2


async def test_a_hidden_version_hides_a_large_history_too(house: House, text: str) -> None:
    patient, (note, *_) = await _notes(house, text)
    for status in ("preliminary", "final", "final"):
        body = {**_note(patient, text), "id": note, "status": status}
        await house.ask("PUT", f"/Observation/{note}", json=body)
    house.decider.rulings[patient] = Ruling.permit_partly(
        "some", withheld_types=frozenset(), screen=lambda one: one.get("status") != "preliminary"
    )
    for place in (f"Observation/{note}", "Observation"):
        answer = await house.get(f"/{place}/_history", token="clinician")
        assert note not in answer.text


async def test_a_bundle_changes_no_more_than_may_be_opened(house: House, text: str) -> None:
    _, notes = await _notes(house, text)
    entries = [
        {
            "resource": {
                "resourceType": "Parameters",
                "parameter": [
                    {
                        "name": "operation",
                        "part": [
                            {"name": "type", "valueCode": "delete"},
                            {"name": "path", "valueString": "Observation.note"},
                        ],
                    }
                ],
            },
            "request": {"method": "PATCH", "url": f"Observation/{note}"},
        }
        for note in notes
    ]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await house.post("/", json=body)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["code"] == "too-costly"
    assert (await house.post("/", json={**body, "type": "batch"})).status_code == 200
    assert "note" not in (await house.get(f"/Observation/{notes[0]}")).json()


@pytest.mark.parametrize("gone", [False, True])
async def test_an_export_opens_a_file_s_worth_at_a_time(
    house: House, text: str, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    monkeypatch.setattr(exporting, "FILE_BYTES", 100 * KILOBYTE)
    most = 0
    opened = SealedUnit.versions

    async def counted(unit: SealedUnit, *asked: Any) -> list[Stored]:
        nonlocal most
        found = await opened(unit, *asked)
        most = max(most, sum(len(one.body or b"") for one in found))
        return found

    monkeypatch.setattr(SealedUnit, "versions", counted)
    patient, notes = await _notes(house, text)
    other, more = await _notes(house, text)
    if gone:
        await house.world.store.vault.destroy(other)
    told = await exported(house)
    kept = notes if gone else [*notes, *more]
    assert sorted(f"Observation/{id_}" for id_ in kept) == [
        one for one in told if one.startswith("Observation")
    ]
    assert 0 < most <= 140 * KILOBYTE
    assert patient
