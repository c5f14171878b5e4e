"""Sessions end: by idleness, by age, by hand; and nobody opens one without its cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.web.test_sign_in import signed_in

from tasuki.shared.access.withdrawals import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unit.web.fakes import FakeCopies, FakeIssuer

    from tasuki.shared.clock import FixedClock
    from tasuki.shared.web.sign_in import RelyingParty

pytestmark = pytest.mark.anyio


async def test_a_session_not_used_for_its_idle_time_is_over_and_forgotten(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock, copies: FakeCopies
) -> None:
    _, secret = await signed_in(relying, issuer)
    clock.advance(timedelta(minutes=14))
    assert await relying.sessions.open(secret) is not None
    clock.advance(timedelta(minutes=14))
    assert await relying.sessions.open(secret) is not None, "each use counts anew"
    clock.advance(timedelta(minutes=15))
    assert await relying.sessions.open(secret) is None
    assert copies.held["session"] == {}


async def test_a_session_ends_after_its_longest_time_even_in_use(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock
) -> None:
    _, secret = await signed_in(relying, issuer)
    for _ in range(71):
        clock.advance(timedelta(minutes=10))
        assert await relying.sessions.open(secret) is not None
    clock.advance(timedelta(minutes=10))
    assert await relying.sessions.open(secret) is None


async def test_the_kept_key_opens_nothing(
    relying: RelyingParty, issuer: FakeIssuer, copies: FakeCopies
) -> None:
    session, secret = await signed_in(relying, issuer)
    assert list(copies.held["session"]) == [session.key]
    for guess in ("", session.key, secret + "x", secret[:-1], "x" * 1000):
        assert await relying.sessions.open(guess) is None
    assert secret not in str(copies.held)


async def test_old_sessions_are_swept_and_others_stay(
    relying: RelyingParty, issuer: FakeIssuer, clock: FixedClock, copies: FakeCopies
) -> None:
    await signed_in(relying, issuer)
    clock.advance(timedelta(minutes=10))
    kept, _ = await signed_in(relying, issuer)
    clock.advance(timedelta(minutes=10))
    await relying.sessions.end_old()
    assert list(copies.held["session"]) == [kept.key]


class Withdrawn:
    """A list that can be added to."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    async def any_of(self, names: Iterable[str]) -> bool:
        return not self.names.isdisjoint(names)


async def test_a_session_ends_with_a_withdrawn_sign_in_and_stays_ended(
    relying: RelyingParty, issuer: FakeIssuer, copies: FakeCopies
) -> None:
    issuer.access_claims = {"sid": "sign-in-1"}
    relying.sessions.withdrawals = withdrawn = Withdrawn()
    _, secret = await signed_in(relying, issuer)
    withdrawn.names = {name_of("sid", "sign-in-2")}
    assert await relying.sessions.open(secret) is not None
    withdrawn.names = {name_of("sid", "sign-in-1")}
    assert await relying.sessions.open(secret) is None
    withdrawn.names = set()
    assert await relying.sessions.open(secret) is None
    assert copies.held["session"] == {}
