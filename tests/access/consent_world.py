"""The consent service as it runs, with everybody's words and overrides brought in through its own doors.

What stands around it are stubs: a PHR that tells a person's tokens to that person and to services, and
a region that does so to services and says who looked.
"""

from __future__ import annotations

import base64
import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.routing import Mount
from tests.access.callers import ISSUER, Caller, claims_of, signed, verifier
from tests.access.consent_people import Fact, Opened, Said, Someone, everybody, facts
from tests.access.saying import Asker
from tests.access.wishes import PERMIT, consent_of
from tests.integration.overrides.world import HEAD, PROVEN

from tasuki.consent.app import create_app
from tasuki.consent.settings import ConsentSettings, Holder
from tasuki.consent.signing.keys import rotate_keys
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.audit.events import AuditRecord, Outcome, to_audit_event
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from tests.store.world import Server

HOST = "https://desk.test"
ROOT = f"{HOST}/consent"
FHIR = f"{ROOT}/fhir"
PHR = f"{HOST}/phr/fhir"
PAGES = ("overrides", "officer")
HOURS = timedelta(hours=2)  # what is over was opened so long ago


@dataclass
class Around:
    """The PHR and the region."""

    people: list[Someone]
    clock: FixedClock

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        """See `TokenClient`."""
        del scope, audience, purpose
        return "service"

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        """See `TokenClient`; whose the token is goes along."""
        del audience, scope
        return subject_token.split(".")[1]

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer for both."""
        url = str(request.url)
        if "/$disclosures" in url:
            return self._disclosed(request)
        base, _, rest = url.partition("/Patient/")
        id_ = rest.removesuffix("/$network-tokens")
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        for one in self.people:
            here = one.id if base == PHR else one.patient
            if id_ == here and (bearer == "service" or _is_own(bearer, id_)):
                return httpx2.Response(200, json={"tokens": [one.token]})
        return httpx2.Response(404)

    def _disclosed(self, request: httpx2.Request) -> httpx2.Response:
        """Tell who looked: in one region in everyday care, in the other under overrides alone."""
        kaga = "/ehr/kaga/" in str(request.url)
        events: list[dict[str, Any]] = [
            {"resource": to_audit_event(record)}
            for one in self.people
            if one.token in request.url.params.get_list("token")
            for record in (self._looks(one)[1:] if kaga else self._looks(one)[:1])
        ]
        whole = {"resourceType": "Bundle", "type": "searchset", "total": len(events)}
        if events and request.url.params.get("proof") == "true":
            events = [*({**one, **PROVEN} for one in events), HEAD]
        return httpx2.Response(200, json={**whole, "entry": events})

    def _looks(self, person: Someone) -> list[AuditRecord]:
        """Return who looked in the region: once in everyday care, and under each override."""
        usual = AuditRecord(
            action=Action.READ,
            outcome=Outcome.PERMITTED,
            at=self.clock.now(),
            service="ehr",
            region="noto",
            actor=person.looked,
            client_id="viewer",
            basis="everyday-within",
            request_id="r1",
            purpose="TREAT",
            patient=f"Patient/{person.patient}",
        )
        return [
            usual,
            *(
                replace(
                    usual, actor=one.used, basis=f"override/{one.id}|reason/life", purpose="BTG"
                )
                for one in person.overrides
            ),
        ]


def _is_own(payload: str, id_: str) -> bool:
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return bool(claims["role"] == "resident") and claims.get("patient") == f"Patient/{id_}"


@dataclass(repr=False)
class ConsentWorld:
    """The service, whoever is known there, and what each mark gives away."""

    app: FastAPI
    http: httpx2.AsyncClient
    clock: FixedClock
    people: list[Someone]
    pages: Mapping[str, FastAPI]
    by_mark: dict[str, Fact] = field(default_factory=dict)
    _tokens: dict[Asker, str] = field(default_factory=dict)
    _sessions: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def asker(self, caller: Caller, person: Someone, opened: Opened | None = None) -> Asker:
        """Return a caller who comes for somebody."""
        region = {"same": "noto", "other": "kaga", "": None}[caller.region]
        place = self.people.index(person)
        other = self.people[(place + 1) % len(self.people)]
        bound = {True: person.id, False: other.id, None: None}[caller.own]
        if caller.override:
            elsewhere = [one for each in self.people for one in each.overrides if one is not opened]
            mine = opened if caller.override == "theirs" else elsewhere[0]
            caller = replace(caller, subject=mine.subject if mine else "nobody")
        return Asker(caller, "consent", region, bound)

    def token(self, asker: Asker) -> str:
        """Return the asker's access token."""
        if asker not in self._tokens:
            self._tokens[asker] = self.another_token(asker)
        return self._tokens[asker]

    def another_token(self, asker: Asker, audience: str = FHIR, **changed: Any) -> str:
        """Return an access token of the asker for an audience, with claims changed."""
        claims = claims_of(asker.caller, asker.region, asker.patient)
        return signed({**claims, **changed}, audience, self.clock)

    async def send(
        self, token: str, method: str, path: str, body: object = None, **headers: str
    ) -> httpx2.Response:
        """Send one request; a path without a slash in front is below the FHIR base URL."""
        kind = "json" if path.startswith("/") else "fhir+json"
        url = f"{ROOT}{path}" if path.startswith("/") else f"{FHIR}/{path}"
        sent = {"Authorization": f"Bearer {token}", "Content-Type": f"application/{kind}"}
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return await self.http.request(method, url, content=content, headers={**sent, **headers})

    async def browse(
        self, caller: Caller, part: str, method: str, path: str, form: Mapping[str, str] = {}
    ) -> httpx2.Response:
        """Ask for a page with a session of such a caller."""
        web = self.pages[part].state.web
        if (caller.name, part) not in self._sessions:
            session, secret = await web.party.sessions.begin(
                self._principal(caller), {}, longest=timedelta(days=1)
            )
            self._sessions[caller.name, part] = session.csrf, secret
        csrf, secret = self._sessions[caller.name, part]
        headers = {"Cookie": f"{web.cookie_name('session')}={secret}", "Origin": HOST}
        data = {**form, "csrf": csrf} if method == "POST" else None
        url = f"{ROOT}/{part}{path}"
        return await self.http.request(method, url, headers=headers, data=data)

    def _principal(self, caller: Caller) -> Principal:
        return Principal(
            subject="who-is-signed-in",
            role=Role(caller.role),
            client_id="pages",
            scopes=parse_scopes(caller.scope),
            purpose=caller.purpose,
            patient=f"Patient/{self.people[0].id}" if caller.own else None,
            organization=None,
            region=None,
            token_id="t",
            issuer=ISSUER,
            actor=(),
            expires_at=self.clock.now() + timedelta(days=1),
            display="who is signed in",
        )

    def learn(self) -> None:
        """Write down what each mark gives away."""
        for person in self.people:
            for one, fact in facts(person):
                assert one not in self.by_mark
                self.by_mark[one] = fact

    async def done(self, token: str, path: str, body: object, method: str = "POST") -> Any:
        """Send what must succeed and return what is answered."""
        answer = await self.send(token, method, path, body)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    async def stamped(self) -> None:
        """Let the feed and the log catch up."""
        await self.app.state.fhir.store.stamper.stamp_all()


@contextlib.asynccontextmanager
async def consent_on(server: Server, folder: Path) -> AsyncIterator[ConsentWorld]:
    """Open the world and bring everybody in."""
    clock = FixedClock()
    people = everybody()
    app = create_app(_settings(server, folder), clock=clock, ids=RandomIds())
    mounted = {one.path: one.app for one in app.routes if isinstance(one, Mount)}
    pages = {part: mounted[f"/{part}"] for part in PAGES}
    around = Around(people, clock)
    outside = httpx2.AsyncClient(transport=httpx2.MockTransport(around))
    near = _Near(outside, around)
    service = replace(app.state.fhir, verifier=verifier(FHIR, clock))
    for one in (app, *mounted.values()):
        assert isinstance(one, FastAPI)
        one.state.fhir = service
        one.state.near = near
        one.state.persons = replace(app.state.persons, near=near)
    site = FastAPI()
    site.mount("/consent", app)
    transport = httpx2.ASGITransport(site)
    async with (
        running(service.store),
        outside,
        httpx2.AsyncClient(transport=transport, base_url=HOST) as http,
    ):
        world = ConsentWorld(app, http, clock, people, pages)  # type: ignore[arg-type]  # asserted above
        await _plant(world)
        world.learn()
        await world.stamped()
        yield world


@dataclass
class _Near:
    """See `tasuki.shared.rest.neighbours.Neighbours`."""

    http: httpx2.AsyncClient
    tokens: Around


def _settings(server: Server, folder: Path) -> ConsentSettings:
    tenant = f"{folder.name}-consent"
    FileKeyRing.create(folder / "ring.json", [tenant])
    rotate_keys(folder / "declarations.json")
    key = ECKey.generate_key("P-256", auto_kid=True)
    (folder / "web.json").write_text(json.dumps(key.as_dict(private=True)))
    holders = tuple(
        Holder(name=f"ehr/{one}", base_url=f"{HOST}/ehr/{one}/fhir", title_ja=one, title_en=one)
        for one in ("noto", "kaga")
    )
    return ConsentSettings(
        public_url=ROOT,
        issuer=ISSUER,
        database_url=server.postgres.url("records_shared"),
        keys_database_url=server.postgres.url("keys_shared"),
        key_file=folder / "ring.json",
        tenant=tenant,
        phr_url=PHR,
        holders=holders,
        declaration_keys=folder / "declarations.json",
        web_client_id="officer",
        web_private_jwk_file=folder / "web.json",
        review_client_id="privacy-desk",
        review_private_jwk_file=folder / "web.json",
    )


async def _plant(world: ConsentWorld) -> None:
    """Let everybody speak; open what is over by now, and later what is not; then take each step."""
    for person in world.people:
        for said in person.consents:
            await _say(world, person, said)
    every = [(person, one) for person in world.people for one in person.overrides]
    over = [(person, one) for person, one in every if one.case.over]
    for person, one in over:
        await _open(world, person, one)
    world.clock.advance(HOURS)
    await world.app.state.overrides.end_old()
    for person, one in [one for one in every if one not in over]:
        await _open(world, person, one)
    for person, one in every:
        for step in one.case.steps:
            await _STEPS[step](world, person, one)
            world.clock.advance(timedelta(seconds=1))


def resident(world: ConsentWorld, person: Someone) -> str:
    """Return the token of the person themselves."""
    caller = Caller("resident", "resident", "PATRQT", "patient/*.cruds", "", None, own=True)
    return world.token(world.asker(caller, person))


def doctor(world: ConsentWorld, subject: str, display: str = "") -> str:
    """Return the token of a clinician who may open overrides."""
    caller = Caller("doctor", "clinician", "TREAT", "tasuki/override", subject=subject)
    asker = world.asker(caller, world.people[0])
    return world.another_token(asker, display=display or subject)


def consent_body(person: Someone, marked: str, id_: str = "") -> dict[str, Any]:
    """Return a Consent of a person whose policy bears a mark."""
    said = consent_of(replace(PERMIT, policy=f"urn:example:policy:{marked}"), id_)
    del said["meta"]
    if not id_:
        del said["id"]
    return {**said, "patient": {"reference": f"Patient/{person.id}"}}


async def _say(world: ConsentWorld, person: Someone, said: Said) -> None:
    token = resident(world, person)
    for number, marked in enumerate(said.versions):
        body = consent_body(person, marked, said.id)
        path = f"Consent/{said.id}" if number else "Consent"
        made = await world.done(token, path, body, "PUT" if number else "POST")
        said.id = made["id"]


async def _open(world: ConsentWorld, person: Someone, one: Opened) -> None:
    draft = {"holder": "noto", "patient": person.patient, "reason": "life", "text": one.text}
    if one.case.delay:
        ground = {"ground": "account-not-safe", "text": one.delay, "hours": one.case.delay}
        draft = {**draft, "delay": ground}  # type: ignore[dict-item]  # a form within a form
    token = doctor(world, one.subject, one.display)
    one.id = (await world.done(token, "/overrides", draft))["id"]
    if "agree" in one.case.steps:
        path = f"/overrides/{one.id}/agree"
        await world.done(doctor(world, one.second), path, {"restricted": True})
    if one.case.stopped:
        await world.done(token, f"/overrides/{one.id}/stop", {})


async def _agreed(*_: object) -> None:
    """An open override alone is agreed to: when it was opened."""


async def _dispute(world: ConsentWorld, person: Someone, one: Opened) -> None:
    path = f"/overrides/{one.id}/dispute"
    await world.done(resident(world, person), path, {"text": one.dispute})


async def _review(world: ConsentWorld, person: Someone, one: Opened) -> None:
    del person
    privacy = Caller("privacy desk", "privacy", "HOPERAT", "tasuki/review", "", None)
    form = {"answer": "accepted", "words": one.review}
    answer = await world.browse(privacy, "overrides", "POST", f"/{one.id}/review", form)
    assert answer.status_code == 303, answer.text


_STEPS: Mapping[str, Callable[[ConsentWorld, Someone, Opened], Awaitable[None]]] = {
    "agree": _agreed,
    "dispute": _dispute,
    "review": _review,
}
