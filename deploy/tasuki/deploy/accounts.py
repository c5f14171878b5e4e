"""The demo's accounts: one for each role, with secrets made when the data folder was."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

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
from tasuki.auth.sealing import INSURER
from tasuki.deploy.clients import registrations
from tasuki.deploy.composing import box_for
from tasuki.shared.access.principal import Role
from tasuki.shared.engines import engine_for
from tasuki.shared.text import parse_member_id

if TYPE_CHECKING:
    from tasuki.deploy.composing import House
    from tasuki.deploy.sample.sample import DemoAccount, Person, Sample


async def register_clients(house: House) -> None:
    """Register every client, or bring its registration up to date."""
    engine = engine_for(house.postgres.url(house.database("auth")))
    async with engine.begin() as connection:
        for registration in registrations(house.at, house.folder):
            await register_client(connection, registration)
    await engine.dispose()


async def create_accounts(house: House, sample: Sample) -> list[dict[str, Any]]:
    """Create the accounts of people and return them as `demo.json` lists them."""
    engine = engine_for(house.postgres.url(house.database("auth")))
    made = []
    async with engine.begin() as connection:
        for account in sample.demo_accounts():
            if account.role == "hospital":
                continue
            spec = _spec(account)
            id_ = await create_account(
                connection, spec, box=box_for(house), clock=house.clock, ids=house.ids
            )
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
        await name_practitioner(connection, account, practitioner)
    await engine.dispose()


async def bind(house: House, account: str, patient: str, person: Person) -> None:
    """Bind a resident's account to their Patient, on the evidence a counter would check."""
    box = box_for(house)
    key = parse_member_id(person.member_id).same_person_key() or ""
    shown = Identity(box.mac(key.encode(), label=INSURER), person.birth_date)
    link = LinkEvidence(
        account=account,
        patient=patient,
        shown=shown,
        on_record=shown,
        code=OneTimeCode.CONFIRMED,
    )
    engine = engine_for(house.postgres.url(house.database("auth")))
    async with engine.begin() as connection:
        await bind_resident(connection, link, box=box, clock=house.clock, ids=house.ids)
    await engine.dispose()


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
