"""Observation/$lastn over HTTP: https://hl7.org/fhir/R4/observation-operation-lastn.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import PATIENT, leaves, refused
from tests.integration.rest.house import BASE, issue, require_outcome

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

LABORATORY = [{"coding": [{"system": "http://example.org/category", "code": "laboratory"}]}]
BAD = [
    ("", "invalid"),
    ("code=x", "invalid"),
    ("patient=Patient/1,Patient/2", "invalid"),
    ("patient=Patient/1&max=0", "invalid"),
    ("patient=Patient/1&max=1001", "invalid"),
    ("patient=Patient/1&max=1&max=2", "invalid"),
    ("patient=Patient/1&nonsense=1", "invalid"),
    ("patient=Patient/1&_count=1", "not-supported"),
    ("patient=Patient/1&_sort=date", "not-supported"),
    ("patient=Patient/1&_summary=true", "not-supported"),
    ("patient=Patient/1&_include=Observation:subject", "not-supported"),
]


def observation(patient: str, day: str, code: str, **more: Any) -> dict[str, Any]:
    """Return an Observation of a day."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **more,
    }


async def last(house: House, query: str, **more: Any) -> list[str]:
    """Return the ids that are shown."""
    answer = await house.get(f"/Observation/$lastn?{query}", **more)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    found = [entry["resource"]["id"] for entry in told.get("entry", ())]
    assert told["total"] == len(found)
    assert told["link"][0]["url"].startswith(f"{BASE}/Observation/$lastn?patient=")
    return found


@pytest.mark.parametrize(("query", "code"), BAD)
async def test_what_cannot_be_honoured_is_refused(house: House, query: str, code: str) -> None:
    refused(await house.get(f"/Observation/$lastn?{query}"), 400, code)


async def test_the_last_of_each_code_of_one_person(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    older = await house.create(observation(mine, "2025-01-01", "A", category=LABORATORY))
    newer = await house.create(observation(mine, "2025-01-02", "A"))
    other = await house.create(observation(mine, "2001-01-01", "B"))
    await house.create(observation(theirs, "2026-01-01", "A"))
    assert await last(house, f"patient=Patient/{mine}") == [newer, other]
    assert await last(house, f"patient={mine}&max=2") == [newer, older, other]
    assert await last(house, f"patient={mine}&code=http://loinc.org|A") == [newer]
    assert await last(house, f"patient={mine}&category=laboratory") == [older]
    assert await last(house, f"patient={mine}&date=lt2025-01-02&code=A") == [older]
    event, *_ = await leaves(house, mine)
    assert older in str(event["entity"])
    assert newer not in str(event["entity"]), "what did not leave is not told as if it had"


async def test_the_latest_is_the_latest_this_caller_may_see(house: House) -> None:
    mine = await house.create(PATIENT)
    seen = await house.create(observation(mine, "2025-01-01", "A"))
    await house.create(observation(mine, "2025-01-02", "A", note=[{"text": "secret"}]))
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1", withheld_types=frozenset(), screen=lambda resource: "note" not in resource
    )
    assert await last(house, f"patient={mine}", token="clinician") == [seen]
    house.decider.rulings[mine] = Ruling.hide("no-consent")
    answer = await house.get(f"/Observation/$lastn?patient={mine}", token="clinician")
    require_outcome(answer, 404, issue("not-found", "no such resource"))


async def test_it_needs_the_scope_to_search(house: House) -> None:
    mine = await house.create(PATIENT)
    answer = await house.get(f"/Observation/$lastn?patient={mine}", token="seeker")
    refused(answer, 403, "forbidden")
    another = await house.create(PATIENT)
    resident = await house.resident(mine)
    answer = await house.get(f"/Observation/$lastn?patient={another}", token=resident)
    refused(answer, 404, "not-found")
