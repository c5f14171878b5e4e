"""Bulk export through the gate: ruled when a file is made, and again when it is fetched.

A line leaves only where both rulings let it, so that a consent that was withdrawn in between
counts. An audit leaf for each person is left when a file is fetched: that is the disclosure.
https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasuki.shared.access.exports.files import Line, as_line, in_files, packed, unpacked
from tasuki.shared.access.exports.jobs import ATTEMPTS, RUN, SHELF, Job, State
from tasuki.shared.access.exports.orders import Ordering, kept_until
from tasuki.shared.access.records import NOBODY, Method, Stored
from tasuki.shared.access.refusals import not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.asof import Sketch
    from tasuki.shared.access.rulings import Ruling
    from tasuki.shared.fhir.json import Resource

FILE_BYTES = 4 * 1024 * 1024  # a file is closed when it has grown beyond this
FILE_ROWS = 5_000  # and when so many resources have been looked at for it
PAGE_BYTES = 512 * 1024  # sealed bytes opened at a time, or one resource where that is larger
PAGE_ROWS = 200


class Exporting(Ordering):
    """What a caller may export."""

    async def take_export(self, id_: str) -> Job | None:
        """Take an export up, for this process to go on with; None where that is not needed."""
        job = await self._export_for_update(id_)
        now = self._desk.clock.now()
        if job is None or not job.abandoned(now):
            return None
        taken = replace(job, attempt=job.attempt + 1, beat=now)
        if taken.attempt > ATTEMPTS or now > kept_until(job):
            taken = replace(
                taken, state=State.FAILED, failure="the export broke off; order it again"
            )
        await self._keep_export(taken)
        return taken

    async def open_elsewhere(self) -> frozenset[str]:
        """Return marks of what is being read or written elsewhere; one that is gone has ended."""
        return await self._unit.open_elsewhere()

    async def beat_export(self, job: Job, *, settled: bool) -> Job | None:
        """Say that an export is alive; None where it was cancelled or taken by another process."""
        if not await self._holds_export(job):
            return None
        state = State.RUNNING if settled else job.state
        alive = replace(job, beat=self._desk.clock.now(), state=state)
        await self._keep_export(alive)
        return alive

    async def fail_export(self, job: Job, words: str) -> None:
        """Let an export end without a result, and say why."""
        if await self._holds_export(job):
            await self._keep_export(replace(job, state=State.FAILED, failure=words))

    async def next_export_file(self, job: Job) -> Job | None:
        """Make the next file and return how far the export is; None as for `beat_export`.

        Raises:
            Fault: FORBIDDEN where the token no longer carries the scopes; TOO_COSTLY when it takes
                too long altogether.
        """
        if not await self._holds_export(job):
            return None
        self._require_export_scopes(job.types[job.place])
        now = self._desk.clock.now()
        if now - job.until > RUN:
            raise Fault(Category.TOO_COSTLY, "the export took too long; narrow it by _type")
        lines, after = await self._export_lines(job)
        live = [line for line in lines if not line.deleted]
        gone = [line for line in lines if line.deleted]
        type_ = job.types[job.place]
        made = [
            (kind, some)
            for kind, of_kind in (("output", live), ("deleted", gone))
            for some in in_files(of_kind, FILE_BYTES)
        ]
        for number, (_, some) in enumerate(made, start=len(job.files) + 1):
            name = job.file_name(number)
            await self._unit.keep(SHELF, name, packed(some), kept_until(job))
        further = job.advanced(after, tuple((kind, type_) for kind, _ in made), now)
        await self._keep_export(further)
        return further

    async def keep_found(
        self, job: Job, found: Sequence[Stored], notes: Sequence[Resource]
    ) -> Job | None:
        """Make the files of a search, and of what is to be said of it; None as for `beat_export`."""
        if not await self._holds_export(job):
            return None
        files: list[tuple[str, str, list[Line]]] = []
        for type_ in dict.fromkeys(one.type for one in found):
            lines = [_line(one) for one in found if one.type == type_]
            files += [("output", type_, some) for some in in_files(lines, FILE_BYTES)]
        if notes:
            said = [_note(one) for one in notes]
            files.append(("error", "OperationOutcome", said))
        now = self._desk.clock.now()
        done = job.found(tuple((kind, type_) for kind, type_, _ in files), now)
        for number, (_, _, lines) in enumerate(files, start=1):
            await self._unit.keep(SHELF, job.file_name(number), packed(lines), kept_until(job))
        await self._keep_export(done)
        return done

    async def export_file(self, id_: str, number: int) -> bytes:
        """Return the lines of a file that may leave now, as NDJSON.

        Raises:
            Fault: NOT_FOUND for what is not this caller's, FORBIDDEN without the scope.
        """
        job = await self.export_job(id_)
        known = job.state is State.DONE and 0 < number <= len(job.files)
        body = (
            await self._unit.kept(SHELF, job.file_name(number), self._desk.clock.now())
            if known
            else None
        )
        if body is None:
            raise not_found("export-file")
        kind, type_ = job.files[number - 1]
        if kind == "error":
            return b"".join(line.body + b"\n" for line in unpacked(body))
        self.require_some_scope(type_, Interaction.READ)
        if job.search is None:
            self._require_export_scopes(type_)
        leaving: list[bytes] = []
        told: dict[str, dict[str, list[str]]] = {}
        lines = list(unpacked(body))
        rulings = {
            (line.type, line.id): await self.ruling(Interaction.READ, line.owner, line.type)
            for line in lines
        }
        live = {(line.type, line.id) for line in lines if not line.deleted}
        await self.look_through([_version(line) for line in lines if not line.deleted])
        hidden = await self.withdrawn({key: rulings[key] for key in live})
        for line in lines:
            ruling = rulings[(line.type, line.id)]
            if (line.type, line.id) not in hidden and await self._line_may_leave(line, ruling):
                leaving.append(line.body)
                entities = told.setdefault(ruling.basis, {}).setdefault(line.owner, [])
                entities.append(f"{line.type}/{line.id}")
        for basis, by_owner in sorted(told.items()):
            await self.leave_leaves(Action.EXPORT, by_owner, basis)
        return b"".join(line + b"\n" for line in leaving)

    async def _export_lines(self, job: Job) -> tuple[list[Line], str | None]:
        """Return the lines of the next file, and after which id to go on; None at the end."""
        found: list[Line] = []
        asked, size, rows = job.next_slice(), 0, 0
        while size < FILE_BYTES and rows < FILE_ROWS:
            page = _bounded(await self._unit.current_at(asked, PAGE_ROWS))
            if not page:
                return found, None
            lines, after = await self._export_ruled(asked.type, page)
            found += lines
            size += sum(len(line.body) for line in lines)
            rows += len(page)
            asked = replace(asked, after=after)
        return found, asked.after

    async def _export_ruled(self, type_: str, page: Sequence[Sketch]) -> tuple[list[Line], str]:
        """Return the lines of those that this caller may see, and after which id to go on."""
        permitted = {}
        for owner in dict.fromkeys(sketch.owner for sketch in page):
            ruling = await self.ruling(Interaction.READ, owner, type_)
            if ruling.permitted and type_ not in ruling.withheld_types:
                permitted[owner] = ruling
        wanted = [sketch for sketch in page if sketch.owner in permitted]
        lines = []
        rows, whole = await self._export_readable(type_, wanted)
        await self.look_through(rows)
        for stored in rows:
            line = _line(stored)
            if await self._line_may_leave(line, permitted[stored.owner]):
                lines.append(line)
        return lines, page[-1].id if whole else rows[-1].id

    async def _export_readable(
        self, type_: str, wanted: Sequence[Sketch]
    ) -> tuple[list[Stored], bool]:
        """Return the first of these, and whether they are all: few sealed bytes may be many."""
        keys = [(type_, sketch.id, sketch.version) for sketch in wanted]
        try:
            found = await self._unit.versions(keys, FILE_BYTES)
            return found, not found or found[-1].id == keys[-1][1]
        except Fault as fault:
            if fault.category is not Category.GONE:
                raise
        # Somebody's key was destroyed: their record is erased, the others' is not.
        found = []
        for key in keys:
            if sum(len(one.body or b"") for one in found) > FILE_BYTES:
                return found, False
            try:
                found += await self._unit.versions([key])
            except Fault as fault:
                if fault.category is not Category.GONE:
                    raise
        return found, True

    async def _line_may_leave(self, line: Line, ruling: Ruling) -> bool:
        if not ruling.permitted or line.type in ruling.withheld_types:
            return False
        if ruling.screen is None:
            return True
        if not line.deleted:
            return ruling.admits(meaning_of(line.body))
        # That something was deleted is told to those only who could see what it was.
        before = await self._unit.versions([(line.type, line.id, line.version - 1)])
        await self.look_through(before)
        return bool(before) and ruling.admits_stored(before[0])


def _note(outcome: Resource) -> Line:
    return Line(NOBODY, "OperationOutcome", "", 1, deleted=False, body=render(outcome))


def _bounded(page: Sequence[Sketch]) -> list[Sketch]:
    """Return as many of the first as may be opened at a time; one at least."""
    kept: list[Sketch] = []
    size = 0
    for sketch in page:
        size += sketch.size or 0
        if kept and size > PAGE_BYTES:
            break
        kept.append(sketch)
    return kept


def _line(stored: Stored) -> Line:
    body = _deletion(stored) if stored.body is None else as_line(stored.body)
    return Line(stored.owner, stored.type, stored.id, stored.version, stored.deleted, body)


def _deletion(stored: Stored) -> bytes:
    """Return the Bundle that tells of a deletion."""
    request = {"method": "DELETE", "url": f"{stored.type}/{stored.id}"}
    return render(
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": request}]}
    )


def _version(line: Line) -> Stored:
    """Return the version a line tells of, as far as that matters to who may see it."""
    long_ago = datetime.min.replace(tzinfo=UTC)
    return Stored(
        line.type, line.id, line.owner, line.version, long_ago, Method.PUT, bytes(line.body)
    )
