"""Judging answers: whatever a response says is held against what the reference model allows.

Every byte of it is searched for marks (status, headers, body). What must not be known must also
read as if it were absent, and what may be seen must come out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.access.records import MARK
from tests.access.reference import Verdict, history_verdict, verdict, version_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import httpx2
    from tests.access.doors import Door
    from tests.access.records import Person, Row
    from tests.access.saying import Asker
    from tests.access.world import Holder, World

NEVER = "00000000-0000-4000-8000-999999999999"  # an id that never was
NO_MARK = "mk999999i"
MOST_PAGES = 500
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]{5})")
_EACH_TIME = frozenset({"date", "x-request-id"})

Cell = tuple[str, str, str, str]
"""Door, caller, what the person said, label."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as the reference model has it.

    Attributes:
        kind: `leak`, `missing`, `differs` or `status`.
    """

    kind: str
    cell: Cell
    holder: str
    detail: str


@dataclass(repr=False)
class Judge:
    """What has been judged, and found."""

    world: World
    findings: list[Finding] = field(default_factory=list)
    cells: Counter[Cell] = field(default_factory=Counter)
    requests: int = 0
    _verdicts: dict[tuple[Asker, int, int], Verdict] = field(default_factory=dict)
    _absent: dict[tuple[Asker, str, str], Any] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How often a row was judged at a door."""
        return self.cells.total()

    def take_over(self, other: Judge) -> None:
        """Add what was judged and found elsewhere."""
        self.findings += other.findings
        self.cells += other.cells
        self.requests += other.requests

    def leaks(self) -> list[Finding]:
        """Return what told more than it may."""
        return [one for one in self.findings if one.kind in ("leak", "differs")]

    def verdict(self, asker: Asker, row: Row, version: int = 0) -> Verdict:
        """Return the model's verdict on a resource (0), on its history (-1), or on a version."""
        key = (asker, row.number, version)
        if key not in self._verdicts:
            if version > 0:
                made = version_verdict(asker, row, version)
            else:
                made = verdict(asker, row) if version == 0 else history_verdict(asker, row)
            self._verdicts[key] = made
        return self._verdicts[key]

    def may_know(self, asker: Asker, mark: str) -> bool:
        """Tell whether a mark may stand in an answer to this caller."""
        place = self.world.by_mark.get(mark)
        if place is None or mark == asker.patient:  # whom the token is for, the caller knows
            return True
        holder, row, version = place
        if holder.name != asker.holder:
            return False
        versions = [version] if version else range(1, len(row.life.versions) + 1)
        if any(self.verdict(asker, row, one) is Verdict.SEEN for one in versions):
            return True
        return mark == row.id and any(
            self.verdict(asker, one, number) is Verdict.SEEN
            for one in self.world.mentions.get(row.id, ())
            for number in range(1, len(one.life.versions) + 1)
        )


@dataclass(repr=False)
class Visit:
    """One caller at one door: asks, and has each answer judged.

    Attributes:
        said: What the caller has said before, which later answers may repeat.
    """

    judge: Judge
    door: Door
    asker: Asker
    someone: Person | None = None
    something: Row | None = None
    said: str = ""

    @property
    def person(self) -> Person:
        """Whose record is asked for."""
        assert self.someone is not None
        return self.someone

    @property
    def row(self) -> Row:
        """What is asked for."""
        assert self.something is not None
        return self.something

    @property
    def world(self) -> World:
        """The world that is asked."""
        return self.judge.world

    @property
    def holder(self) -> Holder:
        """The service that is asked."""
        return self.world.holders[self.asker.holder]

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request as the caller, and search the answer for marks."""
        headers = {
            "Authorization": f"Bearer {self.world.token(self.asker)}",
            **more.pop("headers", {}),
        }
        if self.asker.override is not None:
            headers["X-Emergency-Override"] = self.asker.override
        if "json" in more:
            more["content"] = json.dumps(more.pop("json"), ensure_ascii=False).encode()
            headers = {"Content-Type": "application/fhir+json", **headers}
        url = path if path.startswith("http") else f"{self.holder.base}/{path}"
        answer = await self.world.http.request(method, url, headers=headers, **more)
        self.judge.requests += 1
        self.search(
            answer,
            f"{url} {headers} {more.get('content', b'').decode()}{more.get('data')} {self.said}",
        )
        return answer

    async def pages(self, path: str) -> list[dict[str, Any]]:
        """Return the Bundles of a search or history, page by page; none where it is refused."""
        found: list[dict[str, Any]] = []
        url: str | None = path
        while url is not None:
            answer = await self.ask("GET", url)
            if answer.status_code != 200:
                return found
            found.append(answer.json())
            url = next((one["url"] for one in found[-1]["link"] if one["relation"] == "next"), None)
            if len(found) > MOST_PAGES:
                self.report("differs", f"pages without end: {path}")
                return found
        return found

    def search(self, answer: httpx2.Response, asked: str) -> None:
        # An export that was refused while it was made says so with a 500 of its own.
        if answer.status_code >= 500 and "/$export/" not in asked:
            self.report("status", f"{answer.status_code} {answer.text[:200]}")
        told = f"{answer.status_code} {answer.headers} {answer.text}"
        for mark in set(MARK.findall(told)):
            if not self.judge.may_know(self.asker, mark) and mark not in asked:
                _, row, _ = self.world.by_mark[mark]
                self.report("leak", f"{mark} in the answer to {asked[:200]}", row)

    def report(self, kind: str, detail: str, row: Row | None = None) -> None:
        """Write a finding down."""
        finding = Finding(kind, self._cell(row or self.something), self.holder.name, detail)
        self.judge.findings.append(finding)

    def count(self, *rows: Row) -> None:
        """Count a case for each of these, which this door has been judged on."""
        for row in rows:
            self.judge.cells[self._cell(row)] += 1

    def _cell(self, row: Row | None) -> Cell:
        person = None if row is None else row.person
        said = "" if person is None else person.said
        return self.door.name, self.asker.caller.name, said, "" if row is None else row.label

    def seen(self, rows: Iterable[Row], version: int = 0) -> list[Row]:
        """Return those of these rows that the caller may see."""
        return [row for row in rows if self.judge.verdict(self.asker, row, version) is Verdict.SEEN]

    def require(self, answer: httpx2.Response, *statuses: int) -> bool:
        """Tell whether the answer has one of these statuses; report it if not."""
        if answer.status_code not in statuses:
            detail = f"{answer.request.method} {answer.request.url}: {answer.status_code}, not"
            self.report("status", f"{detail} {statuses}: {answer.text[:300]}")
        return answer.status_code in statuses

    def require_rows(
        self, answer: httpx2.Response, rows: Sequence[Row], total: int | None = -1
    ) -> None:
        """Report what a searchset lacks, or shows beyond these rows; and a total that tells more.

        Args:
            answer: The answer.
            rows: What should come out.
            total: What `total` should be; -1 for the number of rows, None for none.
        """
        if not self.require(answer, 200):
            return
        bundle = answer.json()
        self.require_set(found_in(bundle), rows, str(answer.request.url))
        wanted = len(rows) if total == -1 else total
        if bundle.get("total") != wanted:
            detail = f"{answer.request.url}: total {bundle.get('total')}, not {wanted}"
            self.report("differs", detail)

    def require_set(self, found: Sequence[str], rows: Sequence[Row], where: str) -> None:
        """Report which of these rows (`Type/id`) are not found, and what else is."""
        wanted = {row.path: row for row in rows}
        for path in wanted.keys() - set(found):
            self.report("missing", f"{path} in {where}", wanted[path])
        for path in set(found) - wanted.keys():
            place = self.world.by_mark.get(path.partition("/")[2])
            self.report("differs", f"{path} too in {where}", None if place is None else place[1])
        if len(set(found)) < len(found):
            self.report("differs", f"one thing twice in {where}")

    def require_like(self, answer: httpx2.Response, absent: httpx2.Response, *names: str) -> None:
        """Report any difference between what is hidden and what never was, but for its name."""
        here, there = bare(answer, names), bare(absent, (NEVER, NO_MARK))
        if here != there:
            self.report(
                "differs", f"{answer.request.method} {answer.request.url}: {here} != {there}"
            )

    async def absent(self, key: str, method: str, path: str, **more: Any) -> httpx2.Response:
        """Ask for what never was, once for each kind of question."""
        kept = (self.asker, self.door.name, key)
        if kept not in self.judge._absent:
            self.judge._absent[kept] = await self.ask(method, path, **more)
        answer: httpx2.Response = self.judge._absent[kept]
        return answer


def found_in(bundle: dict[str, Any]) -> list[str]:
    """Return what a searchset gives, as `Type/id`; without notes about the search."""
    return [
        f"{one['resource']['resourceType']}/{one['resource']['id']}"
        for one in bundle.get("entry", ())
        if one.get("search", {}).get("mode") != "outcome"
    ]


def bare(answer: httpx2.Response, names: Sequence[str]) -> tuple[int, str, str]:
    """Return an answer without these names and without moments."""

    def plain(text: str) -> str:
        for name in names:
            text = text.replace(name, "NAME")
        return _MOMENT.sub("MOMENT", text)

    headers = {k: v for k, v in answer.headers.items() if k not in _EACH_TIME}
    return answer.status_code, plain(str(sorted(headers.items()))), plain(answer.text)
