"""Connections to a database elsewhere: over TLS, to the server that was meant, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import trustme
from sqlalchemy import text

from tasuki.shared.engines import engine_for
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.store.world import Server

ELSEWHERE = "127.0.0.2"  # this machine too, but by no name of it that we know
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def _in_front(socket: str, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Stand in front of a server, which has no TLS itself; yield the port."""
    at_work: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.ensure_future(serve(reader, writer)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(len(SSL_REQUEST))
        inner = await asyncio.open_unix_connection(socket)
        try:
            if first != SSL_REQUEST:
                inner[1].write(first)
            elif context is None:
                writer.write(b"N")
            else:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
            await asyncio.gather(_pump(reader, inner[1]), _pump(inner[0], writer))
        except OSError:
            pass  # the other side did not like what it saw
        finally:
            for each in (writer, inner[1]):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    server = await asyncio.start_server(take, ELSEWHERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*at_work)


def _asked(server: Server, authority: trustme.CA, roots: Path, *, name: str = ELSEWHERE) -> str:
    """Return what `SELECT` answers over a certificate of this name, believing these roots."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return asyncio.run(_through(server, context, roots))


async def _through(server: Server, context: ssl.SSLContext | None, roots: Path) -> str:
    socket = str(Path(server.postgres.socket_folder) / ".s.PGSQL.5432")
    async with _in_front(socket, context) as port:
        place = f"postgresql+asyncpg://postgres@{ELSEWHERE}:{port}/postgres"
        engine = engine_for(f"{place}?sslmode=verify-full&sslrootcert={quote(str(roots))}")
        try:
            async with engine.connect() as connection:
                return str((await connection.execute(text("SELECT 'here'"))).scalar_one())
        finally:
            await engine.dispose()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    made, roots = trustme.CA(), tmp_path / "roots.pem"
    made.cert_pem.write_to_path(str(roots))
    return made, roots


def test_a_server_elsewhere_is_spoken_to_over_tls(
    server: Server, authority: tuple[trustme.CA, Path]
) -> None:
    assert _asked(server, *authority) == "here"


def test_a_server_of_another_name_or_under_another_root_is_not_spoken_to(
    server: Server, authority: tuple[trustme.CA, Path]
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _asked(server, *authority, name="127.0.0.3")
    with pytest.raises(ssl.SSLCertVerificationError):
        _asked(server, trustme.CA(), authority[1])


def test_a_server_elsewhere_without_tls_is_not_spoken_to(
    server: Server, authority: tuple[trustme.CA, Path]
) -> None:
    with pytest.raises(OSError, match="SSL"):
        asyncio.run(_through(server, None, authority[1]))


@pytest.mark.parametrize(
    "query",
    ["sslmode=require", "sslmode=disable", "ssl=disable", "ssl=require", "sslmode=verify-ca"],
)
@pytest.mark.parametrize("host", ["db.example", "127.0.0.2", "localhost.example"])
def test_less_than_a_checked_name_is_refused(host: str, query: str) -> None:
    with pytest.raises(Fault) as caught:
        engine_for(f"postgresql+asyncpg://{host}/a?{query}")
    assert caught.value.category is Category.INVALID


def test_one_host_elsewhere_among_several_is_elsewhere() -> None:
    with pytest.raises(Fault):
        engine_for("postgresql+asyncpg://u@/a?host=localhost:1&host=db.example:1&ssl=disable")
    engine_for("postgresql+asyncpg://u@/a?host=localhost:1&host=127.0.0.1:2&ssl=disable")


def test_roots_that_cannot_be_read_are_a_fault_that_names_no_file(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        engine_for(f"postgresql+asyncpg://db.example/a?sslrootcert={tmp_path / 'secret.pem'}")
    assert caught.value.category is Category.UNAVAILABLE
    assert "secret" not in caught.value.message
