"""The happy ways through: every role signs in, every kind of client gets its token.

https://hl7.org/fhir/smart-app-launch/STU2.2/
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    EHR_B,
    EHR_C,
    ISSUER,
    NURSE,
    OFFICER,
    PATIENT,
    PHR,
    REDIRECT,
    RESIDENT,
    SHELTER,
    UNBOUND,
    Person,
    World,
    credentials_of,
    redirect_query,
)

from tasuki.shared.access.client import TokenClient
from tasuki.shared.access.jwks import HttpJwks
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio


OPENID = "fhirUser offline_access openid "


async def verified(world: World, token: str, audience: str) -> Principal:
    jwks = HttpJwks(f"{ISSUER}/jwks", world.http, None, world.clock)
    return await AccessTokenVerifier(ISSUER, audience, jwks, world.clock).verify(token)


@pytest.mark.parametrize(
    ("person", "audience", "scopes"),
    [
        (
            RESIDENT,
            PHR,
            "fhirUser launch/patient offline_access openid patient/*.cruds",
        ),
        (UNBOUND, PHR, "fhirUser offline_access openid"),
        (
            CLINICIAN,
            EHR_A,
            OPENID + "tasuki/locate tasuki/match tasuki/profile user/*.cruds",
        ),
        (
            NURSE,
            SHELTER,
            OPENID + "tasuki/desk tasuki/locate tasuki/match tasuki/profile user/*.cruds",
        ),
        (OFFICER, SHELTER, OPENID + "tasuki/declare user/*.cruds"),
    ],
    ids=["resident", "unbound resident", "clinician", "nurse", "officer"],
)
async def test_every_role_signs_in_to_what_is_its_own(
    world: World, person: Person, audience: str, scopes: str
) -> None:
    answer = await world.tokens(person, aud=audience)
    principal = await verified(world, answer["access_token"], audience)

    assert answer["scope"] == scopes
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 300
    assert principal.subject == world.accounts[person.username]
    assert principal.role is person.role
    assert principal.client_id == "demo"
    assert principal.patient == (PATIENT if person is RESIDENT else None)
    assert answer.get("patient") == (PATIENT[8:] if person is RESIDENT else None)
    assert principal.region == (None if person.role is Role.RESIDENT else "a")
    assert principal.display == (
        None if person.role is Role.RESIDENT else f"見本 {person.role.value}"
    )
    assert principal.actor == ()


async def test_the_redirect_carries_state_and_issuer_and_keeps_the_query(world: World) -> None:
    response = await world.submit(await world.open_page(), RESIDENT)

    assert response.status_code == 303
    assert response.headers["location"].startswith(f"{REDIRECT}?code=")
    assert redirect_query(response)["state"] == "s" * 22
    assert redirect_query(response)["iss"] == ISSUER


async def test_the_id_token_names_the_person_the_client_and_the_nonce(world: World) -> None:
    answer = await world.tokens(RESIDENT, nonce="n-1")
    keys = KeySet.import_key_set((await world.http.get(f"{ISSUER}/jwks")).json())
    claims = jwt.decode(answer["id_token"], keys, algorithms=["ES256"]).claims

    assert claims["aud"] == "demo"
    assert claims["iss"] == ISSUER
    assert claims["nonce"] == "n-1"
    assert claims["sub"] == world.accounts[RESIDENT.username]
    assert claims["fhirUser"] == PATIENT


async def test_refresh_gives_a_new_pair_and_may_narrow_by_meaning(world: World) -> None:
    first = await world.tokens(RESIDENT)
    response = await world.ask(
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        client_id="demo",
        scope="patient/MedicationRequest.r",
    )
    assert response.status_code == 200, response.text
    second = response.json()
    assert second["scope"] == "patient/MedicationRequest.r"
    assert second["refresh_token"] != first["refresh_token"]

    third = await world.ask(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert third.status_code == 200, "SMART's JavaScript client sends no client_id here"
    assert third.json()["scope"] == first["scope"], "the refresh token keeps what was granted"


async def test_a_refresh_works_until_the_family_ends(world: World) -> None:
    answer = await world.tokens(NURSE, aud=SHELTER)
    world.clock.advance(timedelta(hours=12))
    late = await world.ask(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


async def test_a_confidential_app_proves_its_key(world: World) -> None:
    code = await world.code(CLINICIAN, client_id="viewer", aud=EHR_A)
    response = await world.ask_as(
        "viewer",
        grant_type="authorization_code",
        code=code,
        redirect_uri=REDIRECT,
        code_verifier=world.verifier,
    )
    assert response.status_code == 200, response.text
    assert (await verified(world, response.json()["access_token"], EHR_A)).client_id == "viewer"


async def test_a_desk_needs_no_purpose_from_its_nurse(world: World) -> None:
    page = await world.open_page(client_id="desk", aud=SHELTER)
    assert 'name="purpose"' not in page.response.text
    code = redirect_query(await world.submit(page, NURSE, purpose=None))["code"]
    answer = (await world.redeem(code, client_id="desk")).json()
    assert (await verified(world, answer["access_token"], SHELTER)).purpose == "DISASTER"


async def test_an_emergency_override_is_for_one_patient_with_a_reason_and_ends(
    world: World,
) -> None:
    page = await world.open_page(aud=EHR_A, patient="Patient/p9", purpose="BTG")
    assert 'name="reason"' in page.response.text
    response = await world.submit(page, CLINICIAN, reason="意識がなく、薬がわからない")
    answer = (await world.redeem(redirect_query(response)["code"])).json()
    principal = await verified(world, answer["access_token"], EHR_A)

    assert (principal.purpose, principal.patient) == ("BTG", "Patient/p9")
    assert "refresh_token" not in answer


async def test_a_hospital_and_a_service_get_tokens_of_their_own(world: World) -> None:
    for client_id, purpose in (("hospital", "HOPERAT"), ("hospital-rsa", "TREAT")):
        client = TokenClient(
            world.http, credentials_of(client_id), clock=world.clock, ids=RandomIds()
        )
        token = await client.client_credentials("system/*.cruds", EHR_A, purpose)
        principal = await verified(world, token, EHR_A)
        assert principal.role is Role.HOSPITAL
        assert principal.subject == principal.client_id == client_id
        assert principal.purpose == purpose
        if client_id == "hospital":
            assert str(principal.scopes) == "system/*.cu system/Patient.rs"
            assert (principal.region, principal.organization) == ("a", "Organization/h1")


async def test_a_service_token_is_kept_until_shortly_before_its_end(world: World) -> None:
    client = TokenClient(
        world.http, credentials_of("svc-ehr-a"), clock=world.clock, ids=RandomIds()
    )
    first = await client.client_credentials("tasuki/feed", EHR_B, "HOPERAT")
    world.clock.advance(timedelta(seconds=269))
    assert await client.client_credentials("tasuki/feed", EHR_B, "HOPERAT") == first
    world.clock.advance(timedelta(seconds=1))
    assert await client.client_credentials("tasuki/feed", EHR_B, "HOPERAT") != first


async def test_an_exchange_keeps_the_clinician_the_subject_through_two_services(
    world: World,
) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A, scope="user/*.rs")
    a, b = (
        TokenClient(world.http, credentials_of(name), clock=world.clock, ids=RandomIds())
        for name in ("svc-ehr-a", "svc-ehr-b")
    )
    to_b = await a.exchange(answer["access_token"], EHR_B, "user/Patient.rs")
    to_c = await b.exchange(to_b, EHR_C, "user/Patient.r")
    principal = await verified(world, to_c, EHR_C)

    assert principal.subject == world.accounts[CLINICIAN.username]
    assert principal.role is Role.CLINICIAN
    assert principal.purpose == "TREAT"
    assert principal.actor == ("svc-ehr-b", "svc-ehr-a")
    assert str(principal.scopes) == "user/Patient.r"
    assert principal.expires_at == world.clock.now() + timedelta(seconds=60)


async def test_introspection_tells_a_token_s_own_service(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    response = await world.ask_as("svc-ehr-a", "introspect", token=answer["access_token"])
    told = response.json()
    assert told["active"] is True
    assert told["sub"] == world.accounts[CLINICIAN.username]
    assert (told["role"], told["purpose"], told["aud"]) == ("clinician", "TREAT", [EHR_A])


async def test_revoking_a_refresh_token_ends_the_sign_in(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    gone = await world.ask("revoke", token=answer["refresh_token"], client_id="demo")
    assert gone.status_code == 200
    assert not await world.is_active(answer["access_token"])
    late = await world.ask(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert late.json()["error"] == "invalid_grant"


async def test_revoking_an_access_token_ends_that_token_only(world: World) -> None:
    answer = await world.tokens(CLINICIAN, aud=EHR_A)
    await world.ask("revoke", token=answer["access_token"], client_id="demo")
    assert not await world.is_active(answer["access_token"])
    again = await world.ask(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.status_code == 200
    assert await world.is_active(again.json()["access_token"])


async def test_userinfo_names_the_caller(world: World) -> None:
    answer = await world.tokens(RESIDENT)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    response = await world.http.get(f"{ISSUER}/userinfo", headers=bearer)
    assert response.json() == {"sub": world.accounts[RESIDENT.username], "fhirUser": PATIENT}
    assert (await world.http.get(f"{ISSUER}/userinfo")).status_code == 401


@pytest.mark.parametrize("document", ["openid-configuration", "oauth-authorization-server"])
async def test_discovery_says_what_is_true(world: World, document: str) -> None:
    response: httpx2.Response = await world.http.get(f"{ISSUER}/.well-known/{document}")
    told = response.json()
    assert told["issuer"] == ISSUER
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt", "none"]
    assert response.headers["access-control-allow-origin"] == "*"
    for name in ("authorization", "token", "introspection", "revocation", "userinfo"):
        url = told[f"{name}_endpoint"]
        assert url.startswith(f"{ISSUER}/")
        assert (await world.http.request("TRACE", url)).status_code == 405, "the route exists"


async def test_health_and_readiness(world: World) -> None:
    assert (await world.http.get(f"{ISSUER}/healthz")).status_code == 200
    assert (await world.http.get(f"{ISSUER}/readyz")).status_code == 200
