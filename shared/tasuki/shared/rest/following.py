"""Follows another service's feed: pulls with a cursor, waits for news, survives days of silence.

Pages are applied with the cursor in one transaction, so a page that comes twice changes nothing
and none is skipped. While the other side does not answer, the copy keeps its age.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx2
import structlog

from tasuki.shared.access.records import Change
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.shared.access.client import TokenClient
    from tasuki.shared.clock import Clock

LOG = structlog.get_logger()

WAIT_SECONDS = 20.0  # how long the other side may hold a request without news
PURPOSE = "HOPERAT"  # delivery of records between services
TIMEOUT_SECONDS = 30.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0)  # pauses after failures in a row


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed to follow.

    Attributes:
        name: Our name for it; also the name of its cursor.
        base_url: Base URL of the service, the token's audience.
        path: Path of the feed under the base URL.
        scope: Scope the token needs.
        parameters: Further query parameters.
    """

    name: str
    base_url: str
    path: str
    scope: str
    parameters: Mapping[str, str]


class FeedCopy(Protocol):
    """A copy of a feed, as its follower needs it."""

    async def position(self) -> int:
        """Return the cursor to ask with; 0 before the first page."""
        ...

    async def apply(self, page: bytes, asked_at: datetime) -> bool:
        """Apply a page once, however often it comes; return whether that was all for now.

        Args:
            page: The answer's body.
            asked_at: Before it was asked for: the copy is at least as new as that.

        Raises:
            Fault: The page is not understood; nothing of it is applied.
        """
        ...


class Follower:
    """Keeps a copy of one feed up to date."""

    def __init__(
        self,
        source: FeedSource,
        copy: FeedCopy,
        *,
        http: httpx2.AsyncClient,
        tokens: TokenClient,
        clock: Clock,
    ) -> None:
        self.source = source
        self._copy = copy
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        failures = 0
        while True:
            try:
                await self.pull(WAIT_SECONDS if self.caught_up.is_set() else 0.0)
                failures = 0
            except (Fault, httpx2.HTTPError, OSError):
                pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                failures += 1
                LOG.warning("feed.unreachable", feed=self.source.name, failures=failures)
                await asyncio.sleep(pause)

    async def pull(self, wait: float) -> None:
        """Fetch and apply one page.

        Raises:
            Fault: UNAVAILABLE where the other side answers with anything but a page.
        """
        since = await self._copy.position()
        asked_at = self._clock.now()
        token = await self._tokens.client_credentials(
            self.source.scope, self.source.base_url, PURPOSE
        )
        answer = await self._http.get(
            f"{self.source.base_url}{self.source.path}",
            params={**self.source.parameters, "since": str(since), "wait": str(wait)},
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code != httpx2.codes.OK:
            raise Fault(Category.UNAVAILABLE, "the feed does not answer")
        if await self._copy.apply(answer.content, asked_at):
            self.caught_up.set()
        else:
            self.caught_up.clear()  # more is there or is coming: ask again without waiting


def changes_page(content: bytes) -> tuple[str, int, list[Change]]:
    """Return epoch, next cursor and changes of a `$changes` page (see `tasuki.shared.rest.feed`).

    Raises:
        Fault: UNAVAILABLE where it is not one.
    """
    page = parse(content)
    try:
        changes = [
            Change(**{**change, "tokens": tuple(change["tokens"])}) for change in page["changes"]
        ]
        return str(page["epoch"]), int(page["next"]), changes
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(Category.UNAVAILABLE, "the feed's answer is not a page") from error
