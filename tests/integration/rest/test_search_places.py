"""Searches of a compartment, of several types, and in less than whole resources.

https://hl7.org/fhir/R4/http.html#search
https://hl7.org/fhir/R4/search.html#summary
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome
from tests.store.gate import principal

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _about(type_: str, patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": type_,
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": "x"},
        **more,
    }


async def _two_people(house: House) -> tuple[str, str]:
    made = []
    for day in ("01", "02"):
        id_ = await house.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
        await house.create(
            _about("Condition", id_, recordedDate=f"2026-01-{day}", note=[{"text": "長い"}])
        )
        await house.create(_about("Flag", id_, status="active", period={"start": f"2026-02-{day}"}))
        made.append(id_)
    await house.create({"resourceType": "Organization", "name": "病院"})
    return made[0], made[1]


def _types(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["resourceType"] for entry in answer.json().get("entry", ())]


async def test_a_compartment_is_one_person_s(house: House) -> None:
    mine, theirs = await _two_people(house)
    flags = await house.get(f"/Patient/{mine}/Flag")
    assert [e["resource"]["subject"]["reference"] for e in flags.json()["entry"]] == [
        f"Patient/{mine}"
    ]
    assert flags.json()["link"][0]["url"] == f"{BASE}/Patient/{mine}/Flag"
    narrowed = await house.get(f"/Patient/{theirs}/Flag?date=lt2026-02-02")
    assert narrowed.json()["total"] == 0
    by_post = await house.post(
        f"/Patient/{mine}/Flag/_search", raw=b"date=lt2026-02-02", headers=FORM
    )
    assert by_post.json()["total"] == 1


async def test_a_star_is_the_whole_compartment(house: House) -> None:
    mine, _ = await _two_people(house)
    answer = await house.get(f"/Patient/{mine}/*?_sort=_lastUpdated")
    assert sorted(_types(answer)) == ["Condition", "Flag", "Patient"]
    assert answer.json()["link"][0]["url"] == f"{BASE}/Patient/{mine}/*?_sort=_lastUpdated"
    some = await house.get(f"/Patient/{mine}/*?_type=Flag,Condition&_count=1")
    assert some.json()["total"] == 2
    links = {link["relation"]: link["url"] for link in some.json()["link"]}
    rest = await house.get(links["next"].removeprefix(BASE))
    assert sorted(_types(some) + _types(rest)) == ["Condition", "Flag"]
    house.verifier.known["flags"] = principal(Role.CLINICIAN, scopes="user/Flag.s")
    assert _types(await house.get(f"/Patient/{mine}/*", token="flags")) == ["Flag"]


async def test_the_compartment_of_who_is_refused_is_refused(house: House) -> None:
    mine, theirs = await _two_people(house)
    house.decider.rulings[mine] = Ruling.hide("consent")
    nothing = issue("not-found", "no such resource")
    absent = "00000000-0000-4000-8000-000000000000"
    for patient in (mine, absent):
        for type_ in ("Flag", "*", "Observation"):
            answer = await house.get(f"/Patient/{patient}/{type_}", token="clinician")
            require_outcome(answer, 404, nothing)
    token = await house.resident(mine)
    require_outcome(await house.get(f"/Patient/{theirs}/Flag", token=token), 404, nothing)
    told = issue("invalid", "this type is not part of a person's record")
    require_outcome(await house.get(f"/Patient/{mine}/Organization"), 400, told)


async def test_several_types_are_one_search(house: House) -> None:
    mine, theirs = await _two_people(house)
    answer = await house.get("/?_type=Condition,Flag&_sort=_lastUpdated")
    assert sorted(_types(answer)) == ["Condition", "Condition", "Flag", "Flag"]
    by_person = await house.get(f"/?_type=Flag,Condition&patient={theirs}")
    assert sorted(_types(by_person)) == ["Condition", "Flag"]
    by_post = await house.post("/_search?_type=Flag", raw=f"patient={mine}".encode(), headers=FORM)
    assert _types(by_post) == ["Flag"]
    for query in ("", "?_sort=_id", "?_type=Nonsense", "?_type=Flag,Patient&name=x"):
        assert (await house.get(f"/{query}")).status_code == 400, query
    house.verifier.known["flags"] = principal(Role.CLINICIAN, scopes="user/Flag.s")
    assert (await house.get("/?_type=Flag,Condition", token="flags")).status_code == 403


async def test_pages_of_several_types_are_whole(house: House) -> None:
    await _two_people(house)
    seen: list[str] = []
    path: str | None = "/?_type=Condition,Flag&_count=3"
    while path is not None:
        answer = await house.get(path)
        assert answer.json()["total"] == 4
        seen += [entry["fullUrl"] for entry in answer.json()["entry"]]
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        path = links["next"].removeprefix(BASE) if "next" in links else None
    assert len(seen) == len(set(seen)) == 4


async def test_less_than_the_whole_is_marked_so(house: House) -> None:
    mine, _ = await _two_people(house)
    whole = (await house.get(f"/Condition?patient={mine}")).json()["entry"][0]["resource"]
    assert "note" in whole
    for query in ("_summary=true", "_elements=code"):
        answer = await house.get(f"/Condition?patient={mine}&{query}&_include=Condition:patient")
        match, added = answer.json()["entry"]
        assert "note" not in match["resource"]
        assert match["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert match["resource"]["code"] == {"text": "x"}
        assert added["resource"]["name"] == [{"text": "能登 花子"}]
    assert (
        await house.get(f"/Condition?patient={mine}&_summary=text&_include=Condition:patient")
    ).status_code == 400
