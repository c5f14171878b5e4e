"""What a service keeps of the feed counts by its signature alone, offline or late or replayed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from joserfc.jwk import ECKey
from prometheus_client import CollectorRegistry
from tests.unit.web.fakes import FakeCopies

from tasuki.consent.declaration_json import write_declaration
from tasuki.consent.declarations import latest_versions
from tasuki.consent.feed import ConsentFeedEntry, FeedPage, write_page
from tasuki.consent.keeping import KeptSnapshot
from tasuki.consent.signing import sign_declaration, write_signed
from tasuki.consent.signing.trust import Trust
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tasuki.consent.declarations import Declaration

ISSUER = "https://consent.example.jp/fhir"
KEY = ECKey.generate_key("P-256", parameters={"kid": "k1"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "k2"})
DAY = timedelta(days=1)


class _Keys:
    """The consent service's key set; None where it was never learned and does not answer."""

    def __init__(self, *keys: ECKey) -> None:
        self.now: dict[str, ECKey] | None = {str(key.kid): key for key in keys}

    async def key(self, kid: str) -> ECKey | None:
        if self.now is None:
            raise Fault(Category.UNAVAILABLE, "down")
        return self.now.get(kid)


class Node:
    """One service's copy of the feed."""

    def __init__(self, now: datetime, *keys: ECKey) -> None:
        self.copies = FakeCopies()
        self.clock = FixedClock(now)
        self.keys = _Keys(*keys)
        self.seq = 0
        self.restart()

    def restart(self) -> None:
        self.trust = Trust(self.keys, ISSUER, self.clock)
        self.snapshot = KeptSnapshot(self.copies, self.clock, self.trust)
        asyncio.run(self.snapshot.open())

    def hear(self, *bodies: Mapping[str, object]) -> None:
        """Take one page of the feed."""
        entries = []
        for body in bodies:
            self.seq += 1
            entries.append(ConsentFeedEntry(self.seq, "e1", "declaration", (), body))
        page = FeedPage("e1", tuple(entries), self.seq, None)
        asyncio.run(self.snapshot.apply(write_page(page).encode(), self.clock.now()))

    @property
    def open(self) -> list[tuple[str, int]]:
        """Ids and versions of what is open now."""
        known = latest_versions(self.snapshot.declarations)
        return [(one.id, one.version) for one in known if one.open_at(self.clock.now())]


def signed(declaration: Declaration, key: ECKey = KEY, issuer: str = ISSUER) -> dict[str, object]:
    return write_signed(declaration, sign_declaration(declaration, key, issuer))


@pytest.fixture
def node(now: datetime) -> Node:
    return Node(now, KEY)


def test_what_is_signed_counts_and_ends_by_itself(
    node: Node, declaration_of: Callable[..., Declaration]
) -> None:
    node.hear(signed(declaration_of()))
    assert node.open == [("d1", 1)]
    node.clock.advance(7 * DAY)
    assert node.open == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (write_declaration, "unsigned"),
        (lambda made: signed(made) | {"jws": "a.b.c"}, "malformed"),
        (lambda made: signed(made, OTHER), "unknown-key"),
        (lambda made: signed(made, ECKey.generate_key("P-256", parameters={"kid": "k1"})), "wrong"),
        (lambda made: signed(made, KEY, "https://elsewhere.example.jp"), "other-issuer"),
    ],
)
def test_what_is_not_opens_nothing_and_is_told_once(
    node: Node,
    declaration_of: Callable[..., Declaration],
    capsys: pytest.CaptureFixture[str],
    body: Callable[[Declaration], dict[str, object]],
    reason: str,
) -> None:
    registry = CollectorRegistry()
    node.trust.metered(registry)
    node.hear(body(declaration_of()))
    node.hear()
    assert node.open == []
    told = capsys.readouterr().out
    assert told.count("declaration.refused") == 1
    assert "d1" in told
    assert reason in told
    refused = registry.get_sample_value("tasuki_declarations", {"signature": "refused"})
    assert refused == 1
    node.hear(signed(declaration_of(id="d2")))  # and the feed goes on
    assert node.open == [("d2", 1)]


def test_a_node_that_was_not_following_verifies_it_alone(
    now: datetime, declaration_of: Callable[..., Declaration]
) -> None:
    """Issued while it was off; heard of later from its own copy, with no issuer to be asked."""
    node = Node(now - 30 * DAY, KEY)
    node.hear()
    object_ = signed(declaration_of())
    node.clock.advance(30 * DAY)
    node.hear(object_)
    node.keys.now = {"k1": KEY}  # what its key file holds; the issuer is down
    node.restart()
    assert node.open == [("d1", 1)]
    node.clock.advance(6 * DAY)
    assert node.open == []


def test_a_key_learned_late_opens_what_waited_for_it(
    now: datetime, declaration_of: Callable[..., Declaration]
) -> None:
    node = Node(now)
    node.keys.now = None
    node.hear(signed(declaration_of()))
    assert node.open == []
    node.keys.now = {"k1": KEY}
    node.hear()
    assert node.open == [("d1", 1)]


def test_a_withdrawn_key_closes_what_it_signed_until_it_is_signed_anew(
    node: Node, declaration_of: Callable[..., Declaration]
) -> None:
    node.hear(signed(declaration_of()))
    node.keys.now = {"k2": OTHER}
    node.hear()
    assert node.open == []
    node.hear(signed(declaration_of(version=2), OTHER))
    assert node.open == [("d1", 2)]


def test_another_key_under_the_same_id_is_another_key(
    node: Node, declaration_of: Callable[..., Declaration]
) -> None:
    node.hear(signed(declaration_of()))
    node.keys.now = {"k1": ECKey.generate_key("P-256", parameters={"kid": "k1"})}
    node.hear()
    assert node.open == []


def test_an_older_version_that_comes_again_brings_nothing_back(
    node: Node, declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    first, renewed = declaration_of(), declaration_of(version=2, end=now + DAY)
    closed = declaration_of(version=3, closed_at=now)
    node.hear(signed(renewed), signed(first))
    assert node.open == [("d1", 2)]
    node.hear(signed(closed))
    assert node.open == []
    node.hear(signed(first), signed(renewed))
    assert node.open == []
    node.restart()
    assert node.open == []


def test_rubbish_under_a_version_does_not_take_its_place(
    node: Node, declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    """A forged 'version 3' must not push out the closing that was signed."""
    closed = declaration_of(version=3, closed_at=now)
    node.hear(signed(declaration_of()), signed(closed))
    node.hear(signed(declaration_of(version=3), OTHER), signed(declaration_of(version=4), OTHER))
    assert node.open == []


def test_of_two_with_one_number_the_one_that_ends_first_counts(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    long, short = declaration_of(), declaration_of(end=now + DAY)
    closed = declaration_of(closed_at=now)
    for order in ((long, short), (short, long)):
        assert latest_versions(order) == (short,)
    for order in ((closed, short), (short, closed)):
        assert latest_versions(order) == (closed,)


def test_a_copy_from_before_signatures_is_read_and_opens_nothing(
    node: Node, declaration_of: Callable[..., Declaration]
) -> None:
    node.hear(write_declaration(declaration_of()))
    node.restart()
    assert node.open == []
    node.hear(signed(declaration_of(version=2)))  # renewed after the upgrade
    assert node.open == [("d1", 2)]
