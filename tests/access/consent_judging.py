"""Judging what the consent service answers: every byte against what the model lets this caller know."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.access.consent_reference import may_know
from tests.access.judging import NEVER, Finding, bare
from tests.access.records import MARK

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    import httpx2
    from tests.access.consent_people import Opened, Someone
    from tests.access.consent_reference import Door
    from tests.access.consent_world import ConsentWorld
    from tests.access.saying import Asker

    Asking = Callable[[str], Awaitable[httpx2.Response]]

T = TypeVar("T")
NO_TOKEN = "f" * 32
# Marks, ids, network tokens, and what colleagues read out.
_GIVEN_AWAY = re.compile(rf"{MARK.pattern}|\b[0-9a-f]{{32}}\b|\b[0-9A-F]{{8}}\b")


@dataclass(repr=False)
class ConsentJudge:
    """What has been judged, and found."""

    world: ConsentWorld
    findings: list[Finding] = field(default_factory=list)
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    visits: set[tuple[str, str, str]] = field(default_factory=set)
    dice: random.Random | None = None  # chooses among like questions; without, all are asked
    absent: dict[tuple[str, ...], httpx2.Response] = field(default_factory=dict)

    def leaks(self) -> list[Finding]:
        """Return what told more than it may."""
        return [one for one in self.findings if one.kind in ("leak", "differs")]


@dataclass(repr=False)
class ConsentVisit:
    """One caller at one door, for one person and one override of theirs, if there is one.

    Attributes:
        kind: By which the model knows what may be told here.
    """

    judge: ConsentJudge
    door: str
    kind: Door
    asker: Asker
    person: Someone
    opened: Opened | None = None

    @property
    def world(self) -> ConsentWorld:
        """The world that is asked."""
        return self.judge.world

    @property
    def own(self) -> bool:
        """Whether the caller's token is for this very person, of whom they know then."""
        return self.asker.patient == self.person.id

    def some(self, of: Sequence[T], most: int) -> Sequence[T]:
        """Return so many of these, or all."""
        dice = self.judge.dice
        return of if dice is None else dice.sample(of, min(most, len(of)))

    def report(self, kind: str, detail: str) -> None:
        """Write down a finding."""
        cell = (self.door, self.asker.caller.name, self.person.state, "")
        self.judge.findings.append(Finding(kind, cell, "consent", detail))

    async def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx2.Response:
        """Send one request as the caller, and search the answer."""
        token = self.world.token(self.asker)
        answer = await self.world.send(token, method, path, body, **headers)
        self.search(answer, f"{path} {body} {headers}")
        return answer

    async def browse(
        self, part: str, method: str, path: str, form: Mapping[str, str] = {}
    ) -> httpx2.Response:
        """Ask for a page with a session of the caller."""
        answer = await self.world.browse(self.asker.caller, part, method, path, form)
        self.search(answer, path)
        return answer

    def asking(self, method: str, path: str, body: object = None) -> Asking:
        """Return what asks for a name, which stands in the path as `{}`."""
        return lambda name: self.ask(method, path.format(name), body)

    def browsing(self, part: str, method: str, path: str, form: Mapping[str, str] = {}) -> Asking:
        """Return what asks for a page of a name."""
        return lambda name: self.browse(part, method, path.format(name), form)

    def search(self, answer: httpx2.Response, said: str) -> None:
        """Report whatever stands in an answer that the caller may not know and did not say."""
        self.judge.cells[self.door, self.asker.caller.name, self.person.state] += 1
        given = set(_GIVEN_AWAY.findall(f"{answer.headers} {answer.text}"))
        for one in given - set(_GIVEN_AWAY.findall(said)):
            fact = self.world.by_mark.get(one)
            if fact is not None and not may_know(self.kind, self.asker, fact):
                what = type(fact.of or fact.person).__name__
                request = f"{answer.request.method} {answer.request.url}"
                self.report("leak", f"{what}.{fact.part} of {fact.person.state}: {request}")

    def require(self, answer: httpx2.Response, *statuses: int) -> bool:
        """Tell whether the answer has one of these statuses; report it if not."""
        good = answer.status_code in statuses
        if not good:
            request = f"{answer.request.method} {answer.request.url}"
            kind = "leak" if answer.is_success else "status"
            detail = f"{request}: {answer.status_code}, not {statuses}: {answer.text[:200]}"
            self.report(kind, detail)
        return good

    def require_told(self, answer: httpx2.Response, marks: Iterable[str]) -> None:
        """Report what is missing in an answer that should tell it."""
        if self.require(answer, 200):
            for one in marks:
                if one not in answer.text:
                    fact = self.world.by_mark[one]
                    self.report("missing", f"{fact.part} of {self.person.state}: {answer.url}")

    async def require_hidden(self, ask: Asking, name: str, never: str = NEVER) -> httpx2.Response:
        """Report any difference, but for the name, between asking for this and for what never was."""
        answer = await ask(name)
        request = answer.request
        asked = f"{request.method} {request.url} {request.content.decode()}".replace(name, "NAME")
        key = (self.asker.caller.name, str(self.asker.patient), asked)
        if key not in self.judge.absent:
            self.judge.absent[key] = await ask(never)
        here, there = bare(answer, (name,)), bare(self.judge.absent[key], (never,))
        if here != there:
            self.report("differs", f"{answer.request.method} {answer.request.url}: {here} {there}")
        return answer
