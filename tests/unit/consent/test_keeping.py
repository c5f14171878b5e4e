"""What a kept Consent means is read from what it says, whatever number it came under."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

from tests.unit.web.fakes import FakeCopies

from tasuki.consent.keeping import KeptSnapshot
from tasuki.consent.rules import ConsentRule
from tasuki.consent.signing.trust import Trust
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.records import Copy
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.access.records import Unit


class _Kept:
    """As much of a `Unit` as is asked here."""

    def __init__(self) -> None:
        self.body = b""

    async def copies(self, feed: str, owner: str) -> list[Copy]:
        del feed, owner
        return [Copy("c1", 1, self.body)]


def test_a_number_that_comes_again_does_not_bring_back_what_was_said_before(
    consent_json: Callable[..., dict[str, Any]],
) -> None:
    """A restored feed begins anew, and counts from one again."""
    kept = _Kept()
    snapshot = KeptSnapshot(FakeCopies(), FixedClock(), Trust(StaticJwks({}), "x", FixedClock()))
    effects = []
    for effect in ("permit", "deny"):
        kept.body = json.dumps(consent_json(provision={"type": effect})).encode()
        (held,) = asyncio.run(snapshot.consents(cast("Unit", kept), "p1"))
        assert isinstance(held, ConsentRule)
        effects.append(held.root.effect.value)
    assert effects == ["permit", "deny"]


def test_the_same_copies_are_the_same_consents(consent_json: Callable[..., dict[str, Any]]) -> None:
    """What was decided on them is remembered for as long as they are the very same."""

    class Same(_Kept):
        async def copies(self, feed: str, owner: str) -> list[Copy]:
            del feed, owner
            return held

    held = [Copy("c1", 1, json.dumps(consent_json()).encode())]
    snapshot = KeptSnapshot(FakeCopies(), FixedClock(), Trust(StaticJwks({}), "x", FixedClock()))
    unit = cast("Unit", Same())
    first = asyncio.run(snapshot.consents(unit, "p1"))
    assert asyncio.run(snapshot.consents(unit, "p1")) is first
    held = [*held]
    assert asyncio.run(snapshot.consents(unit, "p1")) == first
    assert asyncio.run(snapshot.consents(unit, "p1")) is not first
