"""Where overrides lie: sealed records of the consent service, owned by the person they are about.

A person of whom nothing is known yet gets a bare Patient with the tokens that regions know them by,
as residents have one; no name is held here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.consent.overrides.override import Ending, Override, timed_out
from tasuki.shared.access.purposes import BTG
from tasuki.shared.access.records import Method, NewVersion
from tasuki.shared.access.writing import instant
from tasuki.shared.audit.events import AuditRecord, Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasuki.consent.overrides.ledger import Ledger
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import RecordStore, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

TYPE = "Override"
MOST_AN_HOUR = 20  # overrides of one account; more is no emergency of one patient any more


@dataclass(frozen=True, slots=True)
class Book:
    """Reads and writes overrides, each step with its audit leaf in the same transaction."""

    store: RecordStore
    ledger: Ledger
    desk: Desk
    clock: Clock
    ids: IdSource

    async def open(
        self, caller: Caller, tokens: Sequence[str], made: Callable[[str], Override]
    ) -> Override:
        """Keep a new override of the person with these network tokens.

        Args:
            caller: The clinician.
            tokens: As a region knows the person.
            made: Makes it, of the person's id here.

        Raises:
            Fault: CONFLICT where the clinician has one open for this person; TOO_MANY.
        """
        now = self.clock.now()
        subject = caller.principal.subject
        recent = [
            one
            for one in (await self.ledger.caught_up()).values()
            if one.subject == subject and (now - one.opened_at).total_seconds() < 3_600  # noqa: PLR2004 - an hour
        ]
        if len(recent) >= MOST_AN_HOUR:
            raise Fault(Category.TOO_MANY, f"more than {MOST_AN_HOUR} overrides in an hour")
        async with self.store.unit() as unit:
            await unit.lock(TYPE, subject)
            person, new = await self._person(unit, tokens)
            override = made(person)
            if any(one.open_at(now) and one.subject == subject for one in await of(unit, person)):
                raise Fault(Category.CONFLICT, "an override of yours is open for this person")
            await unit.write([*new, self._version(override)])
            await unit.record([self._leaf(caller, Action.OVERRIDE, override)])
        self.ledger.put(override)
        return override

    async def step(
        self, caller: Caller, id_: str, action: Action, taken: Callable[[Override], Override]
    ) -> Override:
        """Take one step of an override's life; one that changes nothing writes nothing.

        Raises:
            Fault: NOT_FOUND; whatever `taken` refuses.
        """
        async with self.store.unit() as unit:
            current = await one_of(unit, id_)
            override = taken(current)
            if override is not current:
                await unit.write([self._version(override)])
                await unit.record([self._leaf(caller, action, override)])
        self.ledger.put(override)
        return override

    async def looked_at(self, caller: Caller, id_: str) -> tuple[Override, tuple[str, ...]]:
        """Return an override and its person's network tokens, for who reviews it; it is recorded.

        Raises:
            Fault: NOT_FOUND.
        """
        async with self.store.unit() as unit:
            override = await one_of(unit, id_)
            await unit.record([self._leaf(caller, Action.OVERRIDE_CASE, override)])
            return override, await unit.tokens_of_owner(override.person)

    async def end_old(self) -> None:
        """End what time has ended, with an audit leaf of its own."""
        now = self.clock.now()
        for one in list((await self.ledger.caught_up()).values()):
            if one.stopped_at is None and now >= one.ends_at:
                await self._end(one.id)

    async def _end(self, id_: str) -> None:
        async with self.store.unit() as unit:
            current = await one_of(unit, id_)
            ended = timed_out(current, at=self.clock.now())
            if ended is not current:
                await unit.write([self._version(ended)])
                await unit.record([self._time_leaf(ended)])
        self.ledger.put(ended)

    async def _person(
        self, unit: Unit, tokens: Sequence[str]
    ) -> tuple[str, tuple[NewVersion, ...]]:
        """Return the person's id here, and their bare Patient where it is new."""
        await unit.lock("override-person", *sorted(tokens))
        known = await unit.owners_of_tokens(tokens)
        if known:
            return min(known), ()
        id_, at = self.ids.new(), self.clock.now()
        meta = {"versionId": "1", "lastUpdated": instant(at)}
        bare = NewVersion(
            type="Patient",
            id=id_,
            owner=id_,
            expected=0,
            at=at,
            method=Method.PUT,
            body=render({"resourceType": "Patient", "id": id_, "meta": meta}),
            network_tokens=tuple(tokens),
        )
        return id_, (bare,)

    def _version(self, override: Override) -> NewVersion:
        return version_of(override, self.clock)

    def _leaf(self, caller: Caller, action: Action, override: Override) -> AuditRecord:
        entry = self.desk.entry(caller, action, Outcome.PERMITTED, _basis(override))
        began = action in {Action.OVERRIDE, Action.OVERRIDE_END}
        return replace(
            entry,
            patient=f"Patient/{override.person}",
            purpose=BTG if began else entry.purpose,
        )

    def _time_leaf(self, override: Override) -> AuditRecord:
        return AuditRecord(
            action=Action.OVERRIDE_END,
            outcome=Outcome.PERMITTED,
            basis=_basis(override),
            at=self.clock.now(),
            service=self.desk.service,
            region=self.desk.region,
            actor=self.desk.service,
            actor_role="service",
            client_id=self.desk.service,
            purpose=BTG,
            request_id=self.ids.new(),
            patient=f"Patient/{override.person}",
        )


def version_of(override: Override, clock: Clock) -> NewVersion:
    """Return a version of an override as the store takes it."""
    return NewVersion(
        type=TYPE,
        id=override.id,
        owner=override.person,
        expected=override.version - 1,
        at=clock.now(),
        method=Method.POST if override.version == 1 else Method.PUT,
        body=render(override.model_dump(mode="json", exclude_none=True)),
    )


async def of(unit: Unit, person: str) -> list[Override]:
    """Return every override of a person, under all ids they have here, newest first."""
    tokens = await unit.tokens_of_owner(person)
    owners = sorted({person, *(await unit.owners_of_tokens(tokens) if tokens else ())})
    found = [
        read(one.body or b"") for owner in owners for one in await unit.of_owner(owner, [TYPE])
    ]
    return sorted(found, key=lambda one: one.opened_at, reverse=True)


async def one_of(unit: Unit, id_: str) -> Override:
    """Return an override, kept from others' writing until the unit ends.

    Raises:
        Fault: NOT_FOUND.
    """
    head = await unit.head_for_update(TYPE, id_)
    if head is None or head.body is None:
        raise Fault(Category.NOT_FOUND, "no such override")
    return read(head.body)


def read(body: bytes) -> Override:
    """Return an override from its stored form."""
    return Override.model_validate(json.loads(body))


def _basis(override: Override) -> str:
    parts = [f"override/{override.id}", f"reason/{override.reason}"]
    if override.second is not None:
        parts.append("second-person")
    if override.ending is Ending.TIME:
        parts.append("ended-by-time")
    return "|".join(parts)
