"""The demo's accounts: one for each role, with secrets made when the data folder was."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tasuki.auth.accounts import find_account
from tasuki.auth.one_time_codes import new_secret
from tasuki.auth.provisioning import (
    AccountSpec,
    Identity,
    LinkEvidence,
    OneTimeCode,
    bind_resident,
    create_account,
    name_practitioner,
    register_client,
)
from tasuki.auth.proxies.book import Given, accept, offer
from tasuki.auth.proxies.grant import LONGEST, Basis, Relationship, Terms
from tasuki.auth.sealing import INSURER
from tasuki.consent.vocabulary import DataClass
from tasuki.deploy.clients import registrations
from tasuki.deploy.composing import auth_means
from tasuki.shared.access.principal import Role
from tasuki.shared.engines import engine_for
from tasuki.shared.text import parse_member_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.means import Means
    from tasuki.deploy.composing import House
    from tasuki.deploy.sample.sample import DemoAccount, Person, Sample


async def register_clients(house: House) -> None:
    """Register every client, or bring its registration up to date."""
    engine, means = engine_for(house.postgres.url(house.database("auth"))), auth_means(house)
    async with engine.begin() as connection:
        for registration in registrations(house.at, house.folder):
            await register_client(connection, means, registration)
    await engine.dispose()


async def create_accounts(house: House, sample: Sample) -> list[dict[str, Any]]:
    """Create the accounts of people and return them as `demo.json` lists them."""
    engine, means = engine_for(house.postgres.url(house.database("auth"))), auth_means(house)
    made = []
    async with engine.begin() as connection:
        for account in sample.demo_accounts():
            if account.role == "hospital":
                continue
            spec = _spec(account)
            id_ = await create_account(connection, means, spec)
            made.append(
                {
                    "role": account.role,
                    "username": spec.username,
                    "password": spec.password,
                    "totp_secret": spec.totp_secret,
                    "name": account.name,
                    "id": id_,
                    "person": account.person,
                }
            )
    await engine.dispose()
    return made


async def name(house: House, account: str, practitioner: str) -> None:
    """Say which Practitioner of their hospital's records a member of staff is."""
    engine = engine_for(house.postgres.url(house.database("auth")))
    async with engine.begin() as connection:
        await name_practitioner(connection, auth_means(house), account, practitioner)
    await engine.dispose()


async def bind(house: House, account: str, patient: str, person: Person) -> None:
    """Bind a resident's account to their Patient, on the evidence a counter would check."""
    means = auth_means(house)
    key = parse_member_id(person.member_id).same_person_key() or ""
    shown = Identity(means.box.mac(key.encode(), label=INSURER), person.birth_date)
    link = LinkEvidence(
        account=account,
        patient=patient,
        shown=shown,
        on_record=shown,
        code=OneTimeCode.CONFIRMED,
    )
    engine = engine_for(house.postgres.url(house.database("auth")))
    async with engine.begin() as connection:
        await bind_resident(connection, means, link)
    await engine.dispose()


async def create_proxy(house: House, giver: str) -> dict[str, Any]:
    """Create the account of the resident's son, who acts for her, and return it as `demo.json` does.

    Args:
        house: The demo.
        giver: Id of the resident's account, bound to her record.
    """
    means = auth_means(house)
    spec = AccountSpec(
        username="kenichi",
        password=f"proxy-{secrets.token_hex(5)}",
        totp_secret=new_secret(),
        role=Role.RESIDENT,
    )
    engine = engine_for(house.postgres.url(house.database("auth")))
    async with engine.begin() as connection:
        id_ = await create_account(connection, means, spec)
        await connection.run_sync(_act_for, means, giver, id_)
    await engine.dispose()
    return {
        "username": spec.username,
        "password": spec.password,
        "totp_secret": spec.totp_secret,
        "name": "能登 健一",
        "id": id_,
    }


def _act_for(connection: Connection, means: Means, giver: str, proxy: str) -> None:
    mother = find_account(connection, means.box, giver)
    son = find_account(connection, means.box, proxy)
    if mother is None or mother.patient is None or son is None:
        raise RuntimeError("the demo's accounts are not there")
    terms = Terms(
        relationship=Relationship.ADULT_CHILD,
        name="健一",
        person="母 花子",
        classes=frozenset(DataClass),
        writes=True,
        wishes=False,
        ends_at=means.clock.now() + LONGEST,
    )
    code = offer(connection, means, Given(mother.patient, giver, Basis.PERSON), terms)
    if code is None or not accept(connection, means, son, code):
        raise RuntimeError("nobody acts for the demo's resident")


def _spec(account: DemoAccount) -> AccountSpec:
    organization = None
    if account.institution is not None:
        organization = f"urn:tasuki:institution|{account.institution}"
    elif account.municipality is not None:
        organization = f"urn:tasuki:municipality|{account.municipality}"
    return AccountSpec(
        username=account.username,
        password=f"{account.role}-{secrets.token_hex(5)}",
        totp_secret=new_secret(),
        role=Role(account.role),
        practitioner=None,
        organization=organization,
        region=account.region,
        display=None if account.role == "resident" else account.name,
        administers=account.role in ("clinician", "officer"),
    )
