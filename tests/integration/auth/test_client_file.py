"""Clients from an operator's file: all of them or none, and no value is ever repeated.

https://www.rfc-editor.org/rfc/rfc7591#section-2
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine
from tests.integration.auth.world import EHR_A, KEYS, PHR
from typer.testing import CliRunner

from tasuki.auth.clients import find_client
from tasuki.auth.registration_file import read_registrations
from tasuki.auth.tables import CLIENT
from tasuki.deploy.cli import APP
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from tasuki.auth.clients import Client

PHONE: dict[str, Any] = {
    "client_id": "phone",
    "client_name": "お薬手帳",
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid launch/patient patient/*.rs",
    "audiences": [PHR],
    "redirect_uris": ["jp.example.phone:/back"],
    "role": "resident",
    "purpose": "PATRQT",
}
BACKEND: dict[str, Any] = {
    "client_id": "new-hospital",
    "client_name": "病院",
    "grant_types": ["client_credentials"],
    "scope": "system/*.cu",
    "audiences": [EHR_A],
    "role": "hospital",
    "purpose": "HOPERAT",
    "jwks_uri": "https://hospital.example.jp/keys",
}


def written(folder: Path, content: object) -> Path:
    path = folder / "clients.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1]",
        json.dumps([PHONE | {"client_secret": "himitsu"}]),
        json.dumps([PHONE | {"role": "himitsu"}]),
        json.dumps([{name: PHONE[name] for name in PHONE if name != "scope"}]),
        json.dumps([PHONE, PHONE]),
    ],
)
def test_a_file_that_says_something_else_is_refused_without_its_values(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(Fault) as fault:
        read_registrations(written(tmp_path, content))
    assert fault.value.category is Category.INVALID
    assert "himitsu" not in fault.value.message
    with pytest.raises(Fault):
        read_registrations(tmp_path / "nowhere.json")


def held(url: str, client_id: str) -> Client | None:
    def found(connection: Connection) -> Client | None:
        return find_client(connection, client_id)

    async def asked() -> Client | None:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            assert (await connection.execute(select(CLIENT.c.client_id))).all()
            client = await connection.run_sync(found)
        await engine.dispose()
        return client

    return asyncio.run(asked())


def register(url: str, keys: Path, path: Path) -> tuple[int, str]:
    ring = path.parent / "ring.json"
    if not ring.exists():
        FileKeyRing.create(ring, ["auth"])
    environment = {
        "TASUKI_AUTH_ISSUER": "http://127.0.0.1:8765/auth",
        "TASUKI_AUTH_DATABASE_URL": url,
        "TASUKI_AUTH_SIGNING_KEYS": str(keys),
        "TASUKI_AUTH_KEY_FILE": str(ring),
    }
    done = CliRunner().invoke(APP, ["clients", "register", str(path)], env=environment)
    return done.exit_code, done.output


def test_all_or_none_are_registered(
    accounts: dict[str, str], database_url: str, signing_keys: Path, tmp_path: Path
) -> None:
    del accounts  # what is needed is the database they are in
    unsafe = PHONE | {"client_id": "unsafe", "redirect_uris": ["javascript:alert(1)"]}
    code, said = register(database_url, signing_keys, written(tmp_path, [PHONE, unsafe]))
    assert code == 2
    assert "cannot be used" in said
    assert held(database_url, "phone") is None

    by_value = BACKEND | {"client_id": "by-value", "jwks_uri": None}
    by_value["jwks"] = {"keys": [KEYS["hospital"].as_dict(private=False)]}
    sound = written(tmp_path, [PHONE, BACKEND, by_value])
    assert register(database_url, signing_keys, sound) == (0, "3 clients registered\n")
    phone, backend = held(database_url, "phone"), held(database_url, "new-hospital")
    assert phone is not None
    assert backend is not None
    assert (phone.public, backend.public) == (True, False)
    assert backend.jwks_uri == BACKEND["jwks_uri"]


def test_no_database_is_said_plainly(signing_keys: Path, tmp_path: Path) -> None:
    url = "postgresql+asyncpg://somebody:himitsu@127.0.0.1:1/none"
    code, said = register(url, signing_keys, written(tmp_path, [PHONE]))
    assert code == 2
    assert "himitsu" not in said
    assert "Traceback" not in said
