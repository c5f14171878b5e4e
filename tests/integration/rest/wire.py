"""One request exactly as given: what a client library would mend or refuse reaches the app."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from fastapi import FastAPI

CHUNK = 65_536
FHIR = (b"content-type", b"application/fhir+json")
AUTHORIZED = (b"authorization", b"Bearer hospital")


@dataclass(frozen=True)
class Wire:
    """One request; `endless` repeats the body for ever."""

    method: str = "POST"
    path: str = "/Patient"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = (FHIR,)
    body: bytes = b""
    endless: bool = False
    authorization: tuple[tuple[bytes, bytes], ...] = (AUTHORIZED,)


@dataclass
class Answer:
    """What came back.

    Attributes:
        read: Bytes of the body the app took.
    """

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    read: int = 0

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


async def sent(app: FastAPI, wire: Wire) -> Answer:
    """Send a request past every client and server library."""
    answer = Answer()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": wire.method,
        "path": wire.path,
        "raw_path": wire.path.encode("utf-8", "surrogatepass"),
        "query_string": wire.query,
        "root_path": "",
        "scheme": "https",
        "headers": [*wire.authorization, *wire.headers],
        "client": ("127.0.0.1", 1),
        "server": ("noto.example", 443),
    }

    async def receive() -> MutableMapping[str, Any]:
        part = wire.body if wire.endless else wire.body[answer.read : answer.read + CHUNK]
        answer.read += len(part)
        more = wire.endless or answer.read < len(wire.body)
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - the app says 500 first, and then raises its defect
        if not answer.status:
            answer.status = 599
    return answer


def diagnostics(answer: Answer) -> list[str]:
    """Return what an OperationOutcome says; fails where it is none."""
    outcome = json.loads(answer.body)
    assert outcome["resourceType"] == "OperationOutcome"
    return [issue["diagnostics"] for issue in outcome["issue"]]
