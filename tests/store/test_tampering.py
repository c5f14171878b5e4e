"""P3: who can write every table of the database is found out, and the first bad record named.

The forger here holds the database and not the keys; "careful" means that positions are made to run
without a gap and the unsigned tree is made to fit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.store.world import TENANT, World, seen

from tasuki.deploy.auditing import Findings, told, verified
from tasuki.shared.audit import Damage, Frontier
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

RECORDS = 12
PER_HEAD = 4
CLOSE_GAP = "UPDATE audit_leaf SET seq = seq - 1 WHERE seq > {0}"
OPEN_GAP = (
    "UPDATE audit_leaf SET seq = -seq WHERE seq >= {0}",
    "UPDATE audit_leaf SET seq = 1 - seq WHERE seq < 0",
)
COPY = (
    "INSERT INTO audit_leaf (tenant, seq, at, leaf, owner_tag, sealed, mark)"
    " SELECT tenant, {0}, at, leaf, owner_tag, sealed, {2} FROM audit_leaf WHERE seq = {1}"
)
SWAP = (
    "UPDATE audit_leaf SET seq = -1 WHERE seq = {0}",
    "UPDATE audit_leaf SET seq = {0} WHERE seq = {1}",
    "UPDATE audit_leaf SET seq = {1} WHERE seq = -1",
)

FORGERIES = [
    pytest.param(["DELETE FROM audit_leaf WHERE seq = 5"], Damage.DELETED, 5, id="deleted"),
    pytest.param(
        ["DELETE FROM audit_leaf WHERE seq = 5", CLOSE_GAP.format(5)],
        Damage.DELETED,
        5,
        id="deleted with care",
    ),
    pytest.param(
        [("UPDATE audit_leaf SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
         " WHERE seq = 6")],
        Damage.CHANGED,
        6,
        id="a body changed",
    ),
    pytest.param(
        ["UPDATE audit_leaf SET leaf = set_byte(leaf, 3, get_byte(leaf, 3) # 1) WHERE seq = 6"],
        Damage.CHANGED,
        6,
        id="a hash changed",
    ),
    pytest.param(
        [("UPDATE audit_leaf AS l SET leaf = o.leaf, sealed = o.sealed, mark = o.mark"
         " FROM audit_leaf AS o WHERE l.seq = 6 AND o.seq = 2")],
        Damage.INSERTED,
        6,
        id="another record in its place",
    ),
    pytest.param(
        [*(one.format(7) for one in OPEN_GAP), COPY.format(7, 2, "mark")],
        Damage.INSERTED,
        7,
        id="inserted with care",
    ),
    pytest.param(
        [*(one.format(7) for one in OPEN_GAP), COPY.format(7, 2, "'forged'::bytea")],
        Damage.INSERTED,
        7,
        id="inserted with a forged mark",
    ),
    pytest.param([one.format(2, 9) for one in SWAP], Damage.REORDERED, 2, id="reordered"),
    pytest.param([one.format(5, 6) for one in SWAP], Damage.REORDERED, 5, id="neighbours swapped"),
    pytest.param(
        ["DELETE FROM audit_leaf WHERE seq >= 10"], Damage.TRUNCATED, 10, id="truncated"
    ),
    pytest.param(
        ["DELETE FROM audit_leaf WHERE seq >= 8",
         "DELETE FROM audit_checkpoint WHERE size > 8",
         "UPDATE audit_leaf SET seq = seq"],
        Damage.TRUNCATED,
        8,
        id="truncated with its heads",
    ),
]  # fmt: skip


async def filled(world: World) -> str:
    """Write records with a signed head after every few; return the newest head."""
    for number in range(RECORDS):
        async with world.store.unit() as unit:
            await unit.record([seen(f"p{number}", request_id=f"r{number}")])
        if number % PER_HEAD == PER_HEAD - 1:
            world.clock.advance(SIGN_EVERY)
            await world.store.stamper.stamp()
    (newest,) = await world.rows("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
    return str(newest["note"])


async def found_in(world: World, kept: Sequence[str] = ()) -> Findings:
    ring = world.ring.tenant(TENANT)
    return await verified(world.store.databases, ring, TENANT, kept, world.clock)


async def test_an_untouched_log_is_whole(world: World) -> None:
    note = await filled(world)
    found = await found_in(world, [note])
    assert found.ok
    assert (found.verdict.size, found.verdict.sealed, found.witnessed) == (12, 12, 12)
    assert told(found) == "whole: 12 records, 12 of them sealed, 12 witnessed"


@pytest.mark.parametrize(("statements", "damage", "first"), FORGERIES)
async def test_the_first_bad_record_is_named(
    world: World, statements: list[str], damage: Damage, first: int
) -> None:
    note = await filled(world)
    for statement in statements:
        await world.rows(statement)
    found = await found_in(world, [note])
    verdict = found.verdict
    assert (verdict.damage, verdict.first, verdict.upto) == (damage, first, first + 1)
    assert not found.ok
    assert told(found).startswith(f"{damage.value}: first bad record {first}")


async def test_a_rollback_of_the_whole_database_is_seen_by_who_kept_a_head(world: World) -> None:
    note = await filled(world)
    tables = ("audit_leaf", "audit_checkpoint", "audit_tree", "audit_node")
    for table in tables:
        await world.rows(f"DELETE FROM {table} WHERE {past(table)}")
    await world.rows("UPDATE audit_tree SET size = 0")
    alone, found = await found_in(world), await found_in(world, [note])
    assert alone.ok, "by itself the shorter log is whole"
    assert (found.verdict.damage, found.verdict.first) == (Damage.TRUNCATED, 8)
    assert "rolled back" in told(found)


async def test_a_rollback_that_grew_again_is_seen_too(world: World) -> None:
    note = await filled(world)
    (tree,) = await world.rows("SELECT note FROM audit_checkpoint WHERE size = 8")
    assert tree
    world.clock.advance(timedelta(hours=1))
    # The honest service goes on from the earlier state: every number it gives is its own.
    await world.rows("DELETE FROM audit_leaf WHERE seq >= 8")
    await world.rows("DELETE FROM audit_checkpoint WHERE size > 8")
    await rewound(world, 8)
    for number in range(6):
        async with world.store.unit() as unit:
            await unit.record([seen(f"q{number}")])
    world.clock.advance(SIGN_EVERY)
    await world.store.stamper.stamp()
    alone, found = await found_in(world), await found_in(world, [note])
    assert alone.ok
    assert (found.verdict.damage, found.verdict.first) == (Damage.CHANGED, 8)
    assert "rewritten" in told(found)


async def test_the_tail_behind_the_last_head_is_held_by_its_marks(world: World) -> None:
    await filled(world)
    for number in range(3):
        async with world.store.unit() as unit:
            await unit.record([seen(f"t{number}")])
    await world.store.stamper.stamp()  # numbered; the next head is not due yet
    await world.rows("DELETE FROM audit_leaf WHERE seq = 13")
    await world.rows("UPDATE audit_leaf SET seq = 13 WHERE seq = 14")
    found = await found_in(world)
    assert (found.verdict.damage, found.verdict.first) == (Damage.DELETED, 13)


async def test_a_forged_head_is_told_and_stops_nothing(world: World) -> None:
    await filled(world)
    await world.rows("UPDATE audit_checkpoint SET note = replace(note, '4', '5') WHERE size = 4")
    found = await found_in(world)
    assert (found.ok, found.forged) == (False, 1)
    assert told(found) == "1 heads are kept that this log did not sign"


def past(table: str) -> str:
    """Return the condition of rows that a copy from before the last heads does not have."""
    return {"audit_leaf": "seq >= 8", "audit_checkpoint": "size > 8"}.get(table, "false")


async def rewound(world: World, size: int) -> None:
    """Set the tree back to what it was at a size, as a restored copy would have it."""

    frontier = Frontier()
    for row in await world.rows(f"SELECT leaf FROM audit_leaf WHERE seq < {size} ORDER BY seq"):
        frontier.append(row["leaf"])
    await world.rows(
        f"UPDATE audit_tree SET size = {size}, frontier = '\\x{frontier.to_bytes().hex()}'"
    )
