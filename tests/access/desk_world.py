"""The desk as it runs, with people copied from two regions; what it hears is fed to it."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.routing import Mount
from tests.access.callers import CALLERS, ISSUER, Caller, claims_of, signed, verifier
from tests.access.labels import LIVES
from tests.access.records import MARK, Person, Row, allergy, condition, intake
from tests.access.saying import Asker
from tests.access.wishes import SHUNNED, consent_of

from tasuki.consent.client import read_declaration
from tasuki.consent.feed import ConsentFeedEntry, FeedPage, write_page
from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running
from tasuki.shelter.app import create_app
from tasuki.shelter.copying import ConsentCopy
from tasuki.shelter.entries import SourceEntry, feed_name
from tasuki.shelter.people import People
from tasuki.shelter.settings import Holder, Limits, ShelterSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.access.desk_reference import Declared
    from tests.access.wishes import State
    from tests.store.world import Server

    from tasuki.shared.access.principal import Principal
    from tasuki.shared.web.session import Web

HERE, ELSEWHERE = "172049", "172014"
DESK = "tasuki/desk tasuki/match tasuki/profile"
DRILL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
REGIONS = ("ehr/noto", "ehr/kaga")


def _at_desk(name: str, role: str, purpose: str = "DISASTER", **more: Any) -> Caller:
    return Caller(name, role, purpose, **{"scope": DESK, **more})


AT_THE_DESK = (
    _at_desk("nurse at the desk", "nurse"),
    _at_desk("clinician at the desk", "clinician"),
    _at_desk("nurse, shunned", "nurse", organization=SHUNNED),
    _at_desk("nurse, no organisation", "nurse", organization=None),
    _at_desk("nurse, other region", "nurse", region="other"),
    _at_desk("nurse, of nowhere", "nurse", region="", organization=None),
    _at_desk("nurse who may not look", "nurse", scope="tasuki/desk tasuki/match"),
    _at_desk("nurse who may not search", "nurse", scope="tasuki/desk tasuki/profile"),
    _at_desk("nurse, ETREAT", "nurse", "ETREAT"),
    _at_desk("clinician, TREAT", "clinician", "TREAT"),
    _at_desk("clinician, BTG", "clinician", "BTG"),
    _at_desk("officer", "officer", "PUBHLTH"),
    _at_desk("resident", "resident", "PATRQT", organization=None, region="", own=True),
    _at_desk("service", "service", "HOPERAT", scope=f"system/*.rs {DESK}", organization=None),
)


@dataclass(repr=False)
class DeskWorld:
    """The running service, everybody it knows, and what is declared."""

    base: str
    app: FastAPI
    http: httpx2.AsyncClient
    clock: FixedClock
    people: list[Person]
    ids: dict[int, str] = field(default_factory=dict)
    by_mark: dict[str, tuple[Person, Row]] = field(default_factory=dict)
    declared: tuple[Declared, ...] = ()
    _sessions: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def declare(self, *declared: Declared) -> None:
        """Let this be what is declared; whose signature counts is tested elsewhere."""
        self.declared = declared
        now = self.clock.now()
        written = [_declaration(one, number, now) for number, one in enumerate(declared)]
        snapshot: Any = self.app.state.shelter.snapshot
        snapshot._declarations = tuple(map(read_declaration, written))

    def asker(self, caller: Caller) -> Asker:
        """Return a caller at the desk, which stands in noto."""
        region = {"same": "noto", "other": "kaga", "": None}[caller.region]
        return Asker(caller, "shelter", region)

    def token(self, asker: Asker) -> str:
        """Return an access token for the FHIR operations."""
        patient = "nobody" if asker.caller.role == "resident" else None
        return signed(
            claims_of(asker.caller, asker.region, patient), f"{self.base}/fhir", self.clock
        )

    async def session(self, asker: Asker) -> tuple[str, str, str]:
        """Return the cookie of somebody who is signed in, the token of their forms, and its key."""
        name = asker.caller.name
        if name not in self._sessions:
            web: Web = self.app.state.web
            fhir: Any = next(one.app for one in self.app.routes if isinstance(one, Mount))
            principal: Principal = await fhir.state.fhir.verifier.verify(self.token(asker))
            assert str(principal.scopes) == str(parse_scopes(asker.caller.scope))
            begun, secret = await web.party.sessions.begin(
                principal, {}, longest=timedelta(hours=8)
            )
            cookie = f"{web.cookie_name('session')}={secret}"
            self._sessions[name] = cookie, begun.csrf, begun.key
        return self._sessions[name]


@contextlib.asynccontextmanager
async def desk_on(
    server: Server, folder: Path, states: Mapping[str, State]
) -> AsyncIterator[DeskWorld]:
    """Open the desk with people in these states; one of each is there for exercises only."""
    clock = FixedClock()
    settings = _settings(server, folder)
    app = create_app(settings, clock=clock, ids=RandomIds())
    fhir: Any = next(one.app for one in app.routes if isinstance(one, Mount))
    service = fhir.state.fhir
    object.__setattr__(service, "verifier", verifier(f"{settings.public_url}/fhir", clock))
    site = FastAPI()
    site.mount("/shelter", app)
    shelter = app.state.shelter
    async with running(app.state.store):
        await shelter.snapshot.open()
        people = People(
            app.state.store,
            settings.holders,
            shelter.profiles._policy,
            clock=clock,
            ids=RandomIds(),
        )
        everybody = [_person(name, state) for name, state in states.items()]
        everybody.append(_person("none", states["none"], drill=True))
        everybody.append(_person("permit all", states["permit all"], drill=True))
        await _hear(ConsentCopy(shelter.snapshot, people), everybody, clock)
        await _copy(app, people, everybody, clock)
        await shelter.states.look()
        transport = httpx2.ASGITransport(site)
        async with httpx2.AsyncClient(transport=transport) as http:
            world = DeskWorld(settings.public_url, app, http, clock, everybody)
            await _learn(world)
            yield world


def _settings(server: Server, folder: Path) -> ShelterSettings:
    tenant = f"{folder.name}-shelter"
    FileKeyRing.create(folder / "ring.json", [tenant])
    key = ECKey.generate_key("P-256", auto_kid=True)
    (folder / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    many = {"per_minute": 100_000, "per_day": 100_000}
    return ShelterSettings(
        public_url="https://desk.test/shelter",
        issuer=ISSUER,
        database_url=server.postgres.url("records_shared"),
        keys_database_url=server.postgres.url("keys_shared"),
        key_file=folder / "ring.json",
        tenant=tenant,
        region="noto",
        facility_municipality=HERE,
        holders=tuple(
            Holder(
                name=name, base_url=f"https://desk.test/{name}/fhir", title_ja=name, title_en=name
            )
            for name in REGIONS
        ),
        consent_url="https://desk.test/consent/fhir",
        disaster="permit",
        web_client_id="shelter-desk",
        web_private_jwk_file=folder / "web.json",
        limits=Limits(**many),
        follow=False,
    )


def _person(said: str, state: State, *, drill: bool = False) -> Person:
    person = Person(said, state, "shelter", drill=drill)
    patient = Row("Patient", "plain", person, LIVES["plain"], {"birthDate": "1950-01-01"})
    person.rows = [patient]
    for label, life in LIVES.items():
        if not life.deleted:
            person.rows += [make(person, label) for make in (condition, allergy, intake)]
    for row in person.rows:
        row.id = str(uuid.UUID(int=row.number, version=4))
        if row is not patient:
            row.links["patient" if row.type == "AllergyIntolerance" else "subject"] = (patient,)
    return person


def _tokens(person: Person) -> tuple[str, ...]:
    return (f"{person.number:032x}",)


async def _hear(copy: ConsentCopy, people: list[Person], clock: FixedClock) -> None:
    said = [
        (_tokens(person), consent_of(wish, f"{person.number}-{place}"))
        for person in people
        for place, wish in enumerate(person.state.wishes)
    ]
    entries = tuple(
        ConsentFeedEntry(seq, "e1", "consent", tokens, body)
        for seq, (tokens, body) in enumerate(said, start=1)
    )
    page = write_page(FeedPage("e1", entries, len(entries), None))
    assert await copy.apply(page.encode(), clock.now())


async def _copy(app: FastAPI, people: People, everybody: list[Person], clock: FixedClock) -> None:
    """Put into the copies what two regions say: allergies in the one, all else in the other."""
    for name in REGIONS:
        entries = []
        for person in everybody:
            rows = [
                row
                for row in person.rows
                if row.type == "Patient"
                or (row.type == "AllergyIntolerance") is (name == REGIONS[1])
            ]
            said = SourceEntry(
                holder=name,
                owner=person.id,
                tokens=_tokens(person),
                state=SourceState.ANSWERED,
                fetched_at=clock.now(),
                epoch="e1",
                resources=tuple(_last_said(row) for row in rows),
            )
            entries.append(Entry(person.id, person.number, said.tokens, said.to_bytes()))
        cursor = Cursor(epoch="e1", seq=1, fresh_at=clock.now())
        await app.state.store.replicas.apply(feed_name(name), entries, cursor)
    await people.rebuild([token for person in everybody for token in _tokens(person)])


def _last_said(row: Row) -> dict[str, Any]:
    body = row.written(len(row.life.versions))
    if row.type == "Patient" and row.person is not None and row.person.drill:
        body["meta"] = {**body["meta"], "security": [DRILL]}
    return body


async def _learn(world: DeskWorld) -> None:
    """Write down whose each mark is, and under which id the desk knows everybody."""
    async with world.app.state.store.unit() as unit:
        for person in world.people:
            (world.ids[person.number],) = await unit.owners_of_tokens(_tokens(person))
            for row in person.rows:
                for mark, _ in [(row.id, None), *row.marks()]:
                    assert MARK.fullmatch(mark), mark
                    world.by_mark[mark] = (person, row)


def _declaration(declared: Declared, number: int, now: Any) -> dict[str, Any]:
    ended = timedelta(minutes=0 if declared.open else -30)
    return {
        "form": "tasuki-declaration/1",
        "id": f"declaration-{number}",
        "version": 1,
        "areas": [HERE if declared.here else ELSEWHERE],
        "start": (now - timedelta(hours=1)).isoformat(),
        "end": (now + (timedelta(days=1) if declared.open else ended)).isoformat(),
        "roles": list(declared.roles),
        "classes": list(declared.classes),
        "authority": "Ishikawa",
        "legal_basis": "Disaster Relief Act",
        "drill": declared.drill,
        "opened_by": "officer",
        "recorded_at": (now - timedelta(hours=1)).isoformat(),
    }


assert not set(AT_THE_DESK) & set(CALLERS)
