"""How often one account may search: a minute and a day, counted in this process.

https://limits.readthedocs.io/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from tasuki.shared.faults import Category
from tasuki.shelter.query import Unanswerable

if TYPE_CHECKING:
    from tasuki.shelter.settings import Limits


class Budget:
    """The searches each account has left; refused ones count too."""

    def __init__(self, limits: Limits) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = (
            RateLimitItemPerMinute(limits.per_minute),
            RateLimitItemPerDay(limits.per_day),
        )

    async def spend(self, account: str) -> None:
        """Take one search.

        Raises:
            Unanswerable: None is left.
        """
        taken = [await self._limiter.hit(item, "search", account) for item in self._items]
        if not all(taken):
            raise Unanswerable("too-many", Category.TOO_MANY)
