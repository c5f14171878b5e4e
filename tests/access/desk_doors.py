"""The doors of the desk: search, candidates, profile and print, and the same as FHIR operations."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.access.desk_reference import MAY_KILL, Declared, may_ask, opens, shows, tells_of
from tests.access.judging import Finding
from tests.access.records import KANA, MARK

from tasuki.shelter.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2
    from tests.access.desk_world import DeskWorld
    from tests.access.judging import Cell
    from tests.access.records import Person, Row
    from tests.access.saying import Asker

MATCH, PROFILE = "tasuki/match", "tasuki/profile"
_NEVER = "00000000-0000-4000-8000-999999999999"
_HANDLE = re.compile(r'name="handle" value="([^"]+)"')
_NOTICES = {
    "AllergyIntolerance": WORDS["restricted.allergies"],
    "MedicationStatement": WORDS["restricted.medicines"],
}


@dataclass(repr=False)
class DeskVisit:
    """One caller at one door of the desk, sent there for one person."""

    world: DeskWorld
    door: str
    asker: Asker
    person: Person
    findings: list[Finding] = field(default_factory=list)
    cells: Counter[Cell] = field(default_factory=Counter)
    requests: int = 0

    @property
    def declared(self) -> Declared:
        """The declaration that opens most to this caller of this person; a shut one where none is."""
        found = [one for one in self.world.declared if opens(self.asker, self.person, one)]
        found.sort(key=lambda one: len(one.classes))
        return found[-1] if found else Declared(open=False)

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request with the caller's access token."""
        bearer = f"Bearer {self.world.token(self.asker)}"
        headers = {"Authorization": bearer, "Accept-Language": "en"}
        if "json" in more:
            headers["Content-Type"] = "application/fhir+json"
            more["content"] = json.dumps(more.pop("json")).encode()
        return await self._sent(method, f"{self.world.base}/fhir/{path}", headers, **more)

    async def page(self, method: str, path: str, **fields: str) -> httpx2.Response:
        """Send one request as the caller's browser."""
        cookie, csrf, _ = await self.world.session(self.asker)
        headers = {"Cookie": cookie, "Accept-Language": "ja"}
        data = {"csrf": csrf, **fields} if method == "POST" else None
        url = path if path.startswith("http") else f"{self.world.base}{path}"
        return await self._sent(method, url, headers, data=data)

    async def _sent(
        self, method: str, url: str, headers: dict[str, str], **more: Any
    ) -> httpx2.Response:
        self.world.http.cookies.clear()
        answer = await self.world.http.request(method, url, headers=headers, **more)
        self.requests += 1
        if answer.status_code >= 500:
            self.report("status", f"{method} {url}: {answer.status_code}")
        asked = f"{url} {more}"
        for mark in set(MARK.findall(f"{answer.headers} {answer.text}")):
            if mark in self.world.by_mark and mark not in asked:
                self._judge_mark(mark, f"{method} {url}")
        return answer

    def _judge_mark(self, mark: str, asked: str) -> None:
        person, row = self.world.by_mark[mark]
        known = person is self.person and self.door != "search"
        word = mark == row.word(len(row.life.versions))
        if not (known and word and shows(self.asker, person, self.declared, row)):
            self.report("leak", f"{mark} in the answer to {asked}", row)

    def report(self, kind: str, detail: str, row: Row | None = None) -> None:
        """Write a finding down."""
        self.findings.append(Finding(kind, self._cell(row), "shelter", detail))

    def count(self) -> None:
        """Count a case for every resource of the person."""
        for row in self.person.rows:
            self.cells[self._cell(row)] += 1

    def _cell(self, row: Row | None) -> Cell:
        said = self.person.said + (", drill" if self.person.drill else "")
        return f"desk: {self.door}", self.asker.caller.name, said, row.label if row else ""

    def require(self, answer: httpx2.Response, *statuses: int) -> bool:
        """Tell whether the answer has one of these statuses; report it if not."""
        if answer.status_code not in statuses:
            asked = f"{answer.request.method} {answer.request.url}"
            self.report(
                "status", f"{asked}: {answer.status_code}, not {statuses}: {answer.text[:300]}"
            )
        return answer.status_code in statuses

    def require_profile(self, answer: httpx2.Response, number: int) -> None:
        """Judge an answer that is a profile: all that may be shown is, and no notice is too much."""
        told = answer.text
        for row in self.person.rows:
            word = row.word(len(row.life.versions))
            if shows(self.asker, self.person, self.declared, row) and word not in told:
                self.report("missing", f"{word} of {row.type}", row)
        for type_ in MAY_KILL:
            said = _NOTICES[type_][number] in told
            if said is not tells_of(self.asker, self.person, self.declared, type_):
                kind = "leak" if said else "missing"
                self.report(kind, f"that there are restricted {type_}: {said}")


async def search(v: DeskVisit) -> None:
    """Staff find people by name and birth date, masked; what they are found with tells nothing."""
    v.count()
    answer = await v.page("POST", "/search", name=kana_of(v.person), birth="1950-01-01")
    name = {"family": "ノト", "given": [kana_of(v.person).split(" ")[1]]}
    patient = {"resourceType": "Patient", "name": [name], "birthDate": "1950-01-01"}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": patient}],
    }
    matched = await v.ask("POST", "Patient/$match", json=parameters)
    if not may_ask(v.asker, MATCH):
        v.require(answer, 403)
        v.require(matched, 403)
        return
    if v.require(answer, 200) and len(_HANDLE.findall(answer.text)) != 1:
        v.report("missing", "nobody is found at the desk")
    if v.require(matched, 200) and v.world.ids[v.person.number] not in matched.text:
        v.report("missing", "nobody is found by $match")


async def emergency_profile(v: DeskVisit) -> None:
    """The FHIR operation, in English."""
    v.count()
    answer = await v.ask("GET", f"Patient/{v.world.ids[v.person.number]}/$emergency-profile")
    _judged(v, answer, 1)
    never = await v.ask("GET", f"Patient/{_NEVER}/$emergency-profile")
    v.require(never, 404 if may_ask(v.asker, PROFILE) else 403)


async def profile(v: DeskVisit) -> None:
    """The page and the sheet, by a ticket as a search leads to it."""
    v.count()
    handles = v.world.app.state.shelter.handles
    _, _, session = await v.world.session(v.asker)
    (ticket,) = await handles.issue(session, [v.world.ids[v.person.number]], "ticket")
    for place in ("profile", "print"):
        _judged(v, await v.page("GET", f"/{place}/{ticket}"), 0)


def _judged(v: DeskVisit, answer: httpx2.Response, number: int) -> None:
    if not may_ask(v.asker, PROFILE) or not opens(v.asker, v.person, v.declared):
        v.require(answer, 403)
    elif v.require(answer, 200):
        v.require_profile(answer, number)


def kana_of(person: Person) -> str:
    """Return the name a person is found by."""
    given = "".join(KANA[int(digit)] for digit in f"{person.patient.number:06d}")
    return f"ノト {given}"


DESK_DOORS: dict[str, Callable[[DeskVisit], Awaitable[None]]] = {
    "search": search,
    "$emergency-profile": emergency_profile,
    "profile": profile,
}
