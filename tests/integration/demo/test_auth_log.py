"""`tasuki audit verify` reads auth's log with the others, and regions witness its heads."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from tests.conftest import Demo

BAD = 3  # the record that is taken away for a moment


async def ask(demo: Demo, *statements: str) -> None:
    """Run statements in auth's database, as who holds it."""
    pid = (demo.folder / "postgres" / "postmaster.pid").read_text().splitlines()
    connection = await asyncpg.connect(user="postgres", database="tasuki_auth", host=pid[4].strip())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def told(demo: Demo) -> tuple[int, str]:
    """Return the exit code, and what is said of auth."""
    done = demo.command("audit", "verify")
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("auth ")]
    return done.returncode, line


def test_it_is_whole_and_witnessed(demo: Demo) -> None:
    demo.token("resident")
    until = time.monotonic() + 60
    code, line = told(demo)
    while "witnessed" not in line and time.monotonic() < until:
        time.sleep(1)
        code, line = told(demo)
    assert code == 0
    assert re.search(r"whole: \d+ records, \d+ of them sealed, \d+ witnessed", line)


def test_a_record_that_is_gone_is_named(demo: Demo) -> None:
    demo.token("clinician")
    taken = f"SELECT * FROM audit_leaf WHERE seq = {BAD}"
    asyncio.run(
        ask(demo, f"CREATE TABLE taken AS {taken}", f"DELETE FROM audit_leaf WHERE seq = {BAD}")
    )
    try:
        assert told(demo) == (1, f"auth       deleted: first bad record {BAD}")
    finally:
        asyncio.run(ask(demo, "INSERT INTO audit_leaf SELECT * FROM taken", "DROP TABLE taken"))
    assert told(demo)[0] == 0
