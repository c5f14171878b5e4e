"""Sweeping goes on when one of the swept places fails."""

from __future__ import annotations

import asyncio

import pytest

from tasuki.shared.web import sweeping as room
from tasuki.shared.web.sweeping import sweeping

pytestmark = pytest.mark.anyio


async def test_a_failure_stops_neither_the_others_nor_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "SWEEP_SECONDS", 0.001)
    calls: list[str] = []
    enough = asyncio.Event()

    async def fails() -> None:
        calls.append("fails")
        raise OSError

    async def works() -> None:
        calls.append("works")
        if calls.count("works") >= 3:
            enough.set()

    async with sweeping(fails, works):
        await asyncio.wait_for(enough.wait(), 5)
    assert calls.count("fails") >= 3
    swept = len(calls)
    await asyncio.sleep(0.01)
    assert len(calls) == swept, "nothing is swept after the service has ended"
