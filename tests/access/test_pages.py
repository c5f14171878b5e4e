"""Pages show nobody what the FHIR doors do not: no text of what is hidden, for whoever is signed in: P2.

Clinicians' pages of two regions and the residents' log, by a session of every kind; each answer, each
error page too, is searched for what is planted. The desk's pages: test_desk.py, the consent service's:
test_consent_doors.py
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.access.callers import BY_NAME, CALLERS
from tests.access.doors import Door
from tests.access.judging import NEVER, Judge, Visit
from tests.access.matrix import Deck
from tests.access.reference import Verdict, standing
from tests.access.test_routes import routes_of

from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx2
    from tests.access.callers import Caller
    from tests.access.records import Person
    from tests.access.saying import Asker
    from tests.access.world import Holder, World

    from tasuki.shared.web.session import Web

pytestmark = pytest.mark.anyio

SEED = 20261127
# Of each role, each route to a record, and each limit of a token.
SIGNED_IN = [
    one
    for one in CALLERS
    if one.name not in ("clinician, no organisation", "clinician, no region", "hospital, TREAT")
    and "by category" not in one.name
]
OF_REGIONS = (
    ("GET", "/patients/{}"),
    ("GET", "/patients/{}/ips.json"),
    ("GET", "/patients/{}/override"),
    ("POST", "/patients/{}/override"),
    ("POST", "/patients/{}/override/stop"),
    ("GET", "/patients/{}/nothing"),
)
OF_LOGS = (
    ("GET", "/entries/Observation/{}/delete"),
    ("POST", "/entries/Observation/{}/delete"),
    ("GET", "/entries/AllergyIntolerance/{}/delete"),
    ("GET", "/looked/overrides/{}/dispute"),
    ("POST", "/looked/overrides/{}/seen"),
    ("GET", "/nothing/{}"),
)
NOT_OF_PEOPLE = {"/sign-in", "/callback", "/sign-out", "/healthz", "/readyz", "/metrics"}
BESIDE = {
    "phr": (
        "/",
        "/?page=2",
        "/blood-pressure",
        "/allergy",
        "/looked",
        "/looked/file",
        "/sharing",
        "/sharing/try",
    ),
    "ehr": ("/", "/override", "/override/second"),
}


class Browser:
    """Somebody signed in at the pages of one holder."""

    def __init__(self, visit: Visit, cookie: str, csrf: str) -> None:
        self._visit = visit
        self._headers = {"Cookie": cookie, "Origin": "https://desk.test"}
        self._csrf = csrf

    async def ask(self, method: str, path: str, **form: str) -> httpx2.Response:
        """Ask for a page, and have it searched."""
        url = f"{self._visit.holder.base.removesuffix('/fhir')}{path}"
        data = {**form, "csrf": self._csrf} if method == "POST" else None
        answer = await self._visit.world.http.request(method, url, headers=self._headers, data=data)
        self._visit.judge.requests += 1
        self._visit.search(answer, f"{url} {form}")
        return answer


async def browser_of(visit: Visit) -> Browser:
    """Sign somebody in as their token says them, without the authorization server."""
    asker, holder, world = visit.asker, visit.holder, visit.world
    web: Web = holder.app.state.web
    token = world.token(asker)
    principal = await holder.service.verifier.verify(token)
    ends = (world.clock.now() + timedelta(hours=5)).isoformat()
    kept = {"access_token": token, "token_ends": ends}
    session, secret = await web.party.sessions.begin(principal, kept, longest=timedelta(hours=5))
    return Browser(visit, f"{web.cookie_name('session')}={secret}", session.csrf)


async def leafed_through(world: World, each: int, callers: Sequence[Caller] = CALLERS) -> Judge:
    """Send everybody through the pages of every holder, for `each` people there."""
    judge = Judge(world)
    dice = random.Random(SEED)  # noqa: S311 - a repeatable choice
    decks = {name: Deck(len(holder.people), dice) for name, holder in world.holders.items()}
    for caller in callers:
        for name in ("phr", *(("noto", "kaga") if each > 1 else (dice.choice(("noto", "kaga")),))):
            holder = world.holders[name]
            for _ in range(each):
                person = holder.people[decks[name].deal()]
                asker = world.asker(caller, holder, _bound_to(caller, holder, person), person)
                await _visited(judge, asker, person)
    return judge


def _bound_to(caller: Caller, holder: Holder, person: Person) -> str | None:
    if caller.own is None:
        return None
    if caller.own:
        return person.id
    return holder.people[(holder.people.index(person) + 1) % len(holder.people)].id


async def _visited(judge: Judge, asker: Asker, person: Person) -> None:
    phr = asker.holder == "phr"
    visit = Visit(judge, Door("pages", "person", (), _visit_nothing), asker, person)
    browser = await browser_of(visit)
    for path in BESIDE["phr" if phr else "ehr"]:
        await browser.ask("GET", path)
    entries = person.of("Observation")
    for method, path in OF_LOGS if phr else OF_REGIONS:
        for id_ in [one.id for one in entries[-1:]] if phr else [person.id]:
            await _compared(visit, browser, (method, path), id_)
    if not phr:
        await browser.ask("POST", "/", number=person.patient.identifier)
        await browser.ask("POST", "/", name=person.patient.word(1), birth="1950-01-01")
    visit.count(*person.rows)


async def _visit_nothing(_: Visit) -> None:
    """These doors are pages."""


async def _compared(visit: Visit, browser: Browser, what: tuple[str, str], id_: str) -> None:
    """Ask for somebody or something; of what may not be known the page is that of what never was."""
    method, path = what
    answer = await browser.ask(method, path.format(id_))
    told = standing(visit.asker, visit.person, "Patient", "Condition", "AllergyIntolerance")
    if told is Verdict.HIDDEN or visit.asker.caller.own is False:
        never = await browser.ask(method, path.format(NEVER))
        visit.require_like(answer, never, id_)


async def test_pages_show_nobody_what_is_hidden(few: World, told: list[str]) -> None:
    judge = await leafed_through(few, 1, SIGNED_IN)
    told.append(f"pages: {judge.requests:,} pages, {len(SIGNED_IN)} sessions, 0 findings")
    assert judge.leaks()[:5] == []  # what another service would have answered is missing


@pytest.mark.slow
async def test_pages_show_nobody_what_is_hidden_of_everybody(world: World) -> None:
    judge = await leafed_through(world, 29)
    assert judge.leaks()[:5] == []  # what another service would have answered is missing


async def test_pages_show_what_may_be_seen(few: World) -> None:
    """Or else nothing would be found because nothing is shown."""
    for name, caller, path in (
        ("noto", BY_NAME["clinician"], "/patients/{}"),
        ("phr", BY_NAME["resident, own record"], "/"),
    ):
        holder = few.holders[name]
        person = next(one for one in holder.people if one.said == "permit all")
        asker = few.asker(caller, holder, person.id, person)
        visit = Visit(Judge(few), Door("pages", "person", (), _visit_nothing), asker, person)
        answer = await (await browser_of(visit)).ask("GET", path.format(person.id))
        assert answer.status_code == 200, answer.text
        rows = visit.seen(person.of("AllergyIntolerance"))
        assert rows
        assert all(row.word(len(row.life.versions)) in answer.text for row in rows)


async def test_a_screen_that_is_dropped_shows_on_pages(
    few: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault."""
    monkeypatch.setattr(Ruling, "admits", lambda ruling, _: ruling.permitted)
    judge = await leafed_through(few, 2, [BY_NAME["clinician"], BY_NAME["resident, own record"]])
    assert {one.holder for one in judge.leaks()} == {"noto", "kaga", "phr"}


async def test_every_page_with_a_name_in_it_is_asked_for(few: World) -> None:
    """A page that is new must be leafed through here, too."""
    listed = {
        "ehr": {path for _, path in OF_REGIONS} | set(BESIDE["ehr"]),
        "phr": {path for _, path in OF_LOGS} | set(BESIDE["phr"]),
    }
    for name in ("noto", "phr"):
        kind = "phr" if name == "phr" else "ehr"
        pages = {route.partition(" ")[2] for route in routes_of(few.holders[name].app)}
        asked = {path.partition("?")[0].replace("Observation", "{type_}") for path in listed[kind]}
        there = {page.replace("{id_}", "{}") for page in pages} - NOT_OF_PEOPLE
        assert sorted(there - asked) == []
