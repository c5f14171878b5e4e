"""How a service reaches the others: one HTTP client, its own tokens, the issuer's keys."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import structlog

from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.access.issuers import SeveralIssuers
from tasuki.shared.access.jwks import HttpJwks
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.access.withdrawals import HttpWithdrawals
from tasuki.shared.rest.tls import calling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from tasuki.shared.access.issuers import Verifier
    from tasuki.shared.access.withdrawals import Withdrawals
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.following import Follower
    from tasuki.shared.settings import ServiceSettings

LOG = structlog.get_logger()

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
CONNECTIONS = 50
DEFECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The outside, as one service sees it."""

    http: httpx2.AsyncClient
    tokens: TokenClient
    verifier: Verifier
    withdrawals: Withdrawals


def neighbours_for(
    settings: ServiceSettings, audience: str, *, clock: Clock, ids: IdSource
) -> Neighbours:
    """Return the neighbours of a service whose tokens name `audience`."""
    http = httpx2.AsyncClient(
        timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=CONNECTIONS),
        follow_redirects=False,
        trust_env=False,
        verify=calling(settings),
    )
    jwks = issuer_keys(settings, http, "tokens", clock)
    withdrawals = HttpWithdrawals(f"{settings.issuer}/withdrawn", http, clock)
    key_file = settings.private_jwk_file
    credentials = ServiceCredentials(
        client_id=settings.client_id,
        private_jwk={} if key_file is None else json.loads(key_file.read_text()),
        token_endpoint=f"{settings.issuer}/token",
    )
    return Neighbours(
        http=http,
        tokens=TokenClient(http, credentials, clock=clock, ids=ids),
        verifier=_verifier(
            settings,
            audience,
            AccessTokenVerifier(settings.issuer, audience, jwks, clock, withdrawals),
            http,
            clock,
        ),
        withdrawals=withdrawals,
    )


def _verifier(
    settings: ServiceSettings,
    audience: str,
    own: AccessTokenVerifier,
    http: httpx2.AsyncClient,
    clock: Clock,
) -> Verifier:
    """Return what checks tokens of our own server, and of the others trusted here."""
    others = {
        one.issuer: AccessTokenVerifier(
            one.issuer,
            audience,
            HttpJwks(one.jwks_uri, http, _keys_file(settings, f"issuer-{one.name}"), clock),
            clock,
            in_our_words=one.in_our_words,
        )
        for one in settings.trusted_issuers
    }
    return SeveralIssuers(own, others) if others else own


def _keys_file(settings: ServiceSettings, purpose: str) -> Path | None:
    """Return where the last good keys of an issuer are kept; None for nowhere."""
    cache = settings.cache_folder
    return None if cache is None else cache / f"jwks-{settings.tenant}-{purpose}.json"


def issuer_keys(
    settings: ServiceSettings, http: httpx2.AsyncClient, purpose: str, clock: Clock
) -> HttpJwks:
    """Return the issuer's keys, the last good set kept in a file for each purpose."""
    return HttpJwks(f"{settings.issuer}/jwks", http, _keys_file(settings, purpose), clock)


@asynccontextmanager
async def following(followers: Iterable[Follower]) -> AsyncIterator[None]:
    """Follow feeds while inside."""
    tasks = [asyncio.create_task(_kept(follower)) for follower in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept(follower: Follower) -> None:
    """Follow for ever; a defect is logged by its kind, and following goes on after a pause."""
    while True:
        task = asyncio.create_task(follower.run())
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        if task.cancelled():
            return
        defect = task.exception()
        LOG.error("feed.defect", feed=follower.source.name, kind=type(defect).__name__)
        await asyncio.sleep(DEFECT_SECONDS)
