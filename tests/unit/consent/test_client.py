"""Freshness of the snapshot, and the feed that fills it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.consent.client import Freshness, freshness
from tasuki.consent.declaration_json import write_declaration
from tasuki.consent.feed import (
    ConsentFeedEntry,
    FeedPage,
    FeedPosition,
    apply_feed,
    read_page,
    write_page,
)
from tasuki.consent.vocabulary import Purpose
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.consent.declarations import Declaration

EMERGENCY = {Purpose.DISASTER, Purpose.BTG}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    ("seconds", "everyday", "emergency"),
    [
        (None, Freshness.REFUSE, Freshness.REFUSE),
        (-6.0, Freshness.REFUSE, Freshness.SHOW_AGE),
        (-1.0, Freshness.FRESH, Freshness.FRESH),
        (60.0, Freshness.FRESH, Freshness.FRESH),
        (60.001, Freshness.REFUSE, Freshness.SHOW_AGE),
        (864000.0, Freshness.REFUSE, Freshness.SHOW_AGE),
    ],
)
def test_how_old_a_snapshot_may_be(
    purpose: Purpose, seconds: float | None, everyday: Freshness, emergency: Freshness
) -> None:
    age = None if seconds is None else timedelta(seconds=seconds)
    assert freshness(age, purpose) is (emergency if purpose in EMERGENCY else everyday)


def test_no_purpose_is_no_emergency() -> None:
    assert freshness(timedelta(0), None) is Freshness.REFUSE


def _consent(seq: int, epoch: str = "e1", name: str = "c1") -> ConsentFeedEntry:
    body = {"resourceType": "Consent", "id": name, "status": "active", "note": seq}
    return ConsentFeedEntry(seq, epoch, "consent", ("t1", "t2"), body)


@dataclass
class Kept:
    """A sink that remembers the last body of each id, and how often it was told to forget."""

    bodies: dict[object, object] = field(default_factory=dict)
    calls: int = 0
    forgot: int = 0

    def forget_all(self) -> None:
        self.bodies.clear()
        self.forgot += 1

    def keep(self, entry: ConsentFeedEntry) -> None:
        self.bodies[entry.body["id"]] = entry.seq
        self.calls += 1


def fed(epoch: str, entries: tuple[ConsentFeedEntry, ...], following: int | None) -> FeedPage:
    """A page that reaches as far as its last entry."""
    return FeedPage(epoch, entries, following or (entries[-1].seq if entries else 0), following)


def test_what_is_for_nobody_is_passed_over() -> None:
    """Changes that are listed for nobody move the cursor too, or they would be asked for for ever."""
    position = apply_feed(FeedPosition(), FeedPage("e1", (_consent(3),), 9, None), Kept())
    assert position == FeedPosition("e1", 9, caught_up=True)
    position = apply_feed(position, FeedPage("e1", (), 12, None), Kept())
    assert position.cursor == 12


def test_a_page_applies_once_however_often_it_comes() -> None:
    page = fed("e1", (_consent(3), _consent(7)), None)
    kept = Kept()
    position = apply_feed(FeedPosition(), page, kept)
    assert position == FeedPosition("e1", 7, caught_up=True)
    assert apply_feed(position, page, kept) == position
    assert (kept.calls, kept.bodies) == (2, {"c1": 7})


def test_an_older_page_undoes_nothing() -> None:
    kept = Kept()
    position = apply_feed(FeedPosition(), fed("e1", (_consent(7),), None), kept)
    apply_feed(position, fed("e1", (_consent(3),), None), kept)
    assert kept.bodies == {"c1": 7}


def test_a_new_epoch_starts_anew_and_applies_nothing_of_the_page() -> None:
    kept = Kept()
    position = apply_feed(FeedPosition(), fed("e1", (_consent(7),), None), kept)
    fresh = fed("e2", (_consent(8, "e2", "c2"),), None)
    position = apply_feed(position, fresh, kept)
    assert position == FeedPosition("e2", 0, caught_up=False)
    assert (kept.bodies, kept.forgot) == ({}, 1)
    apply_feed(position, fresh, kept)
    assert kept.bodies == {"c2": 8}


def test_a_reader_has_caught_up_only_after_the_last_page() -> None:
    kept = Kept()
    position = apply_feed(FeedPosition(), fed("e1", (_consent(7),), 7), kept)
    assert not position.caught_up
    position = apply_feed(position, fed("e1", (), None), kept)
    assert position == FeedPosition("e1", 7, caught_up=True)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), min_size=1, max_size=12))
def test_pages_cut_and_repeated_anyhow_end_as_one_pass_does(cuts: list[tuple[int, int]]) -> None:
    """Pages are asked for from the cursor or from before it, as after a lost answer."""
    feed = tuple(_consent(seq, name=f"c{seq % 4}") for seq in range(1, 21))
    kept, position = Kept(), FeedPosition()
    for back, length in cuts:
        start = max(0, position.cursor - back)
        position = apply_feed(position, fed("e1", feed[start : start + length], None), kept)
    once = Kept()
    apply_feed(FeedPosition(), fed("e1", feed[: position.cursor], None), once)
    assert kept.bodies == once.bodies
    assert kept.calls == once.calls


def test_a_page_round_trips(declaration_of: Callable[..., Declaration]) -> None:
    declared = write_declaration(declaration_of())
    entries = (_consent(3), ConsentFeedEntry(4, "e1", "declaration", (), declared))
    page = fed("e1", entries, 4)
    assert read_page(write_page(page)) == page
    assert read_page(write_page(fed("e1", (), None))) == fed("e1", (), None)


def _page(**over: object) -> dict[str, Any]:
    entry = {"seq": 3, "kind": "consent", "person": ["t"], "body": dict(_consent(3).body)}
    return {"epoch": "e1", "entries": [{**entry, **over}], "reached": 3, "next": None}


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({**_page(), "more": True}, "page.more"),
        ({**_page(), "epoch": ""}, "page.epoch"),
        ({**_page(), "entries": {}}, "page.entries"),
        ({**_page(), "entries": [None]}, "page.entries[0]"),
        ({**_page(), "entries": _page()["entries"] * 2}, "page.entries"),
        ({**_page(), "entries": _page()["entries"] * 1001}, "page.entries"),
        ({**_page(), "next": 4}, "page.next"),
        ({**_page(), "next": "3"}, "page.next"),
        ({"epoch": "e1", "entries": [], "reached": 2, "next": 3}, "page.next"),
        ({"epoch": "e1", "entries": [], "reached": 0}, "page.next"),
        ({"epoch": "e1", "entries": [], "next": None}, "page.reached"),
        ({**_page(), "reached": 2}, "page.reached"),
        ({**_page(), "reached": -1}, "page.reached"),
        (_page(seq=0), "page.entries[0].seq"),
        (_page(seq=True), "page.entries[0].seq"),
        (_page(kind="rumour"), "page.entries[0].kind"),
        (_page(person=[]), "page.entries[0]"),
        (_page(person="t"), "page.entries[0].person"),
        (_page(person=[""]), "page.entries[0].person"),
        (_page(body={"resourceType": "Patient", "id": "p"}), "page.entries[0]"),
        (_page(body={"resourceType": "Consent"}), "page.entries[0].body.id"),
        (_page(kind="declaration", person=[]), "page.entries[0].body.form"),
    ],
)
def test_a_page_not_understood_is_refused(page: dict[str, Any], path: str) -> None:
    with pytest.raises(Fault) as caught:
        read_page(json.dumps(page))
    assert (caught.value.category, caught.value.at) == (Category.STRUCTURE, (path,))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"epoch":"a","epoch":"b","entries":[],"next":null}', "[" * 100000]
)
def test_what_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        read_page(text)
