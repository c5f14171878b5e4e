"""History of a resource, of a type, of the whole server: newest first, deletions too."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.r4.cases import Case, Probe, Refused, case, cases
from tests.conformance.r4.checks import require_outcome, require_status
from tests.conformance.r4.client import link
from tests.conformance.r4.spec import BUNDLE, HISTORY

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

BIRTHS = ("1941", "1942", "1943")
PAUSE = 0.02  # seconds: instants have milliseconds


@dataclass(frozen=True, slots=True)
class Past:
    """A person who was created, changed twice, and deleted."""

    place: str
    versions: list[dict[str, Any]]

    def at(self, number: int) -> str:
        """Return when a version was written."""
        return str(self.versions[number]["meta"]["lastUpdated"])


@pytest.fixture(scope="session")
def past(world: World) -> Past:
    versions = [world.patient(birthDate=BIRTHS[0])]
    place = f"Patient/{versions[0]['id']}"
    for birth in BIRTHS[1:]:
        time.sleep(PAUSE)
        answer = world.client.put(place, {**versions[0], "birthDate": birth})
        assert answer.status_code == 200, answer.text
        versions.append(require_status(world.client.get(place), 200))
    time.sleep(PAUSE)
    assert world.client.delete(place).status_code in (200, 204)
    return Past(place, versions)


def entries_of(world: World, path: str, place: str = "") -> list[dict[str, Any]]:
    """Return the entries of all pages of a history; of one resource where it is named."""
    pages = list(world.client.pages(world.path(path)))
    found = []
    for page in pages:
        assert page["type"] == "history"
        assert link(page, "self")
        found.extend(page.get("entry", ()))
    return [one for one in found if not place or place_of(one) == place]


def place_of(entry: dict[str, Any]) -> str:
    return "/".join(entry["fullUrl"].rstrip("/").split("/")[-2:])


def births(entries: list[dict[str, Any]]) -> list[str | None]:
    """Return the birth dates of versions; None for a deletion."""
    return [entry["resource"]["birthDate"] if "resource" in entry else None for entry in entries]


WHOLE = [None, *BIRTHS[::-1]]


@case("history-newest-first", HISTORY)
def test_a_history_is_every_version_newest_first(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history")
    assert births(found) == WHOLE
    assert [entry["resource"] for entry in found[1:]] == past.versions[::-1]


@case("history-requests", BUNDLE)
def test_a_history_says_how_each_version_came(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history")
    assert [entry["request"]["method"] for entry in found] == ["DELETE", "PUT", "PUT", "POST"]
    assert [entry["request"]["url"].split("/_history")[0] for entry in found[:3]] == [
        past.place
    ] * 3
    assert found[3]["request"]["url"] in ("Patient", past.place)


@case("history-responses", BUNDLE)
def test_a_history_says_what_each_version_was(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history")
    assert len(found) == 4
    for entry in found:
        response = entry["response"]
        assert response["status"][:3] in ("200", "201", "204")
        assert response["lastModified"]
        if "resource" in entry:
            meta = entry["resource"]["meta"]
            assert response["etag"] == f'W/"{meta["versionId"]}"'
    assert found[3]["response"]["status"].startswith("201")


@case("history-full-urls", BUNDLE)
def test_every_version_has_the_address_of_its_resource(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history")
    assert [entry["fullUrl"] for entry in found] == [f"{world.client.base}/{past.place}"] * 4


@case("history-total", HISTORY)
def test_a_history_counts_its_versions(world: World, past: Past) -> None:
    page = require_status(world.client.get(f"{past.place}/_history?_count=2"), 200)
    assert len(page["entry"]) == 2
    assert page.get("total", 4) == 4
    assert births(page["entry"]) == WHOLE[:2]


@case("history-since", HISTORY)
def test_a_history_since_a_version(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history?_since={past.at(1)}")
    assert births(found) == WHOLE[:3]


@case("history-since-later", HISTORY)
def test_a_history_since_just_after_a_version(world: World, past: Past) -> None:
    after = past.at(2).replace("Z", "999Z") if "." in past.at(2) else past.at(2)
    found = entries_of(world, f"{past.place}/_history?_since={after}")
    assert births(found)[0] is None
    assert set(births(found)) <= {None, BIRTHS[2]}


@case("history-at", HISTORY)
def test_a_history_at_a_time(world: World, past: Past) -> None:
    found = entries_of(world, f"{past.place}/_history?_at={past.at(1)}")
    assert BIRTHS[1] in births(found)
    assert {BIRTHS[2], None}.isdisjoint(births(found))


@case("history-count-one", HISTORY)
def test_a_history_in_pages_of_one(world: World, past: Past) -> None:
    assert births(entries_of(world, f"{past.place}/_history?_count=1")) == WHOLE


WIDER = {
    "history-type": ("history-type", "Patient/_history"),
    "history-system": ("history-system", "_history"),
}


def wider(id_: str) -> Case:
    code, path = WIDER[id_]
    need = f"Patient.interaction:{code}" if code == "history-type" else f"interaction:{code}"
    return Case(id_, HISTORY, (need,), Probe("GET", path))


@cases([wider(id_) for id_ in WIDER])
def test_a_wider_history_holds_the_same(world: World, past: Past, case: Case) -> None:
    found = entries_of(world, f"{WIDER[case.id][1]}?_since={past.at(0)}", past.place)
    assert births(found) == WHOLE
    assert [entry["request"]["method"] for entry in found] == ["DELETE", "PUT", "PUT", "POST"]


@cases([wider(id_) for id_ in WIDER])
def test_a_wider_history_goes_by_time(world: World, past: Past, case: Case) -> None:
    found = entries_of(world, f"{WIDER[case.id][1]}?_since={past.at(0)}&_count=50")
    times = [datetime.fromisoformat(entry["response"]["lastModified"]) for entry in found]
    assert len(times) >= 4
    assert times == sorted(times, reverse=True)
    assert past.place in {place_of(entry) for entry in found}


@cases([wider(id_) for id_ in WIDER])
def test_a_wider_history_in_pages_is_the_same(world: World, past: Past, case: Case) -> None:
    path = f"{WIDER[case.id][1]}?_since={past.at(0)}"
    paged = entries_of(world, f"{path}&_count=3", past.place)
    assert births(paged) == WHOLE


@cases([wider("history-type")])
def test_a_history_of_a_type_holds_no_other(world: World, past: Past, case: Case) -> None:
    made = world.client.created(world.new_weight(world.patient()))
    found = entries_of(world, f"{WIDER[case.id][1]}?_since={past.at(0)}")
    assert {place_of(entry).partition("/")[0] for entry in found} == {"Patient"}
    assert f"Observation/{made['id']}" not in {place_of(entry) for entry in found}


WRONG = [
    Refused("history-bad-since", Probe("GET", "{hanako}/_history?_since=yesterday"), (400,),
            HISTORY, "_since"),
    Refused("history-bad-at", Probe("GET", "{hanako}/_history?_at=yesterday"), (400,), HISTORY,
            "_at"),
    Refused("history-bad-count", Probe("GET", "{hanako}/_history?_count=many"), (400,), HISTORY,
            "_count"),
]  # fmt: skip


@cases(WRONG)
def test_a_history_with_a_wrong_parameter(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses, case.names)
