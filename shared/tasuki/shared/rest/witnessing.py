"""Witnesses others' audit logs: fetches each newest head, signs it where it extends the last one.

A head that does not is never signed: it is kept, logged by the log's name, and counted. So who sets
a database back, or shows two histories, needs every witness's key too.
https://c2sp.org/tlog-witness, with the direction turned round: feeds here are pulled.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx2
import structlog
from prometheus_client import Counter

from tasuki.shared.access.ledger import Forked
from tasuki.shared.audit.checkpoint import BadCheckpoint
from tasuki.shared.audit.notes import LOG, WITNESS, Extended, VerifierKey
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.feed import SCOPE
from tasuki.shared.rest.following import PURPOSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from prometheus_client import CollectorRegistry

    from tasuki.shared.access.client import TokenClient
    from tasuki.shared.access.ledger import Ledger
    from tasuki.shared.clock import Clock
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.settings import ServiceSettings

LOGGER = structlog.get_logger()
LOOK_SECONDS = 10.0
TIMEOUT_SECONDS = 10.0
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A log to witness: the FHIR base URL of its service, and its key."""

    base_url: str
    key: VerifierKey


class Witness:
    """Looks after some logs.

    Args:
        ledger: Where what was signed is kept.
        http: Must not follow redirects.
        tokens: For the scope of the feed.
        clock: The time in the cosignatures.
        registry: Where the numbers are told.
    """

    def __init__(
        self,
        ledger: Ledger,
        http: httpx2.AsyncClient,
        tokens: TokenClient,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._ledger = ledger
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._handed: dict[str, str] = {}  # by log: the note that it has taken
        self._looks = Counter(
            "tasuki_witness_looks",
            "Heads of others' audit logs looked at, by what came of it; `forked` is an alarm.",
            ("log", "outcome"),
            registry=registry,
        )

    async def look(self, log: Watched) -> str:
        """Look once; return `signed`, `empty`, `refused`, `forked` or `unreachable`."""
        outcome = await self._look(log)
        self._looks.labels(log.key.name, outcome).inc()
        return outcome

    async def _look(self, log: Watched) -> str:
        name = log.key.name
        try:
            offered = await self._offered(log)
            if offered is None:
                return "empty"
            note = await self._ledger.cosign(log.key, offered, self._clock.now())
            await self._hand_back(log, note)
        except Forked as fork:
            return _alarm(name, fork.how)
        except BadCheckpoint:
            LOGGER.warning("witness.refused", log=name)
            return "refused"
        except (Fault, httpx2.HTTPError, OSError):
            LOGGER.warning("witness.unreachable", log=name)
            return "unreachable"
        return "signed"

    async def _offered(self, log: Watched) -> Extended | None:
        """Return what a log offers; None where it has sealed nothing yet."""
        old = await self._ledger.known(log.key.name)
        answer = await self._http.get(
            f"{log.base_url}/$checkpoint",
            params={"old": str(old)},
            headers=await self._headers(log),
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code == httpx2.codes.NOT_FOUND and not old:
            return None
        if answer.status_code == httpx2.codes.NOT_FOUND:  # it was not empty when we last looked
            raise Forked("shrunk")
        _require(answer)
        return Extended.read(answer.text)

    async def _hand_back(self, log: Watched, note: str) -> None:
        if self._handed.get(log.key.name) == note:
            return
        answer = await self._http.post(
            f"{log.base_url}/$cosignature",
            content=note.encode(),
            headers={**await self._headers(log), **TEXT},
            timeout=TIMEOUT_SECONDS,
        )
        _require(answer)
        self._handed[log.key.name] = note

    async def _headers(self, log: Watched) -> dict[str, str]:
        token = await self._tokens.client_credentials(SCOPE, log.base_url, PURPOSE)
        return {"Authorization": f"Bearer {token}"}


def _alarm(log: str, how: str) -> str:
    LOGGER.error("witness.forked", log=log, how=how)
    return "forked"


def _require(answer: httpx2.Response) -> None:
    if not answer.is_success:
        raise Fault(Category.UNAVAILABLE, "the log does not answer")


def watched_of(settings: ServiceSettings) -> list[Watched]:
    """Return the logs a service's settings tell it to witness.

    Raises:
        ValueError: What stands for a key is not the key of a log.
    """
    return [Watched(one.base_url, _key(one.key, LOG)) for one in settings.witnessed]


class Witnessed(Protocol):
    """Settings of a service whose log others witness."""

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Return the witnesses' verifier keys."""
        ...


def witnesses_of(settings: Witnessed) -> Mapping[str, Ed25519PublicKey]:
    """Return the witnesses whose cosignatures a service takes: their keys by name.

    Raises:
        ValueError: What stands for a key is not the key of a witness.
    """
    keys = [_key(line, WITNESS) for line in settings.witnesses]
    return {key.name: key.public for key in keys}


def _key(line: str, kind: bytes) -> VerifierKey:
    try:
        key = VerifierKey.read(line)
    except BadCheckpoint as error:
        raise ValueError("not a verifier key") from error
    if key.kind != kind:
        raise ValueError("the key of a log is not the key of a witness")
    return key


@asynccontextmanager
async def witnessing(
    settings: ServiceSettings,
    ledger: Ledger,
    near: Neighbours,
    clock: Clock,
    registry: CollectorRegistry,
) -> AsyncIterator[None]:
    """Witness the logs of the settings while inside."""
    witness = Witness(ledger, near.http, near.tokens, clock, registry)
    task = asyncio.create_task(_keep_looking(witness, watched_of(settings)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_looking(witness: Witness, logs: Sequence[Watched]) -> None:
    while logs:
        looks = (witness.look(log) for log in logs)
        for outcome in await asyncio.gather(*looks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                LOGGER.error("witness.defect", kind=type(outcome).__name__)
        await asyncio.sleep(LOOK_SECONDS)
