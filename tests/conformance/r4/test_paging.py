"""Pages: together they are all, each match once, also while the data change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.r4.cases import case
from tests.conformance.r4.checks import entries, place, require_searchset
from tests.conformance.r4.client import link
from tests.conformance.r4.spec import COUNT, HISTORY, PAGING, SEARCH_HTTP

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

MANY = 23


@pytest.fixture(scope="session")
def many(world: World) -> tuple[str, list[str]]:
    """A person with many observations: the person, and the observations' places in order."""
    patient = world.patient()
    made = [world.client.created(world.new_weight(patient, 50 + number)) for number in range(MANY)]
    return f"Patient/{patient['id']}", [f"Observation/{one['id']}" for one in made]


def places(pages: list[dict[str, Any]]) -> list[str]:
    return [place(entry) for entry in entries(pages, "match")]


@pytest.mark.parametrize("count", [1, 7, 10, 22, 23, 24])
@case("pages-are-all", PAGING)
def test_the_pages_together_are_all(world: World, many: tuple[str, list[str]], count: int) -> None:
    patient, made = many
    pages = world.search(f"Observation?patient={patient}&_count={count}", scoped=False)
    require_searchset(pages, world.client.base)
    assert sorted(places(pages)) == sorted(made)
    assert all(len(entries([page], "match")) <= count for page in pages)


@case("pages-sorted", PAGING)
def test_the_order_goes_on_over_the_pages(world: World, many: tuple[str, list[str]]) -> None:
    patient, made = many
    query = f"Observation?patient={patient}&_count=5&_sort=-value-quantity"
    assert places(world.search(query, scoped=False)) == made[::-1]


@case("pages-by-post", SEARCH_HTTP)
def test_a_search_by_post_is_paged_too(world: World, many: tuple[str, list[str]]) -> None:
    patient, made = many
    first = world.client.form("Observation/_search", f"patient={patient}&_count=6")
    assert first.status_code == 200, first.text
    pages = [first.json()]
    onward = link(pages[0], "next")
    assert onward is not None
    pages.extend(world.client.pages(onward))
    require_searchset(pages, world.client.base)
    assert sorted(places(pages)) == sorted(made)


@case("pages-self-link", PAGING)
def test_the_self_link_of_a_page_finds_that_page_again(
    world: World, many: tuple[str, list[str]]
) -> None:
    patient, _ = many
    pages = world.search(f"Observation?patient={patient}&_count=6&_sort=date,_id", scoped=False)
    assert len(pages) >= 4
    for page in pages:
        address = link(page, "self")
        assert address is not None
        again = world.client.get(address)
        assert again.status_code == 200, again.text
        assert places([again.json()]) == places([page])


@case("pages-last-has-no-next", PAGING)
def test_only_the_last_page_has_no_next(world: World, many: tuple[str, list[str]]) -> None:
    patient, _ = many
    pages = world.search(f"Observation?patient={patient}&_count=8", scoped=False)
    assert [link(page, "next") is None for page in pages][-1]
    assert not any(link(page, "next") is None for page in pages[:-1])
    assert sum(len(entries([page], "match")) for page in pages) == MANY


@case("pages-total", COUNT)
def test_every_page_tells_the_same_total(world: World, many: tuple[str, list[str]]) -> None:
    patient, _ = many
    query = f"Observation?patient={patient}&_count=9&_total=accurate"
    assert {page.get("total") for page in world.search(query, scoped=False)} == {MANY}


def grown(world: World, number: int) -> tuple[str, list[dict[str, Any]]]:
    """Return a new person's place and observations."""
    patient = world.patient()
    made = [world.client.created(world.new_weight(patient, 50 + one)) for one in range(number)]
    return f"Patient/{patient['id']}", made


def rest_of(world: World, page: dict[str, Any]) -> list[str]:
    """Return the matches of the pages that follow."""
    onward = link(page, "next")
    assert onward is not None, "there is more, and no next link"
    return places(list(world.client.pages(onward)))


ORDERS = ["date", "-_lastUpdated", "_id", "value-quantity"]


@pytest.mark.parametrize("order", ORDERS)
@case("pages-while-others-write", PAGING)
def test_what_is_written_between_pages_moves_nothing(world: World, order: str) -> None:
    patient, made = grown(world, 9)
    first = world.search_first(f"Observation?patient={patient}&_count=4&_sort={order}")
    seen = places([first])
    newcomer = world.client.created(
        world.new_weight({"id": patient.partition("/")[2]}, 1, effectiveDateTime="2001-01-01")
    )
    seen += rest_of(world, first)
    known = [f"Observation/{one['id']}" for one in made]
    assert sorted(one for one in seen if one in known) == sorted(known)
    assert len(set(seen)) == len(seen), "a match came twice"
    assert set(seen) - set(known) <= {f"Observation/{newcomer['id']}"}


@pytest.mark.parametrize("order", ORDERS)
@case("pages-while-others-change", PAGING)
def test_a_change_between_pages_loses_nothing(world: World, order: str) -> None:
    patient, made = grown(world, 9)
    first = world.search_first(f"Observation?patient={patient}&_count=4&_sort={order}")
    seen = places([first])
    known = [f"Observation/{one['id']}" for one in made]
    last = next(one for one in made if f"Observation/{one['id']}" not in seen)
    changed = {**last, "status": "amended"}
    assert world.client.put(f"Observation/{last['id']}", changed).status_code == 200
    seen += rest_of(world, first)
    assert sorted(seen) == sorted(known)


@pytest.mark.parametrize("order", ORDERS)
@case("pages-while-others-delete", PAGING)
def test_a_deletion_between_pages_skips_nobody_else(world: World, order: str) -> None:
    patient, made = grown(world, 9)
    first = world.search_first(f"Observation?patient={patient}&_count=4&_sort={order}")
    seen = places([first])
    gone = seen[0]
    assert world.client.delete(gone).status_code in (200, 202, 204)
    seen += rest_of(world, first)
    known = [f"Observation/{one['id']}" for one in made]
    assert sorted(seen) == sorted(known)


@case("pages-of-history", HISTORY)
def test_the_pages_of_a_history_are_all_versions(world: World) -> None:
    patient = world.patient()
    place_ = f"Patient/{patient['id']}"
    for number in range(7):
        changed = {**patient, "birthDate": f"19{40 + number}"}
        assert world.client.put(place_, changed).status_code == 200
    pages = list(world.client.pages(f"{place_}/_history?_count=3"))
    versions = [entry["resource"]["meta"]["versionId"] for page in pages for entry in page["entry"]]
    births = [entry["resource"].get("birthDate") for page in pages for entry in page["entry"]]
    assert len(pages) == 3
    assert len(set(versions)) == 8
    assert births == [*(f"19{number}" for number in range(46, 39, -1)), None]
