"""Pages of a search: whole, stable, and their caller's alone. https://hl7.org/fhir/R4/http.html#paging"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome
from tests.store.gate import principal

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.rest import searchset

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "能登 花子"}]}
OVER = issue("deleted", "this page is not kept any longer; ask again from the start")


def _flag(patient: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": f"{number}"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": f"2026-01-{number % 28 + 1:02d}"},
        **more,
    }


async def _flags(house: House, count: int, start: int = 0) -> tuple[str, list[str]]:
    patient = await house.create(PATIENT)
    numbers = range(start, start + count)
    return patient, [await house.create(_flag(patient, number)) for number in numbers]


async def _page(house: House, url: str, **more: Any) -> tuple[list[str], str | None]:
    answer = await house.get(url.removeprefix(BASE), **more)
    assert answer.status_code == 200, answer.text
    links = {link["relation"]: link["url"] for link in answer.json()["link"]}
    found = [entry["resource"]["id"] for entry in answer.json().get("entry", ())]
    return found, links.get("next")


async def _all_pages(house: House, url: str, **more: Any) -> list[list[str]]:
    pages = []
    following: str | None = url
    while following is not None:
        found, following = await _page(house, following, **more)
        pages.append(found)
        assert len(pages) < 50
    return pages


async def test_pages_are_whole_and_stable_while_others_write(house: House) -> None:
    patient, flags = await _flags(house, 7)
    first, following = await _page(house, f"/Flag?patient={patient}&_count=3&_sort=date")
    assert following is not None
    await house.ask("DELETE", f"/Flag/{flags[4]}")
    changed = {**_flag(patient, 99), "id": flags[5]}
    assert (await house.ask("PUT", f"/Flag/{flags[5]}", json=changed)).status_code == 200
    await house.create(_flag(patient, 100))
    rest = await _all_pages(house, following)
    assert [first, *rest] == [flags[:3], flags[3:6], flags[6:]]
    again = await _all_pages(house, following)
    assert again == rest


async def test_a_link_tells_nothing_of_what_was_asked(house: House) -> None:
    patient, _ = await _flags(house, 2)
    _, following = await _page(house, f"/Flag?patient={patient}&_count=1")
    assert following is not None
    assert following.startswith(f"{BASE}/Flag?_page=")
    assert patient not in following


async def test_a_page_is_its_caller_s_alone(house: House) -> None:
    patient, _ = await _flags(house, 2)
    known = house.verifier.known
    _, following = await _page(house, f"/Flag?patient={patient}&_count=1", token="clinician")
    assert following is not None
    path = following.removeprefix(BASE)
    scopes = "user/*.cruds"
    known["other-subject"] = principal(Role.CLINICIAN, scopes=scopes, subject="somebody")
    known["other-scopes"] = principal(Role.CLINICIAN, scopes="user/*.rs")
    known["other-role"] = principal(Role.HOSPITAL, scopes=scopes, subject="clinician-1")
    for token in ("other-subject", "other-scopes", "other-role", "hospital"):
        require_outcome(await house.get(path, token=token), 410, OVER)
    assert (await house.get(path, token="clinician")).status_code == 200
    house.world.clock.advance(timedelta(hours=1))
    require_outcome(await house.get(path, token="clinician"), 410, OVER)


async def test_a_page_obeys_what_has_been_withdrawn_since(house: House) -> None:
    first, _ = await _flags(house, 2)
    second, theirs = await _flags(house, 2, start=5)
    query = f"/Flag?patient={first},{second}&_count=1&_sort=date"
    _, following = await _page(house, query, token="clinician")
    house.decider.rulings[first] = Ruling.hide("withdrawn")
    assert following is not None
    pages = await _all_pages(house, following, token="clinician")
    assert pages == [[], [theirs[0]], [theirs[1]]]


async def test_a_page_holds_no_more_bytes_than_fit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, flags = await _flags(house, 5)
    size = len((await house.get(f"/Flag/{flags[0]}")).content)
    monkeypatch.setattr(searchset, "MAX_BYTES", size * 2 + 5)
    pages = await _all_pages(house, f"/Flag?patient={patient}&_sort=date")
    assert pages == [flags[:2], flags[2:4], flags[4:]]
    monkeypatch.setattr(searchset, "MAX_BYTES", 1)
    pages = await _all_pages(house, f"/Flag?patient={patient}&_sort=date")
    assert pages == [[flag] for flag in flags]


async def test_a_page_of_another_search_is_none_of_this_one(house: House) -> None:
    patient, _ = await _flags(house, 2)
    _, following = await _page(house, f"/Flag?patient={patient}&_count=1")
    assert following is not None
    name = following.partition("=")[2]
    for path in (f"/Observation?_page={name}", f"/Patient/{patient}/Flag?_page={name}"):
        told = issue("invalid", "_page belongs to another search", "_page")
        require_outcome(await house.get(path), 400, told)
    assert (await house.get(f"/Flag?_page={name}&code=1")).status_code == 400


async def test_every_page_leaves_its_own_leaf(house: House) -> None:
    patient, flags = await _flags(house, 3)
    pages = await _all_pages(house, f"/Flag?patient={patient}&_count=1", token="clinician")
    async with house.world.store.unit() as unit:
        newest = [event.decode() for event in await unit.audit_events([patient], 3)]
    for page, event in zip(reversed(pages), newest, strict=True):
        assert [flag for flag in flags if flag in event] == page


async def test_a_count_is_a_disclosure_too(house: House) -> None:
    patient, flags = await _flags(house, 2)
    for query in ("_count=0", "_summary=count"):
        answer = await house.get(f"/Flag?patient={patient}&{query}", token="clinician")
        assert answer.json()["total"] == 2
        assert "entry" not in answer.json()
        async with house.world.store.unit() as unit:
            event = (await unit.audit_events([patient], 1))[0].decode()
        assert "clinician-1" in event
        assert not [flag for flag in flags if flag in event]
    nothing = await house.get(f"/Flag?patient={patient}&identifier=urn:x|1", token="clinician")
    assert nothing.json()["total"] == 0
    async with house.world.store.unit() as unit:
        assert b"no-match" in (await unit.audit_events([patient], 1))[0]


async def test_the_total_is_left_out_when_nobody_wants_it(house: House) -> None:
    patient, _ = await _flags(house, 2)
    answer = await house.get(f"/Flag?patient={patient}&_total=none&_count=1")
    assert "total" not in answer.json()
    assert len(answer.json()["entry"]) == 1


async def test_a_client_that_adds_a_count_to_every_address_is_understood(house: House) -> None:
    patient, flags = await _flags(house, 6)
    first, following = await _page(house, f"/Flag?patient={patient}&_count=1&_sort=date")
    second, following = await _page(house, f"{following}&_count=2&_format=json")
    rest = await _all_pages(house, str(following))
    assert [first, second, *rest] == [flags[:1], flags[1:3], *([flag] for flag in flags[3:])]
