"""Ordering a bulk export, asking how far it is, and letting it go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from tasuki.shared.access.base import Left
from tasuki.shared.access.exports.jobs import (
    AT_ONCE,
    LEASE,
    LIFE,
    RUN,
    SHELF,
    Job,
    Order,
)
from tasuki.shared.access.pages import Pages, bound_to
from tasuki.shared.access.principal import ONE_PERSONS
from tasuki.shared.access.purposes import BTG, DISASTER, ETREAT
from tasuki.shared.access.reach import reaches_some
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import Refused, not_found, out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.members import active_members_of
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

EMERGENCY = frozenset({BTG, DISASTER, ETREAT})
LETTERS = (Interaction.READ, Interaction.SEARCH)
LISTS = "export-list"
UNDER_WAY = "under-way"  # the list of a tenant's exports that may not be over


class Ordering(Pages):
    """What a caller may order."""

    async def order_export(self, order: Order, served: Sequence[str], until: datetime) -> Job:
        """Keep an order and return it as a job that nobody has taken up yet.

        Raises:
            Fault: FORBIDDEN, NOT_FOUND for a person the caller may not know of; TOO_MANY.
        """
        self._require_export_purpose(order)
        types = self._export_types(order, served)
        owners = await self._export_people(order, types)
        now = self._desk.clock.now()
        job = Job(
            id=self._ids.new(),
            bound=tuple(bound_to(self._caller.principal)),
            request=order.request,
            types=types,
            since=order.since,
            owners=owners,
            people_only=order.people_only,
            until=until,
            ends=until + RUN + LIFE,
            beat=now,
        )
        await self._list_export(job)
        await self._keep_export(job)
        # Which files there are tells of the people named, before one of them is fetched.
        await self.leave_each(
            Left(Action.EXPORT, owner, types, "export-ordered", order.request)
            for owner in owners or (NOBODY,)
        )
        return job

    async def order_search(
        self, request: str, types: Sequence[str], search: dict[str, Any], at: datetime
    ) -> Job:
        """Keep a search that is to be answered in the background.

        Raises:
            Fault: FORBIDDEN, TOO_MANY.
        """
        for type_ in types:
            self._require_export_scopes(type_)
        job = Job(
            id=self._ids.new(),
            bound=tuple(bound_to(self._caller.principal)),
            request=request,
            types=tuple(types),
            since=None,
            owners=None,
            people_only=False,
            until=at,
            ends=at + RUN + LIFE,
            beat=at,
            search=search,
        )
        await self._list_export(job)
        await self._keep_export(job)
        return job

    async def export_job(self, id_: str) -> Job:
        """Return an export of this caller.

        Raises:
            Fault: NOT_FOUND for any other, and for one that is over.
        """
        job = await self._kept_export(id_)
        if job is None or job.bound != tuple(bound_to(self._caller.principal)):
            raise not_found("export", entities=(f"export/{id_}",))
        return job

    async def forget_export(self, id_: str) -> None:
        """Cancel an export of this caller, and forget what was made of it."""
        await self._unit.lock(SHELF, id_)
        job = await self.export_job(id_)
        files = [job.file_name(number) for number in range(1, len(job.files) + 1)]
        await self._unit.let_go(SHELF, [job.id, *files])

    def _require_export_purpose(self, order: Order) -> None:
        principal = self._caller.principal
        if principal.purpose in EMERGENCY:
            raise Refused(
                Category.FORBIDDEN,
                "emergency access is for one person at a time, not for an export",
                basis="export-emergency",
            )
        if principal.role in ONE_PERSONS and (not order.people_only or order.group):
            raise Refused(
                Category.FORBIDDEN,
                "a resident exports their own record, by Patient/$export",
                basis="export-resident",
            )

    def _require_export_scopes(self, type_: str) -> None:
        for interaction in LETTERS:
            self.require_some_scope(type_, interaction)

    def _export_types(self, order: Order, served: Sequence[str]) -> tuple[str, ...]:
        if order.types is not None:
            for type_ in order.types:
                self._require_export_scopes(type_)
            return order.types
        scopes = self._caller.principal.scopes
        types = tuple(
            type_
            for type_ in served
            if all(reaches_some(scopes, type_, one.letter) for one in LETTERS)
            and not (order.people_only and OWNERSHIP[type_].element is None)
        )
        if not types:
            raise out_of_scope("{type}.rs")
        return types

    async def _export_people(self, order: Order, types: Sequence[str]) -> tuple[str, ...] | None:
        """Return whose records are to be read; None for everybody's, each to be ruled on."""
        principal = self._caller.principal
        if order.group is not None:
            return await self._export_members(order.group, types)
        asked = order.patients
        if principal.role in ONE_PERSONS and asked is None:
            asked = ((principal.patient or "").removeprefix("Patient/"),)
        for patient in asked or ():
            head = await self._unit.head("Patient", patient)
            if head is None or head.deleted:
                raise not_found("absent", entities=(f"Patient/{patient}",))
            await self.require(Interaction.READ, patient, *types)
        return asked

    async def _export_members(self, group: str, types: Sequence[str]) -> tuple[str, ...]:
        """Return those active members of a Group whose records, and whose membership, may be seen.

        The Group itself is not told, so that one member's wishes do not close the others' records.
        Whoever comes out is told to be in it, so its label counts for each as they have it. Where
        nobody does, it is as if there were no such Group.
        """
        self.require_scope("Group", Interaction.READ)
        await self.require(Interaction.READ, NOBODY, "Group")
        head = await self._unit.head("Group", group)
        if head is None or head.body is None:
            raise not_found("absent", entities=(f"Group/{group}",))
        told = meaning_of(head.body)
        readable = tuple(
            [
                member
                for member in active_members_of(told)
                if (await self.ruling(Interaction.READ, member, *types)).permitted
                and (await self.ruling(Interaction.READ, member, "Group")).permitted
                and self._member_admits(member, told)
            ]
        )
        if not readable:
            raise not_found("no-member", entities=(f"Group/{group}",))
        return readable

    async def _list_export(self, job: Job) -> None:
        """Put a job on the list of those under way, unless there are too many."""
        await self._unit.lock(LISTS, UNDER_WAY)
        now = self._desk.clock.now()
        listed = await self._unit.kept(LISTS, UNDER_WAY, now)
        going = [
            id_
            for id_ in (orjson.loads(listed) if listed else [])
            if (one := await self._kept_export(id_)) is not None
            and not one.over
            and now - one.beat <= LEASE
        ]
        if len(going) >= AT_ONCE:
            raise Fault(
                Category.TOO_MANY, f"{AT_ONCE} exports are under way already; try again later"
            )
        body = orjson.dumps([*going, job.id])
        await self._unit.keep(LISTS, UNDER_WAY, body, job.ends)

    async def _kept_export(self, id_: str) -> Job | None:
        now = self._desk.clock.now()
        body = await self._unit.kept(SHELF, id_, now)
        job = None if body is None else Job.from_bytes(body)
        return job if job is not None and job.ends > now else None

    async def _export_for_update(self, id_: str) -> Job | None:
        await self._unit.lock(SHELF, id_)
        return await self._kept_export(id_)

    async def _keep_export(self, job: Job) -> None:
        await self._unit.keep(SHELF, job.id, job.to_bytes(), kept_until(job))

    async def _holds_export(self, job: Job) -> bool:
        """Return whether this process is still the one that goes on with a job."""
        kept = await self._export_for_update(job.id)
        return kept is not None and kept.attempt == job.attempt


def kept_until(job: Job) -> datetime:
    """Return from when on nothing of a job is kept, whatever became of it."""
    return job.until + RUN + LIFE
