"""A lean HTTP/1.1 client on asyncio streams: the load generator shares two cores with the server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

LIMIT = 8 * 1024 * 1024
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Request:
    """One request, written out once and sent many times."""

    url: str
    token: str
    method: str = "GET"
    body: bytes = b""
    media_type: str = "application/fhir+json"
    headers: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return it as it goes over the wire."""
        parts = urlsplit(self.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"{self.method} {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {self.token}",
            "Accept: application/fhir+json",
            *self.headers,
        ]
        if self.body:
            lines += [f"Content-Type: {self.media_type}", f"Content-Length: {len(self.body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Connection:
    """One kept-alive connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, wire: bytes) -> tuple[int, bytes]:
        """Return status and body of one request."""
        status, _, body = await self.exchange(wire)
        return status, body

    async def exchange(self, wire: bytes) -> tuple[int, bytes, bytes]:
        """Return status, head and body of one request."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=LIMIT
            )
        self._writer.write(wire)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if status == NO_CONTENT:
            return status, head, b""
        if b"transfer-encoding: chunked" in lower:
            return status, head, await self._chunked(self._reader)
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        return status, head, await self._reader.readexactly(length)

    async def _chunked(self, reader: asyncio.StreamReader) -> bytes:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body

    def close(self) -> None:
        """Close it."""
        if self._writer is not None:
            self._writer.close()


async def closed_loop(
    requests: list[bytes], host: str, port: int, *, connections: int, seconds: float
) -> tuple[list[float], dict[int, int], float]:
    """Send as fast as the answers come; return latencies in seconds, statuses, time taken."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    until = time.perf_counter() + seconds

    async def one(offset: int) -> None:
        connection = Connection(host, port)
        place = offset
        while time.perf_counter() < until:
            began = time.perf_counter()
            status, _ = await connection.ask(requests[place % len(requests)])
            latencies.append(time.perf_counter() - began)
            statuses[status] = statuses.get(status, 0) + 1
            place += connections
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(offset) for offset in range(connections)))
    return latencies, statuses, time.perf_counter() - began


async def open_loop(
    requests: list[bytes], host: str, port: int, *, per_second: float, seconds: float
) -> tuple[list[float], dict[int, int], float]:
    """Send at a fixed rate, whatever the answers do: a slow answer delays no other's clock."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    idle: list[Connection] = []

    async def one(wire: bytes, due: float) -> None:
        connection = idle.pop() if idle else Connection(host, port)
        status, _ = await connection.ask(wire)
        latencies.append(time.perf_counter() - due)
        statuses[status] = statuses.get(status, 0) + 1
        idle.append(connection)

    began = time.perf_counter()
    tasks = []
    for number in range(int(per_second * seconds)):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(requests[number % len(requests)], due)))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return latencies, statuses, time.perf_counter() - began
