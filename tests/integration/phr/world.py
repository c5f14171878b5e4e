"""A resident's browser in front of a real PHR, with a stub where the consent service would be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from tests.unit.phr.deciding import answer_of

from tasuki.consent.overrides.override import disputed, seen
from tasuki.consent.provisions import read_consent
from tasuki.consent.told_routes import persons_form
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Caller
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.fhir.json import parse, render

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tasuki.consent.overrides.override import Override
    from tasuki.shared.clock import FixedClock
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.service import FhirService

HOST = "https://phr.test"
BASE = f"{HOST}/phr"
CONSENT = "https://consent.test/consent"
TOKEN = "resident-token"


@dataclass
class ConsentStub:
    """Keeps Consents, decides for real, and fails on demand.

    Attributes:
        down: It cannot be reached.
        lost: Changes are made, and their answers never arrive.
        refused: It answers changes with this status instead of making them.
        changed_meanwhile: Id of a Consent that is another version by the time it is changed.
    """

    clock: FixedClock
    consents: dict[str, Resource] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    events: Resource = field(default_factory=lambda: {"resourceType": "Bundle", "total": 0})
    asked: list[httpx2.Request] = field(default_factory=list)
    down: bool = False
    lost: bool = False
    refused: int | None = None
    changed_meanwhile: str = ""
    patient: str = ""

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.down:
            raise httpx2.ConnectError("down")
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return httpx2.Response(401)
        url = urlsplit(str(request.url))
        if url.path == "/consent/decide":
            return self._decide(parse(request.content))
        if url.path == "/consent/fhir/AuditEvent":
            return _json(self.events)
        if url.path.startswith("/consent/overrides/"):
            return self._override(request, url.path.removeprefix("/consent/overrides/"))
        if request.method == "GET":
            assert parse_qs(url.query)["patient"] == [self.patient]
            return self._all()
        return self._change(request, url.path)

    def keep(self, consent: Resource) -> None:
        """Hold a Consent that was recorded before."""
        read_consent({"id": "new", **consent})
        id_ = f"c{len(self.consents) + 1}"
        self.consents[id_] = {**consent, "id": id_, "meta": {"versionId": "1"}}

    def _override(self, request: httpx2.Request, path: str) -> httpx2.Response:
        now = self.clock.now()
        if path == "about-me":
            told = [one for one in self.overrides.values() if not one.hidden_at(now)]
            return _json({"overrides": [persons_form(one, now) for one in told]})
        if self.refused is not None:
            return httpx2.Response(self.refused)
        id_, _, step = path.partition("/")
        one = self.overrides[id_]
        body = parse(request.content)
        self.overrides[id_] = (
            seen(one, at=now) if step == "seen" else disputed(one, text=body["text"], at=now)
        )
        return httpx2.Response(500) if self.lost else _json(persons_form(self.overrides[id_], now))

    def _all(self) -> httpx2.Response:
        entries = [{"resource": one} for one in self.consents.values()]
        bundle: Resource = {"resourceType": "Bundle", "total": len(entries), "entry": entries}
        return _json(bundle)

    def _decide(self, question: dict[str, Any]) -> httpx2.Response:
        return _json(answer_of(self.consents.values(), question, self.clock.now()))

    def _change(self, request: httpx2.Request, path: str) -> httpx2.Response:
        if self.refused is not None:
            return httpx2.Response(self.refused)
        consent = parse(request.content)
        if request.method == "POST":
            self.keep(consent)
        else:
            id_ = path.rpartition("/")[2]
            version = self.consents[id_]["meta"]["versionId"]
            unseen = id_ == self.changed_meanwhile
            if unseen or request.headers["if-match"] != f'W/"{version}"':
                return httpx2.Response(412)
            newest = {"versionId": str(int(version) + 1)}
            read_consent(consent)
            self.consents[id_] = {**consent, "meta": newest}
        if self.lost:
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(201)


def _json(value: dict[str, Any]) -> httpx2.Response:
    return httpx2.Response(200, content=render(value))


@dataclass
class World:
    """Everything a test touches."""

    app: FastAPI
    service: FhirService
    clock: FixedClock
    browser: httpx2.AsyncClient
    consent: ConsentStub
    csrf: str
    patient: str

    async def get(self, path: str) -> Page:
        return Page(await self.browser.get(f"/phr{path}"))

    async def post(self, path: str, **form: str) -> Page:
        data = {"csrf": self.csrf, **form}
        return Page(await self.browser.post(f"/phr{path}", data=data))

    async def write(self, resource: Resource, *, by: str = "registrar") -> str:
        """Bring in a resource as the registrar, or as the resident."""
        principal = (
            registrar(self.clock) if by == "registrar" else resident(self.clock, self.patient)
        )
        async with self.service.gate.enter(Caller(principal, "r0")) as records:
            return (await records.create(resource)).id

    async def stored(self, type_: str) -> list[Resource]:
        """Return the live resources of a type, whoever's they are."""
        async with self.service.store.unit() as unit:
            found = await unit.scan(type_, 1_000) or []
        return [parse(one.body) for one in found if one.body is not None]


class Page:
    """An answer read as a person would: status, words, links, fields."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.text = re.sub(
            r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        )
        fields = _Fields()
        fields.feed(self.html)
        self.fields = fields.found
        self.links = fields.links
        self.headings = re.findall(r"<h1>(.*?)</h1>", self.html)


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("name"):
            self.found.setdefault(str(values["name"]), []).append(values.get("value") or "")
        if tag == "a":
            self.links.append(values.get("href") or "")


def resident(clock: FixedClock, patient: str | None, *, role: Role = Role.RESIDENT) -> Principal:
    return Principal(
        subject="account-1",
        role=role,
        client_id="resident",
        scopes=parse_scopes("openid patient/*.cruds"),
        purpose="PATRQT",
        patient=patient,
        organization=None,
        region=None,
        token_id="t1",
        issuer=f"{HOST}/auth",
        actor=(),
        expires_at=clock.now() + timedelta(hours=1),
        display=None,
    )


def registrar(clock: FixedClock) -> Principal:
    return Principal(
        subject="registrar",
        role=Role.SERVICE,
        client_id="registrar",
        scopes=parse_scopes("system/*.cruds"),
        purpose="HOPERAT",
        patient=None,
        organization=None,
        region=None,
        token_id="t2",
        issuer=f"{HOST}/auth",
        actor=(),
        expires_at=clock.now() + timedelta(hours=1),
        display=None,
    )
