"""An operator opens an institution's first account, and sees no password of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from tasuki.auth.sealing import KeyRingBox
from tasuki.auth.staff import find_invited
from tasuki.auth.tables import ACCOUNT
from tasuki.deploy.cli import APP
from tasuki.shared.clock import SystemClock
from tasuki.shared.crypto.keyring import FileKeyRing

if TYPE_CHECKING:
    from sqlalchemy import Connection

WORDS = ("--name", "病院の担当", "--organization", "Organization/9", "--role", "clinician")


@pytest.fixture
def settings(database_url: str, signing_keys: Path, tmp_path: Path) -> dict[str, str]:
    FileKeyRing.create(tmp_path / "ring.json", ["auth"])
    return {
        "TASUKI_AUTH_ISSUER": "http://127.0.0.1:8765/auth",
        "TASUKI_AUTH_DATABASE_URL": database_url,
        "TASUKI_AUTH_SIGNING_KEYS": str(signing_keys),
        "TASUKI_AUTH_KEY_FILE": str(tmp_path / "ring.json"),
    }


def tasuki(settings: dict[str, str], *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(APP, ["accounts", "invite", *words], env=settings)
    return done.exit_code, done.output.strip()


def held(url: str, ring: str, invitation: str) -> tuple[str, str, bool]:
    box = KeyRingBox(FileKeyRing(Path(ring)).tenant("auth"))

    def found(connection: Connection) -> tuple[str, str, bool]:
        invited = find_invited(connection, box, invitation, now=SystemClock().now())
        assert invited is not None
        query = select(ACCOUNT.c.role, ACCOUNT.c.administers).where(ACCOUNT.c.id == invited.id)
        row = connection.execute(query).one()
        return invited.username, row.role, row.administers

    async def asked() -> tuple[str, str, bool]:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            result = await connection.run_sync(found)
        await engine.dispose()
        return result

    return asyncio.run(asked())


def test_what_cannot_be_opened_is_refused_plainly(
    accounts: dict[str, str], settings: dict[str, str]
) -> None:
    del accounts  # what is needed is the database they are in
    code, said = tasuki(settings, "boss", *WORDS[:4], "--role", "resident")
    assert (code, "clinician, nurse, officer" in said) == (2, True)
    assert tasuki(settings, " ", *WORDS)[0] == 2
    assert tasuki(settings, "boss", "--name", "x" * 101, *WORDS[2:])[0] == 2
    assert tasuki(settings, "boss", *WORDS[:2], "--organization", "", *WORDS[4:])[0] == 2
    gone = settings | {"TASUKI_AUTH_DATABASE_URL": "postgresql+asyncpg://a:himitsu@127.0.0.1:1/x"}
    code, said = tasuki(gone, "boss", *WORDS)
    assert code == 2
    assert "himitsu" not in said


def test_an_invitation_is_printed_once_and_works(
    accounts: dict[str, str], settings: dict[str, str]
) -> None:
    del accounts
    code, invitation = tasuki(settings, "boss.command", *WORDS, "--administers")
    assert code == 0
    url, ring = settings["TASUKI_AUTH_DATABASE_URL"], settings["TASUKI_AUTH_KEY_FILE"]
    assert held(url, ring, invitation) == ("boss.command", "clinician", True)
    assert tasuki(settings, "BOSS.command", *WORDS)[0] == 2, "taken"
