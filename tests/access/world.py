"""Two regions and the PHR as they run, on one database, with everybody's records planted in them.

Real apps, real deciders, real tokens. The consent feed is fed page by page instead of followed.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.routing import Mount
from tests.access.callers import ISSUER, claims_of, signed, verifier
from tests.access.labels import LIVES
from tests.access.overrides import grant_of, id_of
from tests.access.records import MARK, NUMBERS, Person, Row, groups_of, record_of
from tests.access.saying import Asker
from tests.access.wishes import STATES, consent_of

from tasuki.consent.feed import ConsentFeedEntry, FeedPage, write_page
from tasuki.ehr.app import TYPES as EHR_TYPES
from tasuki.ehr.app import create_app as ehr_app
from tasuki.ehr.settings import EhrSettings
from tasuki.ehr.settings import Region as EhrRegion
from tasuki.phr.app import TYPES as PHR_TYPES
from tasuki.phr.app import create_app as phr_app
from tasuki.phr.settings import PhrSettings
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running
from tasuki.shared.store.store import SealedStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from tests.access.callers import Caller
    from tests.access.wishes import State
    from tests.store.world import Server

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.shared.rest.jobs import Jobs
    from tasuki.shared.rest.service import FhirService

HOST = "https://desk.test"
REGISTRAR = "registrar"
HOLDERS = ("noto", "kaga", "phr")
# Beyond what people have said: Patients whom a label hides.
LABELLED = (("none", "R"), ("permit all", "R"), ("none", "R, then N"))


@dataclass(repr=False)
class Holder:
    """One running service and what is planted in it."""

    name: str
    base: str
    app: FastAPI
    fhir: FastAPI
    service: FhirService
    snapshot: KeptSnapshot
    types: frozenset[str]
    rejected: str = field(default_factory=lambda: f"rejected{next(NUMBERS):06d}")
    people: list[Person] = field(default_factory=list)
    common: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """Everything planted here."""
        return [*self.common, *(row for person in self.people for row in person.rows)]

    @property
    def jobs(self) -> Jobs:
        """Its exports."""
        jobs: Jobs = self.fhir.state.jobs
        return jobs


@dataclass(repr=False)
class World:
    """Everything that is asked and everybody who asks."""

    holders: Mapping[str, Holder]
    http: httpx2.AsyncClient
    clock: FixedClock
    by_mark: dict[str, tuple[Holder, Row, int | None]] = field(default_factory=dict)
    mentions: dict[str, list[Row]] = field(default_factory=dict)
    stale: bool = False
    minute: int = 0
    _tokens: dict[tuple[str, str, str | None], str] = field(default_factory=dict)
    _heard: int = 0

    def asker(
        self,
        caller: Caller,
        holder: Holder,
        patient: str | None = None,
        sought: Person | None = None,
    ) -> Asker:
        """Return a caller at a holder; `same` region is noto's where the holder is none."""
        at = holder.name if holder.name != "phr" else "noto"
        other = "kaga" if at == "noto" else "noto"
        region = {"same": at, "other": other, "": None}[caller.region]
        own = patient if caller.own is not None else None
        override = _override_of(caller, holder, sought)
        return Asker(caller, holder.name, region, own, self.stale, override, self.minute)

    def token(self, asker: Asker) -> str:
        """Return the asker's access token."""
        key = (asker.caller.name, asker.holder, asker.patient)
        if key not in self._tokens:
            claims = claims_of(asker.caller, asker.region, asker.patient)
            base = self.holders[asker.holder].base
            self._tokens[key] = signed(claims, base, self.clock)
        return self._tokens[key]

    async def hear(self, *said: tuple[tuple[str, ...], dict[str, Any]]) -> None:
        """Let every holder hear of these Consents and overrides: the network tokens of whose it is."""
        made = tuple(
            ConsentFeedEntry(
                seq, "e1", "consent" if "resourceType" in body else "override", tokens, body
            )
            for seq, (tokens, body) in enumerate(said, start=self._heard + 1)
        )
        self._heard += len(made)
        page = write_page(FeedPage("e1", made, self._heard, None)).encode()
        for holder in self.holders.values():
            await holder.snapshot.apply(page, self.clock.now())
        self.stale = False

    def let_it_grow_stale(self) -> None:
        """Let more than a minute pass in which no holder hears of anything."""
        self.clock.advance(timedelta(seconds=61))
        self.stale = True

    async def wait(self, minutes: int) -> None:
        """Let time pass in which the holders keep hearing."""
        self.clock.advance(timedelta(minutes=minutes))
        self.minute += minutes
        await self.hear()

    async def tokens_of(self, person: Person) -> tuple[str, ...]:
        """Return the network tokens under which others know a person."""
        async with self.holders[person.holder].service.store.unit() as unit:
            return tuple(await unit.tokens_of_owner(person.id))

    def learn(self) -> None:
        """Write down whose each mark is."""
        for holder in self.holders.values():
            for row in holder.rows:
                self.by_mark[row.id] = (holder, row, None)
                named = tuple(one.patient for one in row.members)
                for linked in (one for rows in (*row.links.values(), named) for one in rows):
                    self.mentions.setdefault(linked.id, []).append(row)
                for mark, version in row.marks():
                    assert MARK.fullmatch(mark), mark
                    self.by_mark[mark] = (holder, row, version)


@contextlib.asynccontextmanager
async def world_on(
    server: Server,
    folder: Path,
    said: Sequence[str] = (),
    states: Mapping[str, State] = STATES,
    at: Sequence[str] = HOLDERS,
) -> AsyncIterator[World]:
    """Open the world; with `said`, only people in these of the states are in it."""
    clock = FixedClock()
    FileKeyRing.create(folder / "ring.json", [f"{folder.name}-{name}" for name in at])
    site = FastAPI()
    async with contextlib.AsyncExitStack() as stack:
        holders = {}
        for name in at:
            holder = holders[name] = _holder(name, server, folder, clock)
            site.mount(holder.base.removeprefix(HOST).removesuffix("/fhir"), holder.app)
            store = holder.service.store
            assert isinstance(store, SealedStore)
            await stack.enter_async_context(running(store))
            await holder.snapshot.open()
            await stack.enter_async_context(holder.jobs.ending())
        transport = httpx2.ASGITransport(site)
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=transport))
        world = World(holders, http, clock)
        await world.hear()
        labelled = LABELLED if states is STATES and not said else ()
        people = [(name, states[name], "plain") for name in said or states]
        people += [(name, states[name], patient) for name, patient in labelled]
        for holder in holders.values():
            await _plant(world, holder, people)
            await _plant_groups(world, holder)
        world.learn()
        yield world


def _holder(name: str, server: Server, folder: Path, clock: FixedClock) -> Holder:
    common: dict[str, Any] = {
        "issuer": ISSUER,
        "database_url": server.postgres.url("records_shared"),
        "keys_database_url": server.postgres.url("keys_shared"),
        "key_file": folder / "ring.json",
        "tenant": f"{folder.name}-{name}",
        "consent_url": f"{HOST}/consent/fhir",
    }
    key = ECKey.generate_key("P-256", auto_kid=True)
    (folder / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    common |= {"web_client_id": f"pages-{name}", "web_private_jwk_file": folder / "web.json"}
    if name == "phr":
        common |= {"public_url": f"{HOST}/phr", "registrars": frozenset({REGISTRAR})}
        phr = PhrSettings(**common)
        base, types = phr.fhir_url, frozenset(PHR_TYPES)
        app = phr_app(phr, clock=clock, ids=RandomIds())
    else:
        base, types = f"{HOST}/ehr/{name}/fhir", frozenset(EHR_TYPES)
        region = EhrRegion(code=name, base_url=base, title_ja=name, title_en=name)
        across = "permit" if name == "kaga" else "deny"
        common |= {"everyday_within": "permit", "everyday_across": across, "region": region}
        common |= {"disaster": "permit", "break_glass": "permit"}
        common |= {"public_url": f"{HOST}/ehr/{name}", "locator_url": f"{HOST}/locator/fhir"}
        app = ehr_app(EhrSettings(**common), clock=clock, ids=RandomIds())
    fhir = next(one.app for one in app.routes if isinstance(one, Mount))
    assert isinstance(fhir, FastAPI)
    service = replace(app.state.fhir, verifier=verifier(base, clock))
    app.state.fhir = fhir.state.fhir = service
    fhir.state.jobs.gap = 0.01  # one process, one clock
    decider: Any = service.gate._decider
    snapshot = getattr(decider, "by_consent", decider)._snapshot
    return Holder(name, base, app, fhir, service, snapshot, types)


async def _plant(world: World, holder: Holder, people: Sequence[tuple[str, State, str]]) -> None:
    """Write everything through the doors of a hospital, or of a registrar, and tell the Consents."""
    writer = writer_at(world, holder)
    for type_ in ("Organization", "Medication"):
        if type_ in holder.types:
            holder.common.append(Row(type_, "about nobody", None, LIVES["plain"], {}))
    await _written(world, holder, writer, holder.common)
    await _refused(world, holder, writer)
    for name, state, patient in people:
        person = Person(name, state, holder.name)
        record_of(person, holder.types, patient)
        holder.people.append(person)
        await _written(world, holder, writer, person.rows)
        tokens = await world.tokens_of(person)
        consents = [
            (tokens, consent_of(wish, f"{person.id}-{number}"))
            for number, wish in enumerate(person.state.wishes)
        ]
        await world.hear(*consents)
        overrides = enumerate(person.state.overrides)
        began = world.clock.now()
        await world.hear(
            *(
                (tokens, grant_of(glass, id_of(person.number, place), began))
                for place, glass in overrides
            )
        )


async def _plant_groups(world: World, holder: Holder) -> None:
    """Write Groups, which are nobody's own."""
    if "Group" in holder.types:
        groups = groups_of(holder.people)
        holder.common += groups
        await _written(world, holder, writer_at(world, holder), groups)


def _override_of(caller: Caller, holder: Holder, sought: Person | None) -> str | None:
    """Return the override a caller names in asking for somebody; the first where there are more."""
    if not caller.override:
        return None
    if caller.override == "nobody's" or sought is None:
        return id_of(0, 0)
    if caller.override == "theirs":
        return id_of(sought.number, 0)
    other = holder.people[(holder.people.index(sought) + 1) % len(holder.people)]
    return id_of(other.number, 0)


async def _refused(world: World, holder: Holder, token: str) -> None:
    """Load a line that cannot be accepted, so that it lies in quarantine."""
    line = json.dumps({"resourceType": "Observation", "id": "q", "note": holder.rejected})
    answer = await world.http.post(
        f"{holder.base}/$load?source=matrix",
        content=line.encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+ndjson"},
    )
    assert answer.status_code == 200, answer.text
    assert '"quarantined","valueInteger":1' in answer.text, answer.text


def writer_at(world: World, holder: Holder) -> str:
    """Return the token of who may write here."""
    claims = {"sub": "writer", "client_id": REGISTRAR, "role": "service", "purpose": "HOPERAT"}
    if holder.name != "phr":
        claims |= {"role": "hospital", "region": holder.name}
    return signed({**claims, "scope": "system/*.cruds"}, holder.base, world.clock)


async def _written(world: World, holder: Holder, token: str, rows: Sequence[Row]) -> None:
    made = [(row, "POST", row.type, row.written(1)) for row in rows]
    for row, place in zip(rows, await _sent(world, holder, token, made), strict=True):
        row.id = place.split("/")[1]
    later = [row for row in rows if len(row.life.versions) > 1]
    await _sent(world, holder, token, [(row, "PUT", row.path, row.written(2)) for row in later])
    gone = [row for row in rows if row.life.deleted]
    await _sent(world, holder, token, [(row, "DELETE", row.path, None) for row in gone])


async def _sent(
    world: World,
    holder: Holder,
    token: str,
    what: Sequence[tuple[Row, str, str, dict[str, Any] | None]],
) -> list[str]:
    """Send a transaction and return where each entry went."""
    if not what:
        return []
    entries = [
        {
            **({"fullUrl": row.name, "resource": body} if body else {}),
            "request": {"method": method, "url": url},
        }
        for row, method, url, body in what
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await world.http.post(
        f"{holder.base}/",
        json=bundle,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
    )
    assert answer.status_code == 200, answer.text
    return [one["response"].get("location", "") for one in answer.json()["entry"]]
