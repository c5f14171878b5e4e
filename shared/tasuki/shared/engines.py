"""Connections to PostgreSQL: over a socket or loopback as they are, to anywhere else over TLS.

https://www.postgresql.org/docs/current/libpq-ssl.html (what `verify-full` and `sslrootcert` mean)
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tasuki.shared.faults import Category, Fault
from tasuki.shared.settings import LOOPBACK

if TYPE_CHECKING:
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

POOL = 8  # connections kept to a database; a request needs one at a time
OVERFLOW = 8

_OURS = ("sslmode", "sslrootcert")


def engine_for(
    url: str, *, connections: int = POOL, overflow: int = OVERFLOW, wait_seconds: float = 30
) -> AsyncEngine:
    """Return a connection pool for a database URL; statement parameters stay out of its errors.

    A server elsewhere must show a certificate for its name, under the roots of the machine or those
    of `?sslrootcert=FILE`: records are sealed, but who is looked up and when is not.

    Args:
        url: `postgresql+asyncpg://…`, with `sslmode=verify-full` or without it.
        connections: Connections kept.
        overflow: Connections made beyond these for a while.
        wait_seconds: How long a caller waits for a connection.

    Raises:
        Fault: INVALID for a URL that says less than `verify-full`; UNAVAILABLE where the roots
            cannot be used.
    """
    place = make_url(url)
    return create_async_engine(
        place.difference_update_query(_OURS),
        connect_args=_protected(place),
        pool_size=connections,
        max_overflow=overflow,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        pool_pre_ping=False,
    )


def _protected(place: URL) -> dict[str, Any]:
    if _is_near(place):
        return {}
    said = {name: place.query[name] for name in (*_OURS, "ssl") if name in place.query}
    roots = said.pop("sslrootcert", None)
    if said not in ({}, {"sslmode": "verify-full"}) or isinstance(roots, tuple):
        raise Fault(
            Category.INVALID,
            "a database elsewhere is reached with sslmode=verify-full and nothing less",
        )
    try:
        context = ssl.create_default_context(cafile=roots)
    except (OSError, ssl.SSLError) as error:
        raise Fault(
            Category.UNAVAILABLE, "the roots for a database's certificate cannot be used"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return {"ssl": context}


def _is_near(place: URL) -> bool:
    """Return whether every server the URL names is on this machine."""
    named = place.query.get("host", ())
    hosts = [named] if isinstance(named, str) else list(named)
    if place.host:
        hosts.append(place.host)
    return bool(hosts) and all(
        host.startswith("/") or _without_port(host) in LOOPBACK for host in hosts
    )


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and ":" not in name else host
