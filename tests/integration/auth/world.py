"""A small world for the authorization server: its clients, its people, and how they come in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from tasuki.auth.means import means_of
from tasuki.auth.one_time_codes import code_at
from tasuki.auth.provisioning import (
    AccountSpec,
    ClientRegistration,
    Identity,
    LinkEvidence,
    OneTimeCode,
    bind_resident,
    create_account,
    register_client,
)
from tasuki.shared.access.client import (
    ASSERTION_TYPE,
    ServiceCredentials,
    client_assertion,
)
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import CountingIds, RandomIds
from tasuki.shared.store.leaves import opened
from tasuki.shared.store.logkeys import body_key
from tasuki.shared.store.schema import LEAF

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from tasuki.auth.means import Means
    from tasuki.auth.sealing import KeyRingBox

ISSUER = "http://127.0.0.1:8765/auth"
TOKEN = f"{ISSUER}/token"
BY_NAME = "http://localhost:8765/auth"  # browsers allow passkeys on a name, never on an address
PHR = "http://127.0.0.1:8765/phr/fhir"
EHR_A = "http://127.0.0.1:8765/ehr/a/fhir"
EHR_B = "http://127.0.0.1:8765/ehr/b/fhir"
EHR_C = "http://127.0.0.1:8765/ehr/c/fhir"
SHELTER = "http://127.0.0.1:8765/shelter"
CONSENT = "http://127.0.0.1:8765/consent/fhir"
EVERYWHERE = (PHR, EHR_A, EHR_B, EHR_C, SHELTER, CONSENT)

REDIRECT = "http://127.0.0.1:9999/back"
OTHER_REDIRECT = "jp.example.app:/back"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
PATIENT = "Patient/0b6c8f1e"
BIRTH_DATE = date(1948, 3, 9)

EVERY_SCOPE = (
    "openid fhirUser launch launch/patient launch/encounter offline_access"
    " patient/*.cruds user/*.cruds"
    " tasuki/declare tasuki/desk tasuki/match tasuki/profile tasuki/locate"
)


@dataclass(frozen=True)
class Person:
    username: str
    password: str
    totp_secret: str
    role: Role


def _secret(letter: str) -> str:
    return letter * 32


RESIDENT = Person("ようこ@例え.jp", "桜の花が咲く頃に", _secret("B"), Role.RESIDENT)
UNBOUND = Person("newcomer@example.jp", "correct horse 1", _secret("C"), Role.RESIDENT)
CLINICIAN = Person("dr.sato", "correct horse 2", _secret("D"), Role.CLINICIAN)
NURSE = Person("nurse.tanaka", "correct horse 3", _secret("E"), Role.NURSE)
OFFICER = Person("officer.mori", "correct horse 4", _secret("F"), Role.OFFICER)
PEOPLE = (RESIDENT, UNBOUND, CLINICIAN, NURSE, OFFICER)

WAJIMA, SUZU = "urn:tasuki:municipality|172049", "urn:tasuki:municipality|172057"
SECOND = Person("clerk.hamano", "correct horse 6", _secret("G"), Role.NURSE)
SECOND_OF_SUZU = Person("clerk.ueda", "correct horse 7", _secret("H"), Role.NURSE)
SECONDS = {SECOND: ("浜野　結衣", WAJIMA), SECOND_OF_SUZU: ("上田 翔", SUZU)}
"""Who administers an office of a municipality beside whoever a test makes do so."""
USUAL_PURPOSE = {
    Role.RESIDENT: "PATRQT",
    Role.CLINICIAN: "TREAT",
    Role.NURSE: "DISASTER",
    Role.OFFICER: "PUBHLTH",
}

KEYS: dict[str, ECKey | RSAKey] = {
    "hospital": ECKey.generate_key("P-384", auto_kid=True),
    "hospital-rsa": RSAKey.generate_key(2048, auto_kid=True),
    "svc-ehr-a": ECKey.generate_key("P-256", auto_kid=True),
    "svc-ehr-b": ECKey.generate_key("P-256", auto_kid=True),
    "viewer": ECKey.generate_key("P-256", auto_kid=True),
}


def credentials_of(client_id: str) -> ServiceCredentials:
    return ServiceCredentials(client_id, KEYS[client_id].as_dict(private=True), TOKEN)


def _registration(client_id: str, **changes: Any) -> ClientRegistration:
    key = KEYS.get(client_id)
    values: dict[str, Any] = {
        "client_id": client_id,
        "name": client_id,
        "jwks": None if key is None else {"keys": [key.as_dict(private=False)]},
        "redirect_uris": (),
        "grant_types": ("client_credentials",),
        "scopes": "system/*.cruds",
        "audiences": EVERYWHERE,
        "purpose": None,
        "role": None,
        "region": None,
        "organization": None,
        "public": key is None,
    }
    return ClientRegistration(**values | changes)


_SIGN_IN = {
    "grant_types": ("authorization_code", "refresh_token"),
    "redirect_uris": (REDIRECT, OTHER_REDIRECT),
    "scopes": EVERY_SCOPE,
}
_SERVICE = {
    "role": Role.SERVICE,
    "grant_types": ("client_credentials", EXCHANGE),
    "scopes": "system/*.rs user/*.rs patient/*.rs tasuki/feed tasuki/locate tasuki/match",
}
CLIENTS = (
    _registration("demo", name="見本のアプリ <b>", **_SIGN_IN),
    _registration("other", **_SIGN_IN),
    _registration("desk", **_SIGN_IN | {"role": Role.NURSE, "purpose": "DISASTER"}),
    _registration("viewer", **_SIGN_IN | {"role": Role.CLINICIAN, "audiences": (EHR_A,)}),
    _registration(
        "hospital",
        role=Role.HOSPITAL,
        purpose="HOPERAT",
        scopes="system/*.cu system/Patient.rs",
        audiences=(EHR_A,),
        region="a",
        organization="Organization/h1",
    ),
    _registration("hospital-rsa", role=Role.HOSPITAL, audiences=(EHR_A,)),
    _registration("svc-ehr-a", answers_at=(EHR_A,), **_SERVICE),
    _registration("svc-ehr-b", answers_at=(EHR_B,), **_SERVICE),
)


async def seed(connection: AsyncConnection, box: KeyRingBox) -> dict[str, str]:
    """Register everybody; return account ids by user name."""
    means, accounts = means_of(box.ring, "auth", FixedClock(), CountingIds()), {}
    for registration in CLIENTS:
        await register_client(connection, means, registration)
    for person in PEOPLE:
        staff = person.role is not Role.RESIDENT
        spec = AccountSpec(
            username=person.username,
            password=person.password,
            totp_secret=person.totp_secret,
            role=person.role,
            practitioner=f"Practitioner/{person.username[:2]}1" if staff else None,
            organization="Organization/1" if staff else None,
            region="a" if staff else None,
            display=f"見本 {person.role.value}" if staff else None,
            administers=person is OFFICER,
        )
        accounts[person.username] = await create_account(connection, means, spec)
    for person, (display, place) in SECONDS.items():
        spec = AccountSpec(
            username=person.username,
            password=person.password,
            totp_secret=person.totp_secret,
            role=person.role,
            organization=place,
            display=display,
            administers=True,
        )
        accounts[person.username] = await create_account(connection, means, spec)
    await bind_resident(connection, means, evidence(accounts[RESIDENT.username]))
    return accounts


def evidence(of: str, **changes: Any) -> LinkEvidence:
    same = Identity(hashlib.sha256(b"insurer").digest(), BIRTH_DATE)
    values: dict[str, Any] = {
        "account": of,
        "patient": PATIENT,
        "shown": same,
        "on_record": same,
        "code": OneTimeCode.CONFIRMED,
    }
    return LinkEvidence(**values | changes)


@dataclass
class Page:
    """A sign-in page as a browser without scripts sees it."""

    response: httpx2.Response
    action: str
    csrf: str


@dataclass
class World:
    """A running server, a browser, and the clock both go by."""

    http: httpx2.AsyncClient
    engine: AsyncEngine
    clock: FixedClock
    box: KeyRingBox
    accounts: dict[str, str]
    verifier: str = field(default="v" * 43)
    issuer: str = ISSUER

    @property
    def means(self) -> Means:
        """What an operator changes accounts and clients with."""
        return means_of(self.box.ring, "auth", self.clock, RandomIds())

    async def sign_ins(self) -> list[dict[str, str]]:
        """Return what the log says of every attempt to sign in, oldest first."""
        return [told(event) for event in await self.events() if kind(event) == "sign-in"]

    async def events(self) -> list[dict[str, Any]]:
        """Return every AuditEvent of the log, oldest first."""
        key = body_key(self.box.ring, "auth")
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(LEAF).order_by(LEAF.c.local))
            bodies = [opened(row.sealed, row.leaf, key=key, tenant="auth") for row in rows]
        return [json.loads(body.event) for body in bodies]

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return a sound authorization request, with some parameters changed or left out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest())
        sound: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "demo",
            "redirect_uri": REDIRECT,
            "scope": EVERY_SCOPE,
            "state": "s" * 22,
            "aud": PHR,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (sound | changes).items() if value is not None}

    async def open_page(self, **changes: str | None) -> Page:
        response = await self.http.get(f"{self.issuer}/authorize", params=self.query(**changes))
        assert response.status_code == 200, response.text
        return read_page(response)

    async def submit(self, page: Page, person: Person, **changes: str | None) -> httpx2.Response:
        typed: dict[str, str | None] = {
            "csrf": page.csrf,
            "username": person.username,
            "password": person.password,
            "code": code_at(person.totp_secret, self.clock.now()),
            "purpose": USUAL_PURPOSE[person.role],
        }
        form = {name: value for name, value in (typed | changes).items() if value is not None}
        return await self.http.post(page.action, data=form)

    async def code(self, person: Person = RESIDENT, **changes: str | None) -> str:
        """Sign in with a fresh one-time code and return the authorization code."""
        self.clock.advance(timedelta(seconds=30))
        response = await self.submit(await self.open_page(**changes), person)
        assert response.status_code == 303, response.text
        return str(redirect_query(response)["code"])

    async def redeem(self, code: str, **changes: str | None) -> httpx2.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": "demo",
            "code_verifier": self.verifier,
        }
        return await self.post("token", form | changes)

    async def ask(self, path: str = "token", **form: str | None) -> httpx2.Response:
        return await self.post(path, form)

    async def post(self, path: str, form: Mapping[str, str | None]) -> httpx2.Response:
        """Post a form; None leaves a field out."""
        given = {name: value for name, value in form.items() if value is not None}
        return await self.http.post(f"{self.issuer}/{path}", data=given)

    async def tokens(self, person: Person = RESIDENT, **changes: str | None) -> dict[str, Any]:
        code = await self.code(person, **changes)
        response = await self.redeem(code, client_id=changes.get("client_id", "demo"))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def ask_as(
        self, client_id: str, path: str = "token", **form: str | None
    ) -> httpx2.Response:
        """Ask as a client that proves its key."""
        return await self.post(path, form | self.proof(client_id))

    def proof(self, client_id: str) -> dict[str, str]:
        assertion = client_assertion(credentials_of(client_id), clock=self.clock, ids=RandomIds())
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def assertion(
        self,
        client_id: str,
        *,
        key: Any = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Return an assertion that differs from a sound one as asked; None leaves a claim out."""
        now = int(self.clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": client_id,
            "sub": client_id,
            "aud": TOKEN,
            "iat": now,
            "exp": now + 60,
            "jti": RandomIds().new(),
        }
        left = {name: value for name, value in (claims | changes).items() if value is not None}
        signer = KEYS[client_id] if key is None else key
        shown = {"alg": "ES256", "kid": KEYS[client_id].kid} | (header or {})
        algorithm = shown["alg"]
        return jwt.encode(shown, left, signer, algorithms=[algorithm])

    async def is_active(self, token: str, client_id: str = "svc-ehr-a") -> bool:
        response = await self.ask_as(client_id, "introspect", token=token)
        assert response.status_code == 200, response.text
        return bool(response.json()["active"])


def kind(event: dict[str, Any]) -> str:
    """Return what an AuditEvent of this server tells of, in the server's own words."""
    return str(event["subtype"][-1]["code"])


def told(event: dict[str, Any]) -> dict[str, str]:
    """Return the details of an AuditEvent, with purpose, patient, software and account."""
    (user,) = [one for one in event["entity"] if one.get("role", {}).get("code") == "11"]
    details = {one["type"]: one["valueString"] for one in user.get("detail", ())}
    people = [one["what"] for one in event["entity"] if one.get("role", {}).get("code") == "1"]
    purposes = [one["coding"][0]["code"] for one in event.get("purposeOfEvent", ())]
    return details | {
        "account": user["what"]["identifier"]["value"],
        "patient": people[0]["reference"] if people else "",
        "purpose": purposes[0] if purposes else "",
        "client": event["agent"][0]["who"]["identifier"]["value"],
        "actor": event["agent"][2]["who"]["identifier"]["value"],
        "outcome": event["outcome"],
    }


def read_page(response: httpx2.Response) -> Page:
    action = re.search(r'<form method="post" action="([^"]+)"', response.text)
    csrf = re.search(r'name="csrf" value="([^"]+)"', response.text)
    assert action is not None
    assert csrf is not None
    return Page(response, unescape(action[1]), unescape(csrf[1]))


def redirect_query(response: httpx2.Response) -> dict[str, str]:
    location = response.headers["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def authorize_url(query: dict[str, str]) -> str:
    return f"{ISSUER}/authorize?{urlencode(query)}"
