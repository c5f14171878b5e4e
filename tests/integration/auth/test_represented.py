"""An office records who represents a resident by law, from papers, about its own residents alone.

Which two of its people that takes is tested in test_two_persons.py.
With the real PHR beside it, which is asked by insurer identity and birth date. docs/adr/0024-proxies.md
"""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from tests.integration.auth.acting import accepted, claims, posted, tokens_for
from tests.integration.auth.conftest import running
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.test_withdrawn import is_withdrawn
from tests.integration.auth.world import (
    CLINICIAN,
    ISSUER,
    NURSE,
    OFFICER,
    PHR,
    RESIDENT,
    SECOND,
    SUZU,
    WAJIMA,
    World,
)

from tasuki.auth.signing import open_keys
from tasuki.auth.tables import ACCOUNT, METADATA, PROXY
from tasuki.phr.app import create_app as phr_app
from tasuki.phr.settings import PhrSettings
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Caller
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.tokens import AccessTokenVerifier, principal_of
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running as store_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx2
    from tests.integration.home import Home

    from tasuki.auth.sealing import KeyRingBox

pytestmark = pytest.mark.anyio

MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
CHILD = ("00170012", "わ", "1234", "02")
ELSEWHERE = ("00170020", "す", "77", "01")
FORM = {
    **dict(zip(("insurer", "symbol", "number", "branch"), CHILD, strict=True)),
    "birth_date": "2015-08-20",
    "relationship": "parent",
    "papers": "family-register",
    "name": "輪島 真理",
    "person": "輪島 そら",
    "class_medicines": "yes",
    "class_contacts": "yes",
    "wishes": "yes",
    "until": "2030-12-31",
}


def patient(member: tuple[str, ...], birth: str, address: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": MEMBER_ID, "value": ":".join(member)}],
        "name": [{"text": "輪島 そら"}],
        "birthDate": birth,
        "address": [{"use": "home", "text": address}],
    }


@asynccontextmanager
async def phr_on(home: Home, keys: Path) -> AsyncIterator[FastAPI]:
    """The PHR with two residents, as it runs, and trusting our tokens."""
    settings = PhrSettings(
        public_url=PHR.removesuffix("/fhir"),
        issuer=ISSUER,
        **home.settings,
        consent_url="http://127.0.0.1:8765/consent/fhir",
        web_client_id="resident",
        web_private_jwk_file=home.key,
        registrars=frozenset({"registrar"}),
    )
    clock = FixedClock()
    app = phr_app(settings, clock=clock, ids=RandomIds())
    jwks = StaticJwks(open_keys(keys).published())
    service = replace(
        app.state.fhir, verifier=AccessTokenVerifier(ISSUER, settings.fhir_url, jwks, clock)
    )
    app.state.fhir = service
    for route in app.routes:
        if getattr(route, "path", "") == "/fhir":
            route.app.state.fhir = service  # type: ignore[attr-defined]
    async with store_running(service.store):
        async with service.gate.enter(Caller(_registrar(clock), "r0")) as records:
            await records.create(patient(CHILD, "2015-08-20", "石川県輪島市河井町1-1"))
            await records.create(patient(ELSEWHERE, "2015-08-20", "石川県珠洲市上戸町1-1"))
        site = FastAPI()
        site.mount("/phr", app)
        site.state.clock = clock
        yield site


def _registrar(clock: FixedClock) -> Principal:
    return Principal(
        subject="registrar",
        role=Role.SERVICE,
        client_id="registrar",
        scopes=parse_scopes("system/*.cruds"),
        purpose="HOPERAT",
        patient=None,
        organization=None,
        region=None,
        token_id="t1",
        issuer=ISSUER,
        actor=(),
        expires_at=clock.now() + timedelta(hours=1),
        display=None,
    )


@pytest.fixture
async def office(
    home: Home,
    database_url: str,
    signing_keys: Path,
    accounts: dict[str, str],
    box: KeyRingBox,
) -> AsyncIterator[World]:
    """OFFICER administers the office of Wajima with SECOND, CLINICIAN that of Suzu."""
    async with (
        phr_on(home, signing_keys) as phr,
        running(ISSUER, database_url, signing_keys, box, accounts, beside=phr) as made,
    ):
        async with made.engine.begin() as connection:
            for person, place in ((OFFICER, WAJIMA), (CLINICIAN, SUZU)):
                mine = update(ACCOUNT).where(ACCOUNT.c.id == accounts[person.username])
                await connection.execute(mine.values(organization=place, administers=True))
        yield made


async def sent(page: httpx2.Response, world: World, path: str, **form: str) -> httpx2.Response:
    """Send a form to the page of representatives, from a page that is open."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    data = {"csrf": unescape(csrf[1])} | form
    return await world.http.post(f"{world.issuer}/account/represented{path}", data=data)


async def recorded(world: World, by: Any = OFFICER, **changes: str) -> httpx2.Response:
    return await sent(await account_page(world, by), world, "", **FORM | changes)


async def confirmed(world: World, id_: str | None = None, by: Any = SECOND) -> httpx2.Response:
    """Let a second person confirm an entry, the newest unless said."""
    which = await newest(world) if id_ is None else id_
    return await sent(await account_page(world, by), world, "/confirm", grant=which)


async def newest(world: World) -> str:
    return str(max(await grants(world), key=lambda one: one["made_at"])["id"])


async def test_a_name_may_be_written_with_a_wide_space(office: World) -> None:
    assert (await recorded(office, name="輪島　真理", person="　輪島　そら ")).status_code == 303
    await account_page(office, SECOND)
    page = await office.http.get(f"{office.issuer}/account/represented")
    assert "輪島 真理" in page.text
    assert "<strong>輪島 そら</strong>" in page.text


async def code_from_papers(world: World, **changes: str) -> str:
    """Record and confirm; return the code."""
    assert (await recorded(world, **changes)).status_code == 303
    return code_on(await confirmed(world))


def code_on(page: httpx2.Response) -> str:
    shown = re.search(r'<p class="big long">([0-9 ]+)</p>', page.text)
    assert shown is not None, page.text
    return shown[1]


async def grants(world: World) -> list[Any]:
    async with world.engine.connect() as connection:
        return list((await connection.execute(select(PROXY))).mappings())


async def test_a_parent_acts_for_a_child_until_they_come_of_age(office: World) -> None:
    code = await code_from_papers(office, until="2033-08-19")
    assert await accepted(office, code)
    tokens = await tokens_for(office, "輪島 そら")
    principal = principal_of(claims(tokens["access_token"]))
    assert (principal.purpose, principal.display) == ("PWATRNY", "輪島 真理（親）")
    (grant,) = await grants(office)
    assert principal.patient == grant["patient"]
    scope = "launch/patient openid patient/*.cruds"
    asked = principal_of(
        claims((await tokens_for(office, "輪島 そら", scope=scope))["access_token"])
    )
    assert asked.scopes.allows("Consent", "c")
    assert not asked.scopes.contexts("AuditEvent", "r")
    await account_page(office, OFFICER)
    page = await office.http.get(f"{office.issuer}/account/represented")
    assert "輪島 そら" in page.text


@pytest.mark.parametrize("until", ["2033-08-20", "2034-01-01"])
async def test_not_a_day_beyond_the_eighteenth_birthday(office: World, until: str) -> None:
    page = await recorded(office, until=until)
    assert (page.status_code, "18歳の誕生日" in page.text) == (422, True)
    assert await grants(office) == []


async def test_a_guardian_for_a_year_at_most(office: World) -> None:
    guardian = {"relationship": "guardian", "papers": "court-register"}
    assert (await recorded(office, **guardian, until="2027-02-01")).status_code == 422
    assert (await recorded(office, **guardian, until="2026-12-31")).status_code == 303
    assert len(await grants(office)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": "2015-08-21"},
        {"branch": "01"},
        dict(zip(("insurer", "symbol", "number", "branch"), ELSEWHERE, strict=True)),
        {"number": "9999"},
    ],
)
async def test_whoever_is_not_this_offices_resident_reads_the_same(
    office: World, changes: dict[str, str]
) -> None:
    """Another birth date, another member, another municipality's resident, nobody at all."""
    page = await recorded(office, **changes)
    assert (page.status_code, "この市区町村の住民として見つかりません" in page.text) == (422, True)
    assert await grants(office) == []


async def test_the_other_office_does_it_for_its_own(office: World) -> None:
    own = dict(zip(("insurer", "symbol", "number", "branch"), ELSEWHERE, strict=True))
    assert (await recorded(office, CLINICIAN, **own)).status_code == 303
    page = await account_page(office, OFFICER)
    listed = await office.http.get(f"{office.issuer}/account/represented")
    assert "この組織が記録した代理" in listed.text
    assert "終わらせる" not in listed.text
    (grant,) = await grants(office)
    await sent(page, office, "/end", grant=grant["id"])
    assert (await grants(office))[0]["ended_at"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"relationship": "adult-child"},
        {"relationship": "carer"},
        {"papers": ""},
        {"papers": "123456789012"},
        {"insurer": "x"},
        {"number": "1:2"},
        {"birth_date": "soon"},
        {"name": ""},
    ],
)
async def test_what_is_not_in_order_is_not_recorded(office: World, changes: dict[str, str]) -> None:
    assert (await recorded(office, **changes)).status_code == 422
    assert await grants(office) == []


async def test_guessing_is_over_after_five(office: World) -> None:
    for _ in range(5):
        await recorded(office, number="9999")
    assert (await recorded(office)).status_code == 422


async def test_only_who_administers_a_municipality_records(office: World) -> None:
    async with office.engine.begin() as connection:
        nurse = update(ACCOUNT).where(ACCOUNT.c.id == office.accounts[NURSE.username])
        await connection.execute(nurse.values(organization=WAJIMA))
        other = update(ACCOUNT).where(ACCOUNT.c.id == office.accounts[CLINICIAN.username])
        await connection.execute(other.values(organization="urn:tasuki:institution|1719900011"))
    for person in (NURSE, CLINICIAN, RESIDENT):
        assert (await recorded(office, person)).status_code == 303
        assert "法定代理人" not in (await account_page(office, person)).text
    assert await grants(office) == []


async def test_the_office_ends_it_at_once(office: World) -> None:
    await accepted(office, await code_from_papers(office))
    token = (await tokens_for(office, "輪島 そら"))["access_token"]
    page = await account_page(office, OFFICER)
    (grant,) = await grants(office)
    await sent(page, office, "/end", grant=grant["id"])
    assert await is_withdrawn(office, token)


async def test_the_basis_is_shown_with_the_office(office: World) -> None:
    await accepted(office, await code_from_papers(office))
    page = await posted(office, "/accept", code="0")
    assert "窓口で書類を確かめた (輪島市)" in page.text


async def test_without_the_phr_nothing_is_recorded(
    database_url: str, signing_keys: Path, accounts: dict[str, str], box: KeyRingBox
) -> None:
    nothing = FastAPI()
    nothing.state.clock = FixedClock()
    async with running(ISSUER, database_url, signing_keys, box, accounts, beside=nothing) as world:
        async with world.engine.begin() as connection:
            mine = update(ACCOUNT).where(ACCOUNT.c.id == accounts[OFFICER.username])
            await connection.execute(mine.values(organization=WAJIMA, administers=True))
        page = await recorded(world)
        assert (page.status_code, "いま住民の記録を確かめられません" in page.text) == (422, True)
        assert await grants(world) == []


async def test_evidence_lies_sealed(office: World) -> None:
    await recorded(office)
    stored = []
    async with office.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            query = text(f'SELECT string_agg(t::text, chr(10)) FROM "{table.name}" t')
            stored.append(await connection.scalar(query) or "")
    everything = "\n".join(stored)
    (grant,) = await grants(office)
    told = json.loads(
        office.box.unseal(grant["evidence_sealed"], bound_to=f"auth/proxy/{grant['id']}/evidence")
    )
    assert told == {"papers": "family-register", "birth_date": "2015-08-20"}
    for secret in ("family-register", "2015-08-20", "輪島 真理", "輪島 そら", "1234:02"):
        assert secret not in everything
        assert secret.encode().hex() not in everything
