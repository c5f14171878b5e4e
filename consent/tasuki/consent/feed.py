"""The consent feed: pages of Consents, declarations and overrides that services pull as a snapshot.

    {"epoch": "e1", "entries": [{"seq": 7, "kind": "consent", "person": ["…"], "body": {…}}],
     "reached": 9, "next": null}

`seq` grows by stamping after commit; `reached` is the cursor to ask with again, which may be beyond
the last entry, since not every change is for the reader; `next` is the same cursor while there is
more, and null says that this was all there is now. The epoch changes when the feed is restored from a backup: what was read
before then means nothing, and the reader starts anew from 0. A reader names the kinds it understands.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

from tasuki.consent.overrides.grant import read_grant
from tasuki.consent.reading import Element, as_element, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["consent", "declaration", "override"]
KINDS: tuple[Kind, ...] = ("consent", "declaration", "override")
LONGEST_PAGE = 1000  # entries; a page must fit in memory several times over


@dataclass(frozen=True, slots=True)
class ConsentFeedEntry:
    """One change.

    Attributes:
        seq: Its place in the feed, from 1.
        epoch: The feed's epoch.
        person: Network tokens of the person a Consent or override is about; empty for a declaration.
        body: The FHIR Consent, the signed declaration (whose signature counts is the reader's to
            say, `tasuki.consent.signing`), or what is needed to obey the override.
    """

    seq: int
    epoch: str
    kind: Kind
    person: tuple[str, ...]
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page.

    Attributes:
        reached: Cursor to ask with again; not below the last entry.
        next: The same while there is more; None when the reader has caught up.
    """

    epoch: str
    entries: tuple[ConsentFeedEntry, ...]
    reached: int
    next: int | None


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far a reader is. Before the first page, and after a change of epoch, the cursor is 0.

    A snapshot whose position has not caught up since its epoch began knows only part of the
    refusals: it is no basis for a disclosure.
    """

    epoch: str | None = None
    cursor: int = 0
    caught_up: bool = False


class FeedSink(Protocol):
    """Where a reader keeps what it learns; all of one page in one transaction."""

    def forget_all(self) -> None:
        """Drop everything: the feed began anew."""
        ...

    def keep(self, entry: ConsentFeedEntry) -> None:
        """Keep an entry in place of any earlier one for the same Consent or declaration."""
        ...


def apply_feed(position: FeedPosition, page: FeedPage, sink: FeedSink) -> FeedPosition:
    """Apply one page once, however often it comes; return the new position.

    A page of another epoch is not applied: the sink forgets all, and the answer is the beginning of
    the new epoch, from which the reader asks again.
    """
    position, starts_anew, news = reduce_feed(position, page)
    if starts_anew:
        sink.forget_all()
    for entry in news:
        sink.keep(entry)
    return position


def reduce_feed(
    position: FeedPosition, page: FeedPage
) -> tuple[FeedPosition, bool, tuple[ConsentFeedEntry, ...]]:
    """Return the new position, whether to forget all first, and the entries that are new.

    The pure half of `apply_feed`, for a sink that is asynchronous.
    """
    if page.epoch != position.epoch:
        begun = FeedPosition(epoch=page.epoch)
        if position.epoch is not None:
            return begun, True, ()
        position = begun
    news = tuple(entry for entry in page.entries if entry.seq > position.cursor)
    cursor = max(position.cursor, page.reached)
    caught_up = position.caught_up or page.next is None
    return replace(position, cursor=cursor, caught_up=caught_up), False, news


def write_page(page: FeedPage) -> str:
    """Return the JSON form of a page."""
    entries = [
        {"seq": e.seq, "kind": e.kind, "person": list(e.person), "body": e.body}
        for e in page.entries
    ]
    return json.dumps(
        {
            "epoch": page.epoch,
            "entries": entries,
            "reached": page.reached,
            "next": page.next,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def read_page(text: str | bytes) -> FeedPage:
    """Return a page from its JSON form.

    Raises:
        Fault: STRUCTURE with the path of what is not understood; no part of the page may be used.
    """
    try:
        document = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise refuse("page", "This is no JSON.") from None
    page = as_element("page", document)
    page.only("epoch", "entries", "reached", "next")
    epoch = page.text("epoch")
    values = page.members.get("entries")
    if not isinstance(values, list) or len(values) > LONGEST_PAGE:
        raise refuse("page.entries", "A list of at most 1000 entries is needed here.")
    entries = tuple(
        _entry(as_element(f"page.entries[{index}]", value), epoch)
        for index, value in enumerate(values)
    )
    if any(later.seq <= one.seq for one, later in pairwise(entries)):
        raise refuse("page.entries", "The entries are out of order.")
    reached = _reached(page, entries)
    return FeedPage(epoch, entries, reached, _next(page, reached))


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _whole(read: Element, name: str) -> int:
    value = read.members.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refuse(read.at(name), "A whole number from 1 is needed here.")
    return value


def _reached(page: Element, entries: tuple[ConsentFeedEntry, ...]) -> int:
    value = page.members.get("reached")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise refuse("page.reached", "A whole number from 0 is needed here.")
    if entries and value < entries[-1].seq:
        raise refuse("page.reached", "The cursor is below the last entry.")
    return value


def _next(page: Element, reached: int) -> int | None:
    if not page.has("next"):
        raise refuse("page.next", "A cursor or null is needed here.")
    if page.members["next"] is None:
        return None
    if _whole(page, "next") != reached:
        raise refuse("page.next", "The cursor is where the page has reached.")
    return reached


def _entry(read: Element, epoch: str) -> ConsentFeedEntry:
    read.only("seq", "kind", "person", "body")
    kind = read.text("kind")
    body = read.child("body")
    person = _person(read)
    if kind == "consent":
        if body.members.get("resourceType") != "Consent" or not person:
            raise refuse(read.path, "A Consent and its person are needed here.")
        body.text("id")
        return ConsentFeedEntry(_whole(read, "seq"), epoch, "consent", person, body.members)
    if kind == "declaration":
        body.text("form")
        body.text("id")
        if person:
            raise refuse(read.at("person"), "A declaration is about nobody.")
        return ConsentFeedEntry(_whole(read, "seq"), epoch, "declaration", (), body.members)
    if kind == "override":
        read_grant(body.members)
        if not person:
            raise refuse(read.at("person"), "An override is about one person.")
        return ConsentFeedEntry(_whole(read, "seq"), epoch, "override", person, body.members)
    raise refuse(read.at("kind"), "This kind is not known here.")


def _person(read: Element) -> tuple[str, ...]:
    values = read.members.get("person")
    if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
        raise refuse(read.at("person"), "A list of tokens is needed here.")
    return tuple(values)
