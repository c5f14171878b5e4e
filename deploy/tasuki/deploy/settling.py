"""When a demo is ready: the desk holds a copy of everything its sources hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

LOOK_SECONDS = 0.1


async def until_desk_has_all(app: FastAPI) -> None:
    """Return when `desk_has_all`."""
    while not await desk_has_all(app):  # noqa: ASYNC110 - another task moves cursors, not an event
        await asyncio.sleep(LOOK_SECONDS)


async def desk_has_all(app: FastAPI) -> bool:
    """Return whether the shelter has copied all that the record services hold now."""
    parts: dict[str, FastAPI] = app.state.parts
    copies = parts["/shelter"].state.store.replicas
    for path, part in parts.items():
        if not path.startswith(("/ehr/", "/phr")):
            continue
        head = (await part.state.fhir.store.feed(0, 1, ())).head
        cursor = await copies.cursor(f"source:{path.removeprefix('/')}")
        if cursor is None or cursor.seq < head:
            return False
    return True
