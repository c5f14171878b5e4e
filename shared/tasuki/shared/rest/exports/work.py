"""Producing an export: wait for what is being written, then file after file.

A moment's state can be read only when nobody can add to it any more. A transaction may have dated
its versions before the moment and commit after it; so those that are open when an export is
ordered are waited for, and nothing falls between this export and the next one's `_since`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tasuki.shared.access.exports.jobs import State
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.exports.searches import answer_search

if TYPE_CHECKING:
    from tasuki.shared.access.exports.jobs import Job
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
MOST_WAITED = 600.0  # seconds of one transaction


async def produce(service: FhirService, caller: Caller, id_: str, gap: float) -> None:
    """Take an export up and go on until it is over, or somebody else's.

    `gap` is in seconds: what was dated before the order has begun its transaction by then.

    Where the database does not answer it is left as it is; whoever asks for it takes it up again.
    """
    try:
        async with service.gate.enter(caller) as records:
            job = await records.take_export(id_)
        if job is not None and not job.over:
            await _worked_off(service, caller, job, gap)
    except Fault as fault:
        if fault.category is not Category.UNAVAILABLE:
            raise


async def _worked_off(service: FhirService, caller: Caller, job: Job, gap: float) -> None:
    try:
        if job.search is not None:
            await answer_search(service, caller, job)
        else:
            await _produced(service, caller, job, gap)
    except Fault as fault:
        if fault.category is Category.UNAVAILABLE:
            raise
        async with service.gate.enter(caller) as records:
            await records.fail_export(job, fault.message)


async def _produced(service: FhirService, caller: Caller, job: Job, gap: float) -> None:
    going: Job | None = job
    if job.state is State.WAITING:
        going = await _settled(service, caller, job, gap)
    while going is not None and not going.over:
        async with service.gate.enter(caller) as records:
            going = await records.next_export_file(going)


async def _settled(service: FhirService, caller: Caller, job: Job, gap: float) -> Job | None:
    """Return the job when nothing can be added any more to what it exports; None if it is gone.

    Raises:
        Fault: CONFLICT where that takes too long.
    """
    await asyncio.sleep(gap)
    async with service.gate.enter(caller) as records:
        left = await records.open_elsewhere()
    pause, waited = FIRST_PAUSE, 0.0
    going: Job | None = job
    while going is not None:
        async with service.gate.enter(caller) as records:
            left &= await records.open_elsewhere()
            going = await records.beat_export(going, settled=not left)
        if not left:
            return going
        if waited > MOST_WAITED:
            raise Fault(Category.CONFLICT, "something is being written for too long; order again")
        await asyncio.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)
    return None
