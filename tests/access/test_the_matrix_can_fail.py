"""A service that is spoilt is found out: each defect here is one that another server has had.

Without these, a matrix that looks at nothing would pass as well.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.access.callers import BY_NAME
from tests.access.coverage import not_visited, parts_visited, promised_parts, promised_whole
from tests.access.matrix import Plan, visited

from tasuki.consent import enforcing
from tasuki.consent.client import Freshness
from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.remembered import Rulings
from tasuki.consent.vocabulary import ActorRole, Level
from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.exports.exporting import Exporting
from tasuki.shared.access.histories import Histories
from tasuki.shared.access.including import Including
from tasuki.shared.access.pages import Pages
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.access.searching import Hit, Searching
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.rest import searchset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.access.world import World

    Spoil = Callable[[pytest.MonkeyPatch], None]

pytestmark = pytest.mark.anyio

# The package has a function of the module's name.
DECIDING = importlib.import_module("tasuki.consent.decision.decide")
ROUTES = importlib.import_module("tasuki.consent.decision.routes")
PLAN = Plan(7, people=2, rows=3, holders=1)


async def _nothing(*_: Any) -> set[Any]:
    return set()


async def _yes(*_: Any) -> bool:
    return True


def a_decider_that_permits_everything(patch: pytest.MonkeyPatch) -> None:
    async def rule(*_: Any) -> Ruling:
        return Ruling.permit("all")

    patch.setattr(ConsentDecider, "rule", rule)


def a_screen_that_is_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ruling, "admits", lambda ruling, _: ruling.permitted)
    patch.setattr(Ruling, "admits_stored", lambda ruling, row: ruling.permitted and bool(row.body))
    patch.setattr(AtTheGate, "_may_be_seen", _yes)


def an_include_that_skips_the_ruling(patch: pytest.MonkeyPatch) -> None:
    async def seen(_: Including, rows: Sequence[Any]) -> list[Hit]:
        return [Hit(row, meaning_of(row.body), "spoilt") for row in rows if row.body]

    patch.setattr(Including, "_seen", seen)


def a_search_that_counts_before_it_filters(patch: pytest.MonkeyPatch) -> None:
    whole, matched = searchset._bundle, [0]

    async def hits(search: Searching, query: Any, where: Any, wanted: Any) -> list[Hit]:
        found = await real(search, query, where, wanted)
        rows = await search._unit.scan(query.resource_type, 9_999) or []
        matched[0] = sum(query.matches(meaning_of(row.body)) for row in rows if row.body)
        return found

    def bundle(service: Any, asked: Any, query: Any, page: Any) -> Any:
        page.total = matched[0]
        return whole(service, asked, query, page)

    real = Searching._hits
    patch.setattr(Searching, "_hits", hits)
    patch.setattr(searchset, "_bundle", bundle)


def a_page_that_is_not_ruled_on(patch: pytest.MonkeyPatch) -> None:
    async def again(search: Searching, wanted: Any, keys: Any) -> list[Hit]:
        del wanted
        every = [key for type_ in {key[0] for key in keys} for key in await _all(search, type_)]
        found = await search._unit.versions(every)
        hits = [Hit(row, meaning_of(row.body), "spoilt") for row in found if row.body]
        return hits[: len(keys)]

    async def _all(search: Searching, type_: str) -> list[tuple[str, str, int]]:
        rows = await search._unit.scan(type_, 9_999) or []
        return [(row.type, row.id, row.version) for row in rows]

    patch.setattr(Searching, "again", again)


def a_chain_through_what_is_hidden(patch: pytest.MonkeyPatch) -> None:
    async def linked(search: Searching, query: Any, people: Any) -> list[Hit]:
        del people
        rows = await search._unit.scan(query.resource_type, 9_999) or []
        opened = [Hit(row, meaning_of(row.body), "spoilt") for row in rows if row.body]
        return [hit for hit in opened if query.matches(hit.meaning)]

    patch.setattr(Searching, "_linked", linked)


def a_history_that_shows_what_was(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Histories, "_hidden", _nothing)


def a_person_told_what_they_were_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DECIDING, "WITHHELD_FROM_RESIDENT", frozenset())


def a_resident_who_is_everybody(patch: pytest.MonkeyPatch) -> None:
    async def rule(decider: ConsentDecider, unit: Any, ask: Any) -> Ruling:
        of = replace(ask.caller.principal, patient=f"Patient/{ask.owner}")
        own = ask.owner and of.role.value == "resident"
        return await real(
            decider, unit, replace(ask, caller=replace(ask.caller, principal=of)) if own else ask
        )

    real = ConsentDecider.rule
    patch.setattr(ConsentDecider, "rule", rule)


def a_proxy_of_everybody(patch: pytest.MonkeyPatch) -> None:
    async def rule(decider: ConsentDecider, unit: Any, ask: Any) -> Ruling:
        of = replace(ask.caller.principal, patient=f"Patient/{ask.owner}")
        acts = ask.owner and of.role.value == "proxy"
        return await real(
            decider, unit, replace(ask, caller=replace(ask.caller, principal=of)) if acts else ask
        )

    real = ConsentDecider.rule
    patch.setattr(ConsentDecider, "rule", rule)


def a_proxy_told_what_is_secret(patch: pytest.MonkeyPatch) -> None:
    def way(request: Any) -> Any:
        found = real(request)
        if request.role is not ActorRole.PROXY or not isinstance(found, ROUTES.Way):
            return found
        everything = replace(found.reach, ceiling=Level.V)
        return replace(found, reach=everything, bound=everything)

    real = DECIDING.way_for
    patch.setattr(DECIDING, "way_for", way)


def a_proxy_told_what_the_person_was_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ROUTES, "WITHHELD_FROM_RESIDENT", frozenset())


def a_refusal_that_tells(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ruling, "hide", staticmethod(Ruling.refuse))


def a_binary_less_secret_than_its_subject(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AtTheGate, "_screened_through", lambda _, screen: screen)


def an_export_without_labels(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Exporting, "_line_may_leave", _yes)
    patch.setattr(Pages, "withdrawn", _nothing)


def a_scope_whose_category_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AtTheGate, "in_scope", lambda *_: True)


def a_group_without_its_members(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AtTheGate, "_member_admits", lambda *_: True)


def a_mask_that_tells_of_everything(patch: pytest.MonkeyPatch) -> None:
    def masks(ruling: Ruling, resource: Any) -> bool:
        return ruling.permitted and not ruling.admits(resource)

    patch.setattr(Ruling, "masks", masks)
    patch.setattr(
        Ruling,
        "masks_stored",
        lambda ruling, row: ruling.permitted and bool(row.body) and not ruling.admits_stored(row),
    )


def a_server_that_is_always_empty(patch: pytest.MonkeyPatch) -> None:
    async def hits(*_: Any) -> list[Hit]:
        return []

    patch.setattr(Searching, "_hits", hits)


SPOILT: dict[Spoil, tuple[str, ...]] = {
    a_decider_that_permits_everything: ("read", "search of everybody", "history of one"),
    a_screen_that_is_dropped: ("read", "search of everybody", "_revinclude"),
    an_include_that_skips_the_ruling: ("_include", "_revinclude"),
    a_search_that_counts_before_it_filters: ("search of everybody", "number of everybody"),
    a_page_that_is_not_ruled_on: ("search of everybody, by pages",),
    a_chain_through_what_is_hidden: ("chain through it", "_has"),
    a_history_that_shows_what_was: ("history of one", "history of a type"),
    a_person_told_what_they_were_not: ("read", "$everything of oneself", "$lastn"),
    a_resident_who_is_everybody: ("read", "compartment", "$everything"),
    a_proxy_of_everybody: ("read", "compartment", "$everything"),
    a_proxy_told_what_is_secret: ("read", "$everything of oneself"),
    a_proxy_told_what_the_person_was_not: ("read", "$everything of oneself", "$lastn"),
    a_refusal_that_tells: ("read", "HEAD", "$everything", "compartment"),
    a_binary_less_secret_than_its_subject: ("$everything", "history of everything"),
    an_export_without_labels: ("$export of people", "$export of a Group"),
    a_group_without_its_members: ("a Group by its id", "Groups found", "Groups beside people"),
    a_mask_that_tells_of_everything: ("$everything",),
    a_scope_whose_category_is_forgotten: (
        *("read", "number found", "chain through it", "_include", "$everything"),
        *("number of everybody", "history of everything", "$export of people"),
    ),
}


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ruling of before would not be spoilt, and a spoilt one would outlive its test."""
    monkeypatch.setattr(Rulings, "on", lambda *_: None)
    monkeypatch.setattr(Rulings, "keep", lambda *_: None)


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
async def test_a_spoilt_service_is_found_out_at_every_door_it_is_spoilt_at(
    few: World, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch)
    judge = await visited(few, PLAN, SPOILT[spoil])
    found = {one.cell[0] for one in judge.leaks()}
    assert found == set(SPOILT[spoil])


async def test_a_server_that_shows_nothing_at_all_is_found_out(
    few: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = ("search of one type", "search of everybody", "compartment", "_has", "$lastn")
    a_server_that_is_always_empty(monkeypatch)
    judge = await visited(few, PLAN, doors)
    assert {one.cell[0] for one in judge.findings if one.kind == "missing"} == set(doors)


async def test_a_stale_snapshot_that_opens_is_found_out(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.let_it_grow_stale()
    monkeypatch.setattr(enforcing, "freshness", lambda *_: Freshness.FRESH)
    doors = ("read", "search of everybody")
    judge = await visited(small, PLAN, doors, [BY_NAME["clinician"]])
    assert {one.cell[0] for one in judge.leaks()} == set(doors)


async def test_a_cell_that_nobody_went_to_is_noticed(few: World) -> None:
    judge = await visited(few, PLAN, ["read", "search of everybody"])
    assert not_visited(promised_whole(), judge)
    missed = promised_parts(2) - parts_visited(judge, 2)
    assert ((0, "vread"), (2, "none")) in missed
    assert ((0, "read"), (1, "clinician")) not in missed
