"""Proposals kept and decided on: sealed records of the consent service, in no feed and no search."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.consent.warnings.bulletin import Source
from tasuki.consent.warnings.held import Decision, HeldProposal, State, heard
from tasuki.consent.warnings.held_json import read_proposal, write_proposal
from tasuki.consent.warnings.verdict import Judged, judged
from tasuki.shared.access.records import NOBODY, Method, NewVersion
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from tasuki.consent.warnings.bulletin import Bulletin
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import RecordStore, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock

TYPE = "DeclarationProposal"
MOST = 5_000  # shown; a year's worst month of orders has fewer
MOST_AT_ALL = 50_000  # looked through for what is too old, so that a flood ends by itself
AHEAD = timedelta(hours=1)  # senders' clocks; a bulletin's time is when it was sent
KEPT = timedelta(days=30)  # after the last word on it; a declaration made from it stays


@dataclass(frozen=True, slots=True)
class Taken:
    """What a document did.

    Attributes:
        proposal: What it proposed, withdrew or added to; None where nothing came of it.
        news: Whether it changed anything; not where it came before, or is older than what is known.
    """

    judged: Judged
    proposal: HeldProposal | None
    news: bool


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the consent service holds of warnings."""

    store: RecordStore
    desk: Desk
    clock: Clock

    async def take(self, caller: Caller, bulletin: Bulletin) -> Taken:
        """Take one document; one that comes again changes nothing.

        Raises:
            Fault: INVALID for one from the future, which would be newer than every true one.
        """
        verdict = judged(bulletin)
        now = self.clock.now()
        if bulletin.sent - now > AHEAD:
            raise Fault(Category.INVALID, "This bulletin says it was sent in the future.")
        async with self.store.unit() as unit:
            await unit.lock(TYPE)
            held, version = await _found(unit, bulletin)
            made = heard(held, bulletin, verdict, now)
            if made is None or made == held:
                return Taken(verdict, made, news=False)
            if held is None:
                await self._sweep(unit)
            await self._write(unit, made, version)
            await self._record(unit, caller, Action.LOAD, f"proposal/{made.id}/{verdict.verdict}")
        return Taken(verdict, made, news=held is None or made.heard_at != held.heard_at)

    async def all(self, unit: Unit) -> list[HeldProposal]:
        """Return what was ever proposed and is still kept, newest first.

        Raises:
            Fault: TOO_COSTLY where there are more than `MOST`: a part would read as all.
        """
        found = await unit.scan(TYPE, MOST)
        if found is None:
            raise Fault(Category.TOO_COSTLY, f"more than {MOST} proposals are held; none is shown")
        read = [read_proposal(json.loads(one.body or b"{}")) for one in found]
        return sorted(
            (one for one in read if one.proposed is not None),
            key=lambda one: (one.heard_at, one.id),
            reverse=True,
        )

    async def one(self, id_: str) -> HeldProposal:
        """Return a proposal.

        Raises:
            Fault: NOT_FOUND.
        """
        async with self.store.unit() as unit:
            return (await _head(unit, id_))[0]

    async def decide(
        self, caller: Caller, id_: str, state: State, *, words: str = "", declaration: str = ""
    ) -> HeldProposal:
        """Record what an officer made of a proposal.

        Raises:
            Fault: NOT_FOUND; CONFLICT where it is dismissed and was decided on already.
        """
        async with self.store.unit() as unit:
            await unit.lock(TYPE)
            held, version = await _head(unit, id_)
            if state is State.DISMISSED and held.state is not State.OPEN:
                raise Fault(Category.CONFLICT, "This proposal is not open any more.")
            by, at = caller.principal.subject, self.clock.now()
            made = replace(held, decision=Decision(state, by, at, words, declaration))
            await self._write(unit, made, version)
            await self._record(unit, caller, Action.DECLARE, f"proposal/{id_}/{state}")
        return made

    async def _write(self, unit: Unit, made: HeldProposal, version: int) -> None:
        await unit.write([self._version(made.id, version, render(write_proposal(made)))])

    async def _sweep(self, unit: Unit) -> None:
        """Let go of what nobody has heard of for long, so that the list stays one to be read."""
        too_old = self.clock.now() - KEPT
        found = [
            self._version(one.id, one.version, None)
            for one in await unit.scan(TYPE, MOST_AT_ALL) or ()
            if read_proposal(json.loads(one.body or b"{}")).heard_at < too_old
        ]
        if found:
            await unit.write(found)

    def _version(self, id_: str, expected: int, body: bytes | None) -> NewVersion:
        method = Method.DELETE if body is None else Method.PUT if expected else Method.POST
        return NewVersion(
            type=TYPE,
            id=id_,
            owner=NOBODY,
            expected=expected,
            at=self.clock.now(),
            method=method,
            body=body,
        )

    async def _record(self, unit: Unit, caller: Caller, action: Action, policy: str) -> None:
        entry = self.desk.entry(caller, action, Outcome.PERMITTED, policy)
        await unit.record([entry])


async def _found(unit: Unit, bulletin: Bulletin) -> tuple[HeldProposal | None, int]:
    head = await unit.head_for_update(TYPE, bulletin.event)
    if head is not None and head.body is not None:
        return read_proposal(json.loads(head.body)), head.version
    if bulletin.source is Source.CAP and bulletin.refers_to:
        # An alert may name its last forerunner only.
        for one in await unit.scan(TYPE, MOST) or ():
            held = read_proposal(json.loads(one.body or b"{}"))
            if not set(held.documents).isdisjoint(bulletin.refers_to):
                return held, one.version
    return None, 0 if head is None else head.version


async def _head(unit: Unit, id_: str) -> tuple[HeldProposal, int]:
    head = await unit.head_for_update(TYPE, id_)
    if head is None or head.body is None:
        raise Fault(Category.NOT_FOUND, "no such proposal")
    return read_proposal(json.loads(head.body)), head.version
