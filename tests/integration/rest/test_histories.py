"""History of an instance, a type, the server. https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome
from tests.store.gate import principal

from tasuki.shared.access.pages import KEPT_FOR
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient"}
BEGIN_ANEW = issue("deleted", "this page is not kept any longer; ask again from the start")


def _flag(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
    }


async def _versions(house: House, number: int) -> str:
    """Return the id of a Patient with so many versions, a minute apart."""
    id_ = await house.create(PATIENT)
    for _ in range(number - 1):
        house.world.clock.advance(timedelta(minutes=1))
        await house.ask("PUT", f"/Patient/{id_}", json={**PATIENT, "id": id_})
    return id_


async def _walk(house: House, path: str, **more: Any) -> list[list[str]]:
    """Return the versions on each page, as `Type/id/n`."""
    pages = []
    while path:
        answer = await house.get(path.removeprefix(BASE), **more)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["type"] == "history"
        pages.append(
            [
                f"{one['fullUrl'].removeprefix(BASE)}{one['response']['etag']}".replace(
                    'W/"', "/"
                ).strip('"/')
                for one in told.get("entry", ())
            ]
        )
        path = next((one["url"] for one in told["link"] if one["relation"] == "next"), "")
    return pages


def _joined(pages: list[list[str]]) -> list[str]:
    return [version for page in pages for version in page]


async def test_a_long_history_comes_in_pages_and_whole(house: House) -> None:
    id_ = await _versions(house, 7)
    pages = await _walk(house, f"/Patient/{id_}/_history?_count=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert _joined(pages) == [f"Patient/{id_}/{number}" for number in range(7, 0, -1)]
    first = (await house.get(f"/Patient/{id_}/_history?_count=3")).json()
    assert first["total"] == 7
    assert first["link"][0]["url"] == f"{BASE}/Patient/{id_}/_history?_count=3"


async def test_a_page_begins_where_the_last_one_ended_whatever_is_written(house: House) -> None:
    id_ = await _versions(house, 4)
    for path in (f"/Patient/{id_}/_history", "/Patient/_history", "/_history"):
        told = (await house.get(f"{path}?_count=2")).json()
        shown = [entry["response"]["etag"] for entry in told["entry"]]
        await house.ask("PUT", f"/Patient/{id_}", json={**PATIENT, "id": id_})
        rest = _joined(await _walk(house, told["link"][1]["url"]))
        newest = int(shown[0].strip('W/"'))
        assert rest == [f"Patient/{id_}/{number}" for number in range(newest - 2, 0, -1)]


async def test_time_narrows_a_history(house: House) -> None:
    """Versions 1, 2, 3 are of 01:02:03.456, 01:03:03.456 and 01:04:03.456."""
    id_ = await _versions(house, 3)
    house.world.clock.advance(timedelta(minutes=1))
    await house.ask("DELETE", f"/Patient/{id_}")
    for query, numbers in {
        "_since=2026-01-05T01:03:03.456Z": [4, 3, 2],
        "_since=" + quote("2026-01-05T10:03:03.457+09:00"): [4, 3],
        "_since=2027-01-05T00:00:00Z": [],
        "_at=2026-01-05T01:02:00Z": [],
        "_at=2026-01-05T01:02:03Z": [1],
        "_at=2026-01-05T01:02:30Z": [1],
        "_at=2026-01-05T01:03Z": [2, 1],
        "_at=2026-01-05": [4, 3, 2, 1],
        "_at=2026-02": [4],
        "_at=2026-01-05T01:03Z&_since=2026-01-05T01:03:00Z": [2],
        "_sort=-_lastUpdated&_count=9": [4, 3, 2, 1],
    }.items():
        for path in (f"/Patient/{id_}/_history", "/Patient/_history", "/_history"):
            (page,) = await _walk(house, f"{path}?{query}")
            assert page == [f"Patient/{id_}/{number}" for number in numbers], (path, query)


@pytest.mark.parametrize(
    ("query", "code", "at"),
    [
        ("_since=2026-01-05", "invalid", "_since"),
        ("_since=2026-01-05T10:03:03+09:00", "invalid", "_since"),
        ("_at=noon", "invalid", "_at"),
        ("_count=0", "invalid", "_count"),
        ("_count=-1", "invalid", "_count"),
        ("_count=x", "invalid", "_count"),
        ("_sort=_lastUpdated", "not-supported", "_sort"),
        ("_list=1", "invalid", None),
        ("_count=1&_count=2", "invalid", None),
        ("_page=1&_count=2", "invalid", None),
        ("_since=%FF", "invalid", None),
    ],
)
async def test_parameters_that_are_not_understood_are_refused(
    house: House, query: str, code: str, at: str | None
) -> None:
    id_ = await house.create(PATIENT)
    for path in (f"/Patient/{id_}/_history", "/Patient/_history", "/_history"):
        answer = await house.get(f"{path}?{query}")
        assert answer.status_code == 400
        (told,) = answer.json()["issue"]
        assert (told["code"], told.get("expression")) == (code, [at] if at else None)


async def test_a_page_is_for_who_asked_for_an_hour_and_where_they_asked(house: House) -> None:
    id_ = await _versions(house, 3)
    told = (await house.get(f"/Patient/{id_}/_history?_count=1")).json()
    path = told["link"][1]["url"].removeprefix(BASE)
    name = path.partition("?")[2]
    house.verifier.known["other"] = principal(subject="hospital-2")
    house.verifier.known["fewer"] = principal(scopes="system/*.rs")
    for token in ("other", "fewer", "clinician"):
        require_outcome(await house.get(path, token=token), 410, BEGIN_ANEW)
    for elsewhere in (f"/Patient/_history?{name}", f"/_history?{name}", f"{path}x"):
        require_outcome(await house.get(elsewhere), 410, BEGIN_ANEW)
    assert (await house.get(path)).status_code == 200
    house.world.clock.advance(KEPT_FOR)
    require_outcome(await house.get(path), 410, BEGIN_ANEW)


async def test_every_page_is_ruled_on_anew_and_leaves_a_leaf(house: House) -> None:
    one = await _versions(house, 2)
    house.world.clock.advance(timedelta(minutes=1))
    two = await _versions(house, 2)
    told = (await house.get("/Patient/_history?_count=2", token="clinician")).json()
    path = told["link"][1]["url"].removeprefix(BASE)
    async with house.world.store.unit() as unit:
        before = await unit.audit_count([one])
    house.decider.rulings[one] = Ruling.hide("withdrawn")
    assert await _walk(house, path, token="clinician") == [[]]
    house.decider.rulings.clear()
    assert await _walk(house, path, token="clinician") == [[f"Patient/{one}/2", f"Patient/{one}/1"]]
    async with house.world.store.unit() as unit:
        assert await unit.audit_count([one]) == before + 1
        assert await unit.audit_count([two]) == 3


async def test_rows_withheld_are_left_out_and_never_half_a_resource(house: House) -> None:
    seen, unseen = await house.create(PATIENT), await house.create(PATIENT)
    flag = await house.create(_flag(seen))
    await house.ask("PUT", f"/Flag/{flag}", json={**_flag(seen), "id": flag, "language": "ja"})
    await house.ask("DELETE", f"/Flag/{flag}")
    house.decider.rulings[unseen] = Ruling.refuse("denied")
    everything = [f"Flag/{flag}/3", f"Flag/{flag}/2", f"Flag/{flag}/1", f"Patient/{seen}/1"]
    assert sorted(_joined(await _walk(house, "/_history?_count=2"))) == sorted(everything)
    house.decider.rulings[seen] = Ruling.permit_partly(
        "partly",
        withheld_types=frozenset(),
        screen=lambda resource: resource.get("language") != "ja",
    )
    assert _joined(await _walk(house, "/_history?_count=2")) == [f"Patient/{seen}/1"]
    assert _joined(await _walk(house, "/Flag/_history")) == []
    hidden = await house.get(f"/Flag/{flag}/_history?_count=1")
    require_outcome(hidden, 404, issue("not-found", "no such resource"))
    assert "total" not in (await house.get("/_history")).json()


async def test_a_resident_s_history_is_their_own_record(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    flag = await house.create(_flag(mine))
    await house.create(_flag(theirs))
    token = await house.resident(mine)
    shown = _joined(await _walk(house, "/_history?_count=1", token=token))
    assert sorted(shown) == sorted([f"Flag/{flag}/1", f"Patient/{mine}/1"])
    assert (await house.get(f"/Patient/{theirs}/_history", token=token)).status_code == 404


async def test_the_history_of_the_server_is_of_types_there_is_a_scope_for(house: House) -> None:
    id_ = await house.create(PATIENT)
    await house.create(_flag(id_))
    assert _joined(await _walk(house, "/_history", token="reader")) == [f"Patient/{id_}/1"]
    assert (await house.get("/Flag/_history", token="reader")).status_code == 403
    house.grant("seeking", "user/Flag.s")
    assert (await house.get("/_history", token="seeking")).status_code == 403
    assert (await house.get("/_history", token=None)).status_code == 401
