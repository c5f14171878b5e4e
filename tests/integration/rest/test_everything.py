"""$everything by date, in pages, of oneself: R4/patient-operation-everything.html."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import PATIENT, condition, leaves, named, refused
from tests.integration.rest.house import BASE, issue, require_outcome

from tasuki.shared.access.pages import KEPT_FOR
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

ABSENT = issue("not-found", "no such resource")
OVER = issue("deleted", "this page is not kept any longer; ask again from the start")
BAD = [
    "start=spring",
    "end=spring",
    "start=2025-02&end=2025-01",
    "_since=2025-01-01",
    "_count=0",
    "_count=x",
    "_count=1&_count=2",
    "_type=Account",
    "_elements=id",
    "_page=1",
    "_page=00000000-0000-4000-8000-000000000000.1&_count=1",
]


def observation(patient: str, day: str, **more: Any) -> dict[str, Any]:
    """Return an Observation of a day."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **more,
    }


async def asked(house: House, url: str, **more: Any) -> tuple[list[str], str]:
    """Return the matches, as `Type/id`, and the next link."""
    method = "POST" if "json" in more else "GET"
    answer = await house.ask(method, url, **more)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    found = [named(e["resource"]) for e in told.get("entry", ()) if e["search"]["mode"] == "match"]
    links = {link["relation"]: link["url"] for link in told["link"]}
    return found, links.get("next", "")


@pytest.mark.parametrize("query", BAD)
async def test_what_cannot_be_understood_is_refused(house: House, query: str) -> None:
    mine = await house.create(PATIENT)
    answer = await house.get(f"/Patient/{mine}/$everything?{query}")
    refused(answer, 400, "invalid")


async def test_care_between_two_dates_and_what_has_no_date(house: House) -> None:
    mine = await house.create(PATIENT)
    await house.create(observation(mine, "2025-01-31"))
    march = await house.create(observation(mine, "2025-03-15"))
    undated = await house.create(condition(mine))
    path = f"/Patient/{mine}/$everything"
    wanted = [f"Condition/{undated}", f"Observation/{march}", f"Patient/{mine}"]
    assert (await asked(house, f"{path}?start=2025-02&end=2025-03-31"))[0] == wanted
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "start", "valueDate": "2025-02-01"},
            {"name": "_type", "valueCode": "Observation"},
        ],
    }
    assert (await asked(house, path, json=body))[0] == wanted[1:]
    wrong = {"resourceType": "Parameters", "parameter": [{"name": "start", "valueString": "2025"}]}
    refused(await house.post(path, json=wrong), 400, "invalid")


async def test_what_was_written_since(house: House) -> None:
    mine = await house.create(PATIENT)
    house.world.clock.advance(timedelta(minutes=1))
    new = await house.create(condition(mine))
    found, _ = await asked(house, f"/Patient/{mine}/$everything?_since=2026-01-05T10:02:30%2B09:00")
    assert found == [f"Condition/{new}"]


async def test_what_it_refers_to_comes_too_and_what_that_refers_to(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    whole = await house.create({"resourceType": "Organization", "name": "法人"})
    ward = await house.create(
        {
            "resourceType": "Organization",
            "name": "病棟",
            "partOf": {"reference": f"Organization/{whole}"},
        }
    )
    doctor = await house.create({"resourceType": "Practitioner", "name": [{"text": "医師"}]})
    role = await house.create(
        {
            "resourceType": "PractitionerRole",
            "practitioner": {"reference": f"Practitioner/{doctor}"},
            "organization": {"reference": f"Organization/{ward}"},
        }
    )
    performed = observation(
        mine, "2025-01-01", performer=[{"reference": f"PractitionerRole/{role}"}]
    )
    await house.create(performed)
    await house.create(condition(theirs))
    answer = await house.get(f"/Patient/{mine}/$everything")
    around = [
        named(e["resource"]) for e in answer.json()["entry"] if e["search"]["mode"] == "include"
    ]
    assert around == [
        *(f"Organization/{one}" for one in sorted([ward, whole])),
        f"Practitioner/{doctor}",
        f"PractitionerRole/{role}",
    ]


async def test_pages_are_of_what_was_there_and_lose_nothing(house: House) -> None:
    mine = await house.create(PATIENT)
    made = [await house.create(condition(mine)) for _ in range(6)]
    first, link = await asked(house, f"/Patient/{mine}/$everything?_count=3")
    assert len(first) == 3
    assert link.startswith(f"{BASE}/Patient/{mine}/$everything?_page=")
    await house.create(condition(mine))
    body = {**condition(mine, "changed"), "id": sorted(made)[3]}
    await house.ask("PUT", f"/Condition/{sorted(made)[3]}", json=body)
    second, link = await asked(house, link)
    third, end = await asked(house, link)
    assert end == ""
    wanted = [*(f"Condition/{one}" for one in sorted(made)), f"Patient/{mine}"]
    assert [*first, *second, *third] == wanted
    again, _ = await asked(house, link)
    assert again == third, "a link may be followed twice"
    assert len(await leaves(house, mine)) == 13, "eight were written, one changed, four pages left"


async def test_pages_are_this_caller_s_only_and_end(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    await house.create(condition(mine))
    _, link = await asked(house, f"/Patient/{mine}/$everything?_count=1", token="clinician")
    known = house.verifier.known
    known["other"] = replace(known["clinician"], subject="clinician-2")
    known["for-else"] = replace(known["clinician"], purpose="ETREAT")
    known["wider"] = replace(known["clinician"], scopes=known["hospital"].scopes)
    for token in ("other", "for-else", "wider", "hospital"):
        require_outcome(await house.get(link, token=token), 410, OVER)
    swapped = link.replace(mine, theirs)
    require_outcome(await house.get(swapped, token="clinician"), 410, OVER)
    beyond = f"{link.rpartition('.')[0]}.3"
    require_outcome(await house.get(beyond, token="clinician"), 410, OVER)
    assert len((await asked(house, link, token="clinician"))[0]) == 1
    house.world.clock.advance(KEPT_FOR)
    require_outcome(await house.get(link, token="clinician"), 410, OVER)


async def test_a_consent_withdrawn_between_two_pages_counts(house: House) -> None:
    mine = await house.create(PATIENT)
    for text in ("x", "secret", "x", "secret"):
        await house.create(condition(mine, text))
    path = f"/Patient/{mine}/$everything?_count=1"
    seen, link = await asked(house, path, token="clinician")
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1",
        withheld_types=frozenset({"Patient"}),
        screen=lambda resource: resource["code"]["text"] != "secret",
    )
    while link:
        found, link = await asked(house, link, token="clinician")
        seen += found
    assert not any(one.startswith("Patient/") for one in seen[1:])
    assert 2 <= len(seen) <= 3, "the first page was free, of the others two at most are not secret"
    _, link = await asked(house, f"/Patient/{mine}/$everything?_count=1", token="hospital")
    house.decider.rulings[mine] = Ruling.refuse("Consent/withdrawn")
    refused(await house.get(link, token="hospital"), 403, "forbidden")


async def test_a_resident_has_their_own_without_naming_themselves(house: House) -> None:
    mine = await house.create(PATIENT)
    token = await house.resident(mine)
    assert (await asked(house, "/Patient/$everything", token=token))[0] == [f"Patient/{mine}"]
    refused(await house.get("/Patient/$everything"), 400, "not-supported")
