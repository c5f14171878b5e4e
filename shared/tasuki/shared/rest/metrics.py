"""`GET /metrics`: how much is asked, how fast it is answered, how old the copies are.

Requests are counted by route template, method and class of status: never by path, id or query,
which may name a person. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from fastapi import Request, Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tasuki.shared.access.copies import Copies
    from tasuki.shared.clock import Clock

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Marks of a proxy: behind one, every client would look like loopback.
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via")
UNKNOWN = float("nan")


class Log(Protocol):
    """Where audit leaves wait for the stamper."""

    async def unstamped(self) -> Mapping[str, int]:
        """Return how many of each kind wait.

        Raises:
            Fault: UNAVAILABLE where the database does not answer.
        """
        ...


class Backlog(Log, Protocol):
    """Where changes wait as well, and feeds are copied."""

    @property
    def replicas(self) -> Copies:
        """Return the copies of others' feeds."""
        ...


class Metrics:
    """The numbers of one app, in a registry of its own: one process may hold several apps.

    Args:
        clock: The time, for the age of copies.
        store: Whose backlog is told; None for a service without a record store.
        feeds: Names of the feeds that are copied.
        log: Of a service without a record store that keeps an audit log.
    """

    def __init__(
        self,
        clock: Clock,
        store: Backlog | None,
        feeds: Sequence[str] = (),
        log: Log | None = None,
    ) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._store = store
        self._log = log if store is None else store
        self._feeds = feeds
        labels = ("route", "method", "status")
        self._requests = Counter(
            "tasuki_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "tasuki_request_seconds",
            "Time until the answer was sent whole; a feed may hold a request for 25 s.",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )
        self._ages = Gauge(
            "tasuki_copy_age_seconds",
            "Since the copy of a feed was last known to be complete; NaN before that.",
            ("feed",),
            registry=self.registry,
        )
        self._waiting = Gauge(
            "tasuki_unstamped",
            "Committed changes and audit records without a number yet; NaN when unknown.",
            ("kind",),
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self._held: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; `status` is the HTTP status."""
        kind = status // 100
        held = self._held.get((route, method, kind))
        if held is None:
            labels = (route, method if method in METHODS else "other", f"{kind}xx")
            held = (self._requests.labels(*labels), self._seconds.labels(*labels))
            if method in METHODS:  # what is held here must stay small
                self._held[(route, method, kind)] = held
        held[0].inc()
        held[1].observe(seconds)

    async def told(self) -> bytes:
        """Return everything in the text format; what cannot be asked for now is NaN."""
        if self._log is not None:
            try:
                await self._look(self._log)
            except Fault:
                self._unknown()
        return generate_latest(self.registry)

    async def _look(self, log: Log) -> None:
        for kind, count in (await log.unstamped()).items():
            self._waiting.labels(kind).set(count)
        if self._store is not None:
            await self._look_at_copies(self._store)

    async def _look_at_copies(self, store: Backlog) -> None:
        now = self._clock.now()
        for feed in self._feeds:
            cursor = await store.replicas.cursor(feed)
            age = UNKNOWN if cursor is None else (now - cursor.fresh_at).total_seconds()
            self._ages.labels(feed).set(age)

    def _unknown(self) -> None:
        for kind in ("audit",) if self._store is None else ("change", "audit"):
            self._waiting.labels(kind).set(UNKNOWN)
        for feed in self._feeds:
            self._ages.labels(feed).set(UNKNOWN)


class Counting:
    """ASGI middleware around the routes of an app and of what is mounted in it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # what an exception becomes further out
        root = len(scope.get("root_path", ""))

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.answered(_template(scope, root), scope["method"], status, seconds)


def _template(scope: Scope, root: int) -> str:
    """Return the template of the route that answered, as from the app's own root."""
    # The router leaves its match in the scope. With a prefix given at inclusion, FastAPI keeps the
    # whole template apart from the route.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context, "path", None) or getattr(scope.get("route"), "path", None)
    if not isinstance(path, str):
        return "none"
    return f"{scope.get('root_path', '')[root:]}{path}"


def install(app: FastAPI, metrics: Metrics, *, open_to_all: bool) -> None:
    """Count the requests of an app, and answer `GET /metrics` at its root.

    Args:
        app: The app of a service, not of its FHIR base URL: what is mounted is counted with it.
        metrics: Its numbers.
        open_to_all: Whether clients elsewhere may read them; otherwise the path is not there
            except for clients on loopback that come through no proxy.
    """
    app.add_middleware(Counting, metrics=metrics)

    async def numbers(request: Request) -> Response:
        """Return the numbers."""
        if not (open_to_all or _is_near(request)):
            raise HTTPException(404)  # as any other path that is not there
        return Response(await metrics.told(), media_type=CONTENT_TYPE_LATEST)

    app.add_api_route("/metrics", numbers, methods=["GET"])


def _is_near(request: Request) -> bool:
    host = None if request.client is None else request.client.host
    return host in LOOPBACK and not any(name in request.headers for name in PROXIED)
