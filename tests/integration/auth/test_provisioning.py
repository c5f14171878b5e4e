"""Registrations, accounts and links that are refused, and those that hold."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import date
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey
from tests.integration.auth.world import (
    CLIENTS,
    KEYS,
    NURSE,
    PATIENT,
    RESIDENT,
    SHELTER,
    UNBOUND,
    Person,
    World,
    evidence,
)

from tasuki.auth.provisioning import (
    AccountSpec,
    Identity,
    OneTimeCode,
    bind_resident,
    create_account,
    name_practitioner,
    register_client,
    unbind_resident,
)
from tasuki.shared.access.principal import Role
from tasuki.shared.faults import Category, Fault

pytestmark = pytest.mark.anyio

DEMO, BACKEND = CLIENTS[0], CLIENTS[4]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_id": "a\0"},
        {"scopes": "nonsense"},
        {"grant_types": ()},
        {"grant_types": ("password",)},
        {"grant_types": ("authorization_code", "client_credentials")},
        {"redirect_uris": ()},
        {"redirect_uris": ("http://example.jp/back",)},
        {"redirect_uris": ("javascript:alert(1)",)},
        {"redirect_uris": ("/back",)},
        {"redirect_uris": ("https:///back",)},
        {"redirect_uris": ("https://example.jp/back#fragment",)},
        {"purpose": "SALES"},
        {"purpose": "TREAT", "role": Role.RESIDENT},
        {"role": Role.HOSPITAL},
        {"public": False},
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_an_unsafe_app_is_not_registered(world: World, changes: dict[str, Any]) -> None:
    async with world.engine.begin() as connection:
        with pytest.raises(Fault) as fault:
            await register_client(connection, world.means, dataclasses.replace(DEMO, **changes))
    assert fault.value.category is Category.INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks": {"keys": []}},
        {"jwks": {}},
        {"jwks": {"keys": [KEYS["hospital"].as_dict(private=True)]}},
        {"jwks": {"keys": [OctKey.generate_key(256).as_dict(private=True)]}},
        {"jwks": {"keys": [ECKey.generate_key("P-521").as_dict(private=False)]}},
        {"jwks": None},
        {"public": True},
        {"role": None},
        {"role": Role.CLINICIAN},
        {"purpose": "BTG"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_an_unsafe_backend_is_not_registered(world: World, changes: dict[str, Any]) -> None:
    async with world.engine.begin() as connection:
        with pytest.raises(Fault) as fault:
            await register_client(connection, world.means, dataclasses.replace(BACKEND, **changes))
    assert fault.value.category is Category.INVALID


async def test_registering_again_replaces(world: World) -> None:
    fewer = dataclasses.replace(DEMO, scopes="openid")
    async with world.engine.begin() as connection:
        await register_client(connection, world.means, fewer)
    assert (await world.tokens())["scope"] == "openid"


@pytest.mark.parametrize(
    ("changes", "category"),
    [
        ({"username": " \uff2e\uff35\uff32\uff33\uff25.tanaka"}, Category.CONFLICT),
        ({"username": "  "}, Category.INVALID),
        ({"password": ""}, Category.INVALID),
        ({"password": "x" * 257}, Category.INVALID),
        ({"role": Role.SERVICE}, Category.INVALID),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_an_account_that_cannot_be(
    world: World, changes: dict[str, Any], category: Category
) -> None:
    spec = AccountSpec("new", "password", "A" * 32, Role.NURSE)
    async with world.engine.begin() as connection:
        with pytest.raises(Fault) as fault:
            await create_account(connection, world.means, dataclasses.replace(spec, **changes))
    assert fault.value.category is category


def identity(insurer: bytes = b"insurer", born: date = date(1948, 3, 9)) -> Identity:
    return Identity(hashlib.sha256(insurer).digest(), born)


@pytest.mark.parametrize(
    ("who", "changes", "category"),
    [
        (UNBOUND, {"code": OneTimeCode.WRONG}, Category.FORBIDDEN),
        (UNBOUND, {"code": OneTimeCode.EXPIRED}, Category.FORBIDDEN),
        (UNBOUND, {"code": OneTimeCode.NOT_ASKED}, Category.FORBIDDEN),
        (UNBOUND, {"shown": identity(b"another")}, Category.FORBIDDEN),
        (UNBOUND, {"shown": identity(born=date(1948, 9, 3))}, Category.FORBIDDEN),
        (
            UNBOUND,
            {
                "shown": Identity(b"", date(1948, 3, 9)),
                "on_record": Identity(b"", date(1948, 3, 9)),
            },
            Category.FORBIDDEN,
        ),
        (UNBOUND, {}, Category.CONFLICT),  # the person is bound to another account
        (RESIDENT, {"patient": "Patient/other"}, Category.CONFLICT),
        (NURSE, {"patient": "Patient/other"}, Category.NOT_FOUND),
        (UNBOUND, {"account": "nobody"}, Category.NOT_FOUND),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_link_that_does_not_hold_is_not_made(
    world: World, who: Any, changes: dict[str, Any], category: Category
) -> None:
    link = evidence(world.accounts[who.username], **changes)
    async with world.engine.begin() as connection:
        with pytest.raises(Fault) as fault:
            await bind_resident(connection, world.means, link)
    assert fault.value.category is category
    if who is UNBOUND:
        assert "patient" not in await world.tokens(UNBOUND)


async def test_a_person_can_move_to_another_account_once_the_first_is_unbound(
    world: World,
) -> None:
    async with world.engine.begin() as connection:
        await unbind_resident(connection, world.means, world.accounts[RESIDENT.username])
        link = evidence(world.accounts[UNBOUND.username])
        await bind_resident(connection, world.means, link)
    assert (await world.tokens(UNBOUND))["patient"] == PATIENT.removeprefix("Patient/")
    assert "patient" not in await world.tokens(RESIDENT)


async def test_a_member_of_staff_is_the_practitioner_that_was_named(world: World) -> None:
    account = world.accounts[NURSE.username]
    async with world.engine.begin() as connection:
        await name_practitioner(connection, world.means, account, "Practitioner/n-2")
    answer = await world.tokens(NURSE, aud=SHELTER, scope="openid fhirUser tasuki/desk")
    assert _claims(answer["id_token"])["fhirUser"] == "Practitioner/n-2"


@pytest.mark.parametrize(
    ("who", "practitioner", "category"),
    [
        (NURSE, "Patient/1", Category.INVALID),
        (NURSE, "1", Category.INVALID),
        (NURSE, "https://elsewhere.example/Practitioner/1", Category.INVALID),
        (RESIDENT, "Practitioner/1", Category.NOT_FOUND),
        (None, "Practitioner/1", Category.NOT_FOUND),
    ],
)
async def test_a_practitioner_that_cannot_be_named(
    world: World, who: Person | None, practitioner: str, category: Category
) -> None:
    account = "nobody" if who is None else world.accounts[who.username]
    async with world.engine.begin() as connection:
        with pytest.raises(Fault) as fault:
            await name_practitioner(connection, world.means, account, practitioner)
    assert fault.value.category is category


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return claims
