"""Tokens of another provider count where an operator says what they mean, and only as far.

https://www.rfc-editor.org/rfc/rfc9068#section-4
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.routing import Mount
from tests.integration.ehr.provider import Provider
from tests.integration.ehr.world import BASE, FHIR

from tasuki.ehr.app import create_app
from tasuki.ehr.settings import EhrSettings
from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Ask, Ruling
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tasuki.shared.access.issuers import Verifier
    from tasuki.shared.access.records import Unit

pytestmark = pytest.mark.anyio


@dataclass
class Asked:
    """A decider that permits everything, and remembers who asked."""

    callers: list[Principal] = field(default_factory=list)
    feed: str | None = None

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        del unit
        self.callers.append(ask.caller.principal)
        return Ruling.permit("policy/test")


@dataclass
class Place:
    """A region that trusts a provider, or not."""

    http: httpx2.AsyncClient
    asked: Asked
    verifier: Verifier

    async def read(self, token: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.get(f"{FHIR}/Organization/none", headers=headers)

    async def who(self, token: str) -> Principal:
        """Who a token that is good speaks for, by what the gate was asked."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        body = {"resourceType": "Organization", "name": "病院"}
        made = await self.http.post(f"{FHIR}/Organization", json=body, headers=headers)
        assert made.status_code == 201, made.text
        return self.asked.callers[-1]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    one = Provider()
    with one.serving():
        yield one


@pytest.fixture(scope="module")
def own() -> Iterator[Provider]:
    """Stands for the region's own server, whose tokens need no translation."""
    one = Provider()
    with one.serving():
        yield one


async def trusted(provider: Provider, **changes: Any) -> dict[str, Any]:
    """What an operator writes down, from the provider's own discovery document."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        said = (await http.get(f"{provider.issuer}/.well-known/openid-configuration")).json()
    return {
        "name": "hospital",
        "issuer": said["issuer"],
        "jwks_uri": said["jwks_uri"],
        "claims": {"role": "realm_access.roles", "client_id": "azp", "display": "name"},
        "roles": {"physician": "clinician", "ward-nurse": "nurse"},
        "purposes": {"clinician": "TREAT", "nurse": "DISASTER"},
        "scopes": "user/*.cruds patient/*.rs tasuki/desk",
        "region": "noto",
        "organization": "Organization/1",
    } | changes


def with_issuers(settings: EhrSettings, own: Provider, *issuers: dict[str, Any]) -> EhrSettings:
    given = settings.model_dump() | {"issuer": own.issuer, "trusted_issuers": issuers}
    return EhrSettings(**given)


async def opened(settings: EhrSettings) -> AsyncIterator[Place]:
    clock, ids, asked = SystemClock(), RandomIds(), Asked()
    app = create_app(settings, clock=clock, ids=ids)
    service = app.state.fhir
    gate = Gate(service.store, asked, Desk("ehr", "noto", clock), ids=ids)
    (fhir,) = [one.app for one in app.routes if isinstance(one, Mount) and one.path == "/fhir"]
    assert isinstance(fhir, FastAPI)
    fhir.state.fhir = replace(service, gate=gate)
    site = FastAPI()
    site.mount("/ehr/noto", app)
    transport = httpx2.ASGITransport(app=site)
    async with (
        running(service.store),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as http,
    ):
        yield Place(http, asked, service.verifier)


@pytest.fixture
async def place(settings: EhrSettings, provider: Provider, own: Provider) -> AsyncIterator[Place]:
    async for one in opened(with_issuers(settings, own, await trusted(provider))):
        yield one


@pytest.fixture
async def closed(settings: EhrSettings, own: Provider) -> AsyncIterator[Place]:
    async for one in opened(with_issuers(settings, own)):
        yield one


CRUD = "openid email profile user/*.cruds"


async def test_a_clinician_of_another_provider_is_one_here(
    place: Place, provider: Provider
) -> None:
    who = await place.who(provider.token(aud=["account", FHIR], scope=CRUD))
    assert who.subject == "hospital:f:1234:sato"
    assert who.client_id == "hospital:ward-app"
    assert (who.role, who.purpose) == (Role.CLINICIAN, "TREAT")
    assert (who.region, who.organization) == ("noto", "Organization/1")
    assert (who.display, who.patient) == ("佐藤 一郎", None)
    assert str(who.scopes) == "user/*.cruds"
    assert who.issuer == provider.issuer


async def test_a_token_got_at_its_token_endpoint_reads(place: Place, provider: Provider) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        said = (await http.get(f"{provider.issuer}/.well-known/openid-configuration")).json()
        given = await http.post(said["token_endpoint"], params={"audience": FHIR})
    before = provider.asked_for_keys
    answers = [await place.read(given.json()["access_token"]) for _ in range(3)]
    assert [one.status_code for one in answers] == [404] * 3, "the token is good, nothing is there"
    assert provider.asked_for_keys - before <= 1


async def test_where_nobody_is_trusted_the_same_token_is_nothing(
    closed: Place, provider: Provider
) -> None:
    assert (await closed.read(provider.token(aud=FHIR))).status_code == 401


async def test_tokens_of_our_own_server_go_on_to_count(place: Place, own: Provider) -> None:
    ours: dict[str, Any] = {
        "client_id": "viewer",
        "role": "clinician",
        "purpose": "TREAT",
        "scope": "user/*.cruds",
    }
    who = await place.who(own.token(aud=FHIR, nbf=int(time.time()), **ours))
    assert (who.subject, who.client_id) == ("f:1234:sato", "viewer")


SOON = int(time.time()) + 3_600


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example/fhir"},
        {"aud": None},
        pytest.param({"exp": int(time.time()) - 1}, id="over"),
        pytest.param({"exp": SOON}, id="made to live longer than said"),
        pytest.param({"nbf": SOON}, id="not yet"),
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"azp": None},
        {"scope": None},
        {"realm_access": None},
        {"realm_access": {"roles": []}},
        {"realm_access": {"roles": ["clinician"]}},  # our word is not theirs
        {"realm_access": {"roles": ["physician", "ward-nurse"]}},
        {"realm_access": "physician"},
        {"purpose": "BTG"},
        {"purpose": "PATRQT"},
        {"purpose": ["TREAT"]},
        {"act": {"sub": "ehr-kaga"}},
        {"cnf": {"x5t": "unknown"}},
        {"header": {"typ": "JWT"}},
        {"header": {"kid": "unknown"}},
        {"header": {"alg": "RS256"}},
        {"header": {"jku": "http://127.0.0.1/keys"}},
    ],
    ids=str,
)
async def test_what_is_amiss_or_says_too_little_is_refused_in_the_same_words(
    place: Place, provider: Provider, changes: dict[str, Any]
) -> None:
    told: dict[str, Any] = {"aud": FHIR, **changes}
    token = provider.token(**told)
    answer = await place.read(token)
    assert answer.status_code == 401
    assert answer.content == (await place.read("nonsense")).content


async def test_no_key_speaks_for_another_issuer(
    place: Place, provider: Provider, own: Provider
) -> None:
    ours: dict[str, Any] = {
        "client_id": "viewer",
        "role": "clinician",
        "purpose": "TREAT",
        "nbf": int(time.time()),
    }
    as_ours = provider.token(aud=FHIR, iss=own.issuer, **ours)
    as_theirs = own.token(aud=FHIR, iss=provider.issuer)
    borrowed = own.token({"kid": provider.key.kid}, aud=FHIR, iss=provider.issuer)
    nobodys = provider.token(aud=FHIR, iss="http://127.0.0.1:9/realms/other")
    for token in (as_ours, as_theirs, borrowed, nobodys):
        assert (await place.read(token)).status_code == 401


@pytest.mark.parametrize(
    ("claimed", "held"),
    [
        ("user/*.cruds system/*.cruds tasuki/feed tasuki/declare tasuki/desk", "user/*.cruds"),
        ("user/*.cruds patient/*.cruds", "user/*.cruds"),  # for no one patient
    ],
)
async def test_scopes_go_no_further_than_the_operator_and_the_role_let_them(
    place: Place, provider: Provider, claimed: str, held: str
) -> None:
    who = await place.who(provider.token(aud=FHIR, scope=claimed))
    assert str(who.scopes) == held


async def test_what_an_operator_fixes_is_not_read_and_what_is_not_named_neither(
    place: Place, provider: Provider
) -> None:
    told: dict[str, Any] = {
        "region": "kaga",
        "organization": "Organization/2",
        "patient": "Patient/1",
    }
    who = await place.who(provider.token(aud=FHIR, scope=CRUD, **told))
    assert (who.region, who.organization, who.patient) == ("noto", "Organization/1", None)


async def test_a_resident_is_who_the_provider_says_by_reference_only(
    settings: EhrSettings, provider: Provider, own: Provider
) -> None:
    said = await trusted(
        provider,
        claims={"role": "realm_access.roles", "client_id": "azp", "patient": "fhirUser"},
        roles={"citizen": "resident"},
        purposes={"resident": "PATRQT"},
    )
    citizen: dict[str, Any] = {"aud": FHIR, "realm_access": {"roles": ["citizen"]}}
    citizen["scope"] = "user/*.cruds patient/*.cruds"
    async for place in opened(with_issuers(settings, own, said)):
        for wrong in ("p1", "Practitioner/1", "https://elsewhere.example/Patient/1", ["Patient/1"]):
            answer = await place.read(provider.token(**citizen, fhirUser=wrong))
            assert answer.status_code == 401
        token = provider.token(**citizen, fhirUser="Patient/p1")
        assert (await place.read(token)).status_code == 404
        who = await place.verifier.verify(token)
        assert (who.patient, who.role, str(who.scopes)) == (
            "Patient/p1",
            Role.RESIDENT,
            "patient/*.rs",
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {}},
        {"roles": {}},
        {"roles": {"physician": "service"}},
        {"roles": {"physician": "proxy"}},
        {"roles": {"physician": "god"}},
        {"purposes": {"clinician": "BTG"}},
        {"purposes": {"clinician": "PUBHLTH"}},
        {"scopes": "everything"},
        {"claims": {"role": "roles", "iss": "other"}},
        {"name": "Hospital:"},
        {"jwks_uri": "http://hospital.example/keys"},
        {"jwks_uri": "file:///keys"},
        {"issuer": "http://hospital.example"},
        {"longest_seconds": 86_400},
        {"algorithm": "none"},
    ],
    ids=str,
)
async def test_an_issuer_that_cannot_be_trusted_safely_is_no_setting(
    settings: EhrSettings, provider: Provider, own: Provider, changes: dict[str, Any]
) -> None:
    with_issuers(settings, own, await trusted(provider))
    with pytest.raises(ValidationError):
        with_issuers(settings, own, await trusted(provider, **changes))


async def test_two_may_not_be_one(settings: EhrSettings, provider: Provider, own: Provider) -> None:
    one = await trusted(provider)
    for other in (one | {"issuer": own.issuer}, one, one | {"issuer": "https://else.example"}):
        both = (other,) if other["issuer"] == own.issuer else (one, other)
        with pytest.raises(ValidationError):
            with_issuers(settings, own, *both)
