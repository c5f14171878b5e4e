"""A FHIR service on a port of its own, in a thread, with people in it whom strangers may not see."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from tests.conftest import free_port
from tests.integration.rest.house import House, house_on
from tests.store.world import Server, tenant_on

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 60.0
# Known values of a person no stranger may see; they must stand in no answer to one.
PLANTED = ("輪島", "みなとZQX", "1938-04-05", "planted-mrn-77", "エピペンZQX", "planted-note-77")


@dataclass(frozen=True)
class Served:
    """The running service.

    Attributes:
        base: Its base URL, on loopback.
        ids: The planted resources, as (type, id).
        stranger: The token of a resident who is somebody else.
        own: That resident's Patient id.
    """

    base: str
    ids: tuple[tuple[str, str], ...]
    stranger: str
    own: str


class Web(uvicorn.Server):
    """A server that tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextlib.contextmanager
def served(server: Server, folder: Path) -> Iterator[Served]:
    """Run the service until the block ends."""
    port = free_port()
    started: list[Served] = []
    ready, stop = threading.Event(), threading.Event()

    async def run() -> None:
        async with tenant_on(server, folder) as world, house_on(world) as house:
            ids, own = await _planted(house)
            stranger = await house.resident(own)
            config = uvicorn.Config(house.app, port=port, log_level="critical", ws="none")
            web = Web(config)
            task = asyncio.create_task(web.serve())
            await web.up.wait()
            started.append(Served(f"http://127.0.0.1:{port}", ids, stranger, own))
            ready.set()
            await asyncio.to_thread(stop.wait)
            web.should_exit = True
            await task

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(START_SECONDS)
        yield started[0]
    finally:
        stop.set()
        thread.join(START_SECONDS)


async def _planted(house: House) -> tuple[tuple[tuple[str, str], ...], str]:
    patient = await house.create(
        {
            "resourceType": "Patient",
            "name": [{"family": PLANTED[0], "given": [PLANTED[1]]}],
            "birthDate": PLANTED[2],
            "identifier": [{"system": "urn:mrn", "value": PLANTED[3]}],
        }
    )
    about: dict[str, Any] = {"reference": f"Patient/{patient}"}
    allergy = await house.create(
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "patient": about,
            "code": {"text": PLANTED[4]},
        }
    )
    note = await house.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "subject": about,
            "code": {"text": "x"},
            "note": [{"text": PLANTED[5]}],
        }
    )
    own = await house.create({"resourceType": "Patient"})
    held = (("Patient", patient), ("AllergyIntolerance", allergy), ("Observation", note))
    return held, own
