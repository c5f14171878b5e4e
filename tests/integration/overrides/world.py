"""The consent service on a real database, with stubs where a region and the PHR would be."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from tasuki.consent.feed import read_page
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.tokens import not_valid
from tasuki.shared.audit.events import to_audit_event
from tasuki.shared.audit.proof_bundle import PROOF

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tasuki.consent.overrides.book import Book
    from tasuki.shared.access.principal import Principal as Who
    from tasuki.shared.audit.events import AuditRecord
    from tasuki.shared.clock import FixedClock
    from tasuki.shared.store.store import SealedStore
    from tasuki.shared.web.session import Web

HOST = "https://consent.test"
BASE = f"{HOST}/consent"
REGION = f"{HOST}/ehr/noto/fhir"
PHR = f"{HOST}/phr/fhir"
HANAKO = "ab" * 16
OTHER = "cd" * 16
LOG = "log-of-noto"
# As a region says where its events stand: in its log, below this head.
PROVEN = {
    "extension": [
        {
            "url": PROOF,
            "extension": [
                {"url": "log", "valueString": LOG},
                {"url": "leaf", "valueBase64Binary": "AAAA"},
                {"url": "index", "valueString": "6"},
                {"url": "size", "valueString": "7"},
            ],
        }
    ]
}
_NOTE = base64.b64encode(f"{LOG}\n7\nAAAA\n".encode()).decode()
HEAD = {"resource": {"resourceType": "Binary", "contentType": "text/plain", "data": _NOTE}}


def who(clock: FixedClock, role: Role, subject: str, scopes: str, **over: Any) -> Who:
    """Return a caller as their token says it."""
    whole: dict[str, Any] = {
        "subject": subject,
        "role": role,
        "client_id": "test",
        "scopes": parse_scopes(scopes),
        "purpose": "TREAT",
        "patient": None,
        "organization": "urn:tasuki:institution|1",
        "region": "noto",
        "token_id": "t",
        "issuer": "i",
        "actor": (),
        "expires_at": clock.now() + timedelta(days=30),
        "display": subject.title(),
    }
    return Principal(**{**whole, **over})


@dataclass
class Verifier:
    """Knows some tokens."""

    known: dict[str, Principal]

    async def verify(self, token: str) -> Principal:
        if token not in self.known:
            raise not_valid()
        return self.known[token]


class Tokens:
    """Gives tokens for the stubs."""

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        del scope, purpose
        return f"service-for-{audience}"

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        del audience, scope
        return subject_token


@dataclass
class Around:
    """A region and the PHR.

    Attributes:
        people: Network tokens by (base, id).
        looked: Audit records the region tells of whoever is asked for.
        down: Nobody answers.
        requests: Ids of the requests for network tokens, as its log would have them.
    """

    people: dict[tuple[str, str], tuple[str, ...]] = field(
        default_factory=lambda: {
            (REGION, "p1"): (HANAKO,),
            (REGION, "p2"): (OTHER,),
            (REGION, "unlinked"): (),
            (PHR, "me"): (HANAKO,),
            (PHR, "other"): (OTHER,),
        }
    )
    looked: list[AuditRecord] = field(default_factory=list)
    down: bool = False
    requests: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("down")
        url = str(request.url)
        if "/$disclosures" in url:
            events: list[dict[str, Any]] = [
                {"resource": to_audit_event(one)} for one in self.looked
            ]
            total = len(events)
            if "proof=true" in url and events:
                events = [*({**one, **PROVEN} for one in events), HEAD]
            return httpx2.Response(
                200,
                json={
                    "resourceType": "Bundle",
                    "type": "searchset",
                    "total": total,
                    "entry": events,
                },
            )
        self.requests.append(request.headers.get("x-request-id", ""))
        base, _, rest = url.partition("/Patient/")
        tokens = self.people.get((base, rest.removesuffix("/$network-tokens")))
        if tokens is None:
            return httpx2.Response(404)
        return httpx2.Response(200, json={"tokens": list(tokens)})


@dataclass
class Near:
    """See `tasuki.shared.rest.neighbours.Neighbours`."""

    http: httpx2.AsyncClient
    tokens: Tokens


@dataclass
class World:
    """The service, and a client that asks it."""

    app: FastAPI
    store: SealedStore
    book: Book
    clock: FixedClock
    verifier: Verifier
    around: Around
    http: httpx2.AsyncClient
    web: Web
    review: FastAPI
    csrf: str = ""

    async def ask(self, method: str, path: str, token: str, body: object = None) -> httpx2.Response:
        """Send one request as the holder of a token."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self.http.request(method, f"{BASE}{path}", content=content, headers=headers)

    async def open(self, by: str = "doctor", **over: object) -> dict[str, Any]:
        """Open an override and return what is told of it."""
        answer = await self.ask("POST", "/overrides", by, {**DRAFT, **over})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def mine(self, by: str = "resident") -> list[dict[str, Any]]:
        """Return what a resident is told."""
        answer = await self.ask("GET", "/overrides/about-me", by)
        assert answer.status_code == 200, answer.text
        told: list[dict[str, Any]] = answer.json()["overrides"]
        return told

    async def leaves(self, tokens: tuple[str, ...] = (HANAKO,)) -> list[dict[str, Any]]:
        """Return the audit events about a person, newest first."""
        async with self.store.unit() as unit:
            owners = await unit.owners_of_tokens(tokens)
            return [json.loads(one) for one in await unit.audit_events(owners, 100)]

    async def sign_in(self, role: Role = Role.PRIVACY) -> None:
        """Sign a privacy officer in on the pages."""
        officer = who(
            self.clock,
            role,
            "officer-1",
            "openid tasuki/review",
            purpose="HOPERAT",
            region=None,
            organization=None,
        )
        session, secret = await self.web.party.sessions.begin(
            officer, {}, longest=timedelta(days=30)
        )
        self.csrf = session.csrf
        self.http.cookies.set(self.web.cookie_name("session"), secret)

    async def page(self, path: str = "/") -> str:
        """Return a page of the officer."""
        answer = await self.http.get(f"{BASE}/overrides{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def reviewed(
        self, id_: str, answer: str = "accepted", words: str = "必要だった。"
    ) -> httpx2.Response:
        """Send the form."""
        form = {"csrf": self.csrf, "answer": answer, "words": words}
        return await self.http.post(f"{BASE}/overrides/{id_}/review", data=form)


DRAFT = {"holder": "noto", "patient": "p1", "reason": "life", "text": "意識がない"}


def codes(event: dict[str, Any]) -> list[str]:
    return [one["code"] for one in event["subtype"]]


async def feed(world: World, kinds: str = "consent,declaration,override") -> list[Any]:
    for _ in range(100):  # until the stamper has numbered what was just written
        answer = await world.ask("GET", f"/fhir/$feed?since=0&kinds={kinds}", "service")
        assert answer.status_code == 200, answer.text
        page = read_page(answer.content)
        if page.entries or kinds != "consent,declaration,override":
            return list(page.entries)
        await asyncio.sleep(0.02)
    return []
