"""P3: no disclosure without a durable leaf; the log is a tree whose signed heads verify."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from asyncpg import PostgresError
from tests.store.gate import TableDecider, caller, gate_of
from tests.store.world import TENANT, World, body, new, patient, seen

from tasuki.shared.access.cursors import Asked
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import Refused
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.audit import Action, Damage, StoredLeaf, verify_checkpoint, verify_log
from tasuki.shared.audit.checkpoint import BadCheckpoint
from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.store import leaves
from tasuki.shared.store.logkeys import checkpoint_key, log_origin
from tasuki.shared.store.stamper import SIGN_EVERY
from tasuki.shared.store.vault import AUDIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.audit.checkpoint import Checkpoint
    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.schema import AnyRow

pytestmark = pytest.mark.anyio


async def _log(world: World) -> tuple[list[StoredLeaf], list[Checkpoint]]:
    """Return the stored log and its heads, their signatures checked."""
    key = (await world.store.vault.opened([NOBODY], AUDIT))[NOBODY]
    rows = await world.rows("SELECT seq, leaf, sealed FROM audit_leaf ORDER BY seq")
    stored = []
    for row in rows:
        opened = leaves.opened(row["sealed"], row["leaf"], key=key, tenant=TENANT)
        stored.append(StoredLeaf(row["seq"], row["leaf"], opened.salt, opened.event))
    public = checkpoint_key(world.ring.tenant(TENANT), TENANT).public_key()
    notes = await world.rows("SELECT note FROM audit_checkpoint ORDER BY size")
    heads = [verify_checkpoint(row["note"], public, origin=log_origin(TENANT)) for row in notes]
    return stored, heads


async def _events(world: World, owner: str) -> list[dict[str, Any]]:
    async with world.store.unit() as unit:
        return [json.loads(event) for event in await unit.audit_events([owner], 100)]


async def test_the_log_verifies_against_its_signed_heads(world: World) -> None:
    for batch in range(4):
        async with world.store.unit() as unit:
            await unit.record([seen(f"p{batch}"), seen("p9"), seen(patient=None)])
            await unit.record([])
        world.clock.advance(SIGN_EVERY)
        await world.store.stamper.stamp()
    stored, heads = await _log(world)
    assert [leaf.seq for leaf in stored] == list(range(12))
    assert [head.size for head in heads] == [3, 6, 9, 12]
    verdict = verify_log(stored, heads)
    assert verdict.ok
    assert (verdict.size, verdict.sealed) == (12, 12)


async def test_heads_are_signed_once_a_second_and_when_the_service_ends(world: World) -> None:
    async with world.store.running():
        for number in range(6):
            async with world.store.unit() as unit:
                await unit.record([seen(f"p{number}")])
                await unit.write([patient(f"p{number}")])
            await world.store.wait_for_change(number, 20)
            if number == 3:
                world.clock.advance(SIGN_EVERY)
    stored, heads = await _log(world)
    assert [head.size for head in heads][-1] == 6
    assert len(heads) in {3, 4}  # the first, the one a second later, the last (and an early one)
    assert verify_log(stored, heads).sealed == 6


async def test_a_head_is_signed_when_its_second_has_passed(world: World) -> None:
    for _ in range(2):
        async with world.store.unit() as unit:
            await unit.record([seen("p1")])
        await world.store.stamper.stamp()
    _, heads = await _log(world)
    assert [head.size for head in heads] == [1]
    world.clock.advance(SIGN_EVERY)
    await world.store.stamper.stamp()
    await world.store.stamper.stamp()
    _, heads = await _log(world)
    assert [head.size for head in heads] == [1, 2]


async def test_a_head_counts_its_second_from_when_leaves_were_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leaf left while a head was being signed is under the next, and needs no further second."""
    stamper = world.store.stamper
    numbered = stamper._stamp_leaves

    async def slowly(line: Line, waiting: Sequence[AnyRow]) -> int:
        found = await numbered(line, waiting)
        monkeypatch.setattr(stamper, "_stamp_leaves", numbered)
        async with world.store.unit() as unit:
            await unit.record([seen("p2")])
        world.clock.advance(SIGN_EVERY)
        return found

    for slow in (False, True):
        async with world.store.unit() as unit:
            await unit.record([seen("p1")])
        if slow:
            monkeypatch.setattr(stamper, "_stamp_leaves", slowly)
        await stamper.stamp()
    await stamper.stamp()
    _, heads = await _log(world)
    assert [head.size for head in heads] == [1, 3]


async def test_a_leaf_taken_out_of_the_database_shows(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.record([seen(f"p{number}") for number in range(5)])
    await world.store.stamper.stamp()
    await world.rows("DELETE FROM audit_leaf WHERE seq = 2")
    stored, heads = await _log(world)
    verdict = verify_log(stored, heads)
    assert (verdict.damage, verdict.first) == (Damage.DELETED, 2)


async def test_a_leaf_exchanged_in_the_database_does_not_open(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.record([seen("p1"), seen("p2")])
    await world.store.stamper.stamp()
    await world.rows(
        "UPDATE audit_leaf SET sealed = (SELECT sealed FROM audit_leaf WHERE seq = 0) WHERE seq = 1"
    )
    with pytest.raises(CannotOpen):
        await _log(world)


async def test_another_tenant_s_key_did_not_sign(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.record([seen("p1")])
    await world.store.stamper.stamp()
    (row,) = await world.rows("SELECT note FROM audit_checkpoint")
    public = checkpoint_key(world.ring.tenant("kaga"), "kaga").public_key()
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(row["note"], public, origin=log_origin(TENANT))


async def test_a_person_s_events_are_found_newest_first(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.record([seen("p1", request_id="a"), seen("p2"), seen("p1", request_id="b")])
    async with world.store.unit() as unit:
        newest = await unit.audit_events(["p1"], 1)
    assert len(newest) == 1
    events = await _events(world, "p1")
    assert json.loads(newest[0]) == events[0]
    assert len(events) == 2
    assert b"p1" not in (await world.rows("SELECT owner_tag FROM audit_leaf"))[0]["owner_tag"]


async def test_every_interaction_leaves_its_leaf(world: World) -> None:
    gate = gate_of(world)
    resource = json.loads(body("Patient", "x"))
    async with gate.enter(caller()) as records:
        made = await records.create(resource)
        await records.read("Patient", made.id)
        await records.vread("Patient", made.id, 1)
        await records.history(Asked("Patient", made.id, None, None, 10), ["Patient"])
        await records.update(made.id, resource, if_match=1)
        query = parse_query("Patient", [("_id", made.id)], strict=True, base="https://x.example")
        assert len(await records.search(query)) == 1
        await records.compartment(made.id, ["Patient"], Action.EXPORT)
        await records.delete("Patient", made.id)
    events = await _events(world, made.id)
    actions = [event["subtype"][0]["code"] for event in reversed(events)]
    assert actions == [
        "create",
        "read",
        "vread",
        "history",
        "update",
        "search",
        "disclose",
        "delete",
    ]


async def test_a_refusal_leaves_a_leaf_and_nothing_else(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    gate = gate_of(world, TableDecider({"p1": Ruling.refuse("Consent/c1")}))

    async def refused() -> None:
        async with gate.enter(caller(Role.CLINICIAN)) as records:
            await records.create({"resourceType": "Organization"})
            await records.read("Patient", "p1")

    with pytest.raises(Refused):
        await refused()
    assert await world.count("resource_head") == 1
    (event,) = await _events(world, "p1")
    assert event["outcome"] == "8"
    assert "Consent/c1" in json.dumps(event)


@pytest.mark.parametrize("damage", ["ALTER TABLE audit_leaf RENAME TO gone", "REVOKE"])
async def test_without_the_log_nothing_is_read(world: World, damage: str) -> None:
    """P3: cut the audit path and reads stop."""
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), new("Observation", "o1", "p1")])
    gate = gate_of(world)
    if damage == "REVOKE":
        await world.rows(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$BEGIN RAISE 'no'; END$$ LANGUAGE plpgsql"
        )
        await world.rows(
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_leaf EXECUTE FUNCTION refuse()"
        )
    else:
        await world.rows(damage)
    told: list[object] = []

    async def read() -> None:
        async with gate.enter(caller()) as records:
            found = await records.read("Patient", "p1")
        told.append(found)

    async def search() -> None:
        async with gate.enter(caller()) as records:
            query = parse_query("Patient", [("_id", "p1")], strict=True, base="https://x.example")
            found = await records.search(query)
        told.append(found)

    async def everything() -> None:
        async with gate.enter(caller()) as records:
            found = await records.compartment("p1", ["Observation"], Action.READ)
        told.append(found)

    async def create() -> None:
        async with gate.enter(caller()) as records:
            found = await records.create({"resourceType": "Patient"})
        told.append(found)

    for attempt in (read, search, everything, create):
        with pytest.raises(PostgresError):
            await attempt()
    assert told == []
    assert await world.count("resource_head") == 2


async def test_a_basis_with_white_space_is_a_defect_not_a_silent_pass(world: World) -> None:
    with pytest.raises(ValueError, match="basis"):
        replace(seen(), basis="two words")
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    gate = gate_of(world, TableDecider({"p1": Ruling.permit("two words")}))
    with pytest.raises(ValueError, match="basis"):
        async with gate.enter(caller()) as records:
            await records.read("Patient", "p1")
