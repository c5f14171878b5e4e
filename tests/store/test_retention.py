"""Audit leaves are kept: nothing in the product can delete one, whatever else is swept or erased."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.store.world import TENANT, World, patient, seen

from tasuki.deploy.auditing import verified
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("consent", "deploy", "services", "shared")
FIVE_YEARS = timedelta(days=5 * 366)
# `audit_cosignature` is not among them: the newest of a witness says all that older ones say.
KEPT = ("LEAF", "TREE", "NODE", "CHECKPOINT")
DELETING = re.compile(
    r"(?:DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE)\s+audit_(?:leaf|tree|node|checkpoint)",
    re.IGNORECASE,
)


def deletions(source: str) -> Iterator[int]:
    """Yield the lines of a module that would delete from the log."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "delete":
            named = ast.unparse(node.args[0]) if node.args else ast.unparse(node.func)
            if any(re.search(rf"\b{table}\b", named) for table in KEPT):
                yield node.lineno
        if isinstance(node, ast.Constant) and DELETING.search(str(node.value)):
            yield node.lineno


def test_nothing_in_the_product_deletes_from_the_log() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts
        for line in deletions(path.read_text("utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("delete(LEAF).where(x)", 1),
        ("schema.LEAF.delete()", 1),
        ("text('DELETE FROM audit_leaf')", 1),
        ("text('truncate audit_checkpoint')", 1),
        ("delete(KEPT)", 0),
        ("delete(COSIGNATURE)", 0),
    ],
)
def test_the_rule_can_fail(source: str, found: int) -> None:
    assert len(list(deletions(source))) == found


@pytest.mark.anyio
async def test_sweeping_and_erasing_after_years_leave_the_log_whole(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
        await unit.record([seen("p1"), seen("p2")])
    world.clock.advance(SIGN_EVERY)
    await world.store.stamper.stamp_all()
    world.clock.advance(FIVE_YEARS)
    await world.store.forget_old()
    await world.store.vault.destroy("p1")
    async with world.store.unit() as unit:
        assert len(await unit.audit_events(["p1"], 10)) == 1
    ring = world.ring.tenant(TENANT)
    found = await verified(world.store.databases, ring, TENANT, (), world.clock)
    assert found.ok
    assert (found.verdict.size, found.verdict.sealed) == (2, 2)
