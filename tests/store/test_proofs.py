"""Proofs from stored rows verify; heads are witnessed, and a fork never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.world import OTHER_TENANT, TENANT, World, patient, seen

from tasuki.shared.access.ledger import Forked
from tasuki.shared.audit import (
    BadCheckpoint,
    Frontier,
    sign_checkpoint,
    verify_checkpoint,
    verify_consistency,
    verify_cosignature,
    verify_inclusion,
)
from tasuki.shared.audit.leaf import LeafBody
from tasuki.shared.audit.notes import Extended
from tasuki.shared.store.logkeys import checkpoint_key, log_origin, witness_name
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from tasuki.shared.store.store import SealedStore

pytestmark = pytest.mark.anyio


async def grow(world: World, count: int) -> None:
    """Record so many events of one person, number them and sign the head."""
    async with world.store.unit() as unit:
        await unit.record([seen("p1", request_id=f"r{number}") for number in range(count)])
    world.clock.advance(SIGN_EVERY)
    await world.store.stamper.stamp_all()


async def newest(world: World, old: int = 0) -> Extended:
    found = await world.store.ledger.checkpoint(old)
    assert found is not None
    return found


async def witness_of(world: World) -> SealedStore:
    store = world.another_process(OTHER_TENANT)
    await store.stamper.prepare()
    return store


async def test_before_the_first_head_there_is_none(world: World) -> None:
    assert await world.store.ledger.checkpoint(0) is None


async def test_every_event_is_proven_against_the_signed_head(world: World) -> None:
    for count in (3, 700, 1, 66_000 // 64):  # past two groups of 256
        await grow(world, count)
    note = (await newest(world)).note
    public = world.store.ledger.keys[0].public
    head = verify_checkpoint(note, public, origin=log_origin(TENANT))
    async with world.store.unit() as unit:
        evidence = await unit.audit_proven(["p1"], 2_000)
    assert len(evidence.events) == head.size == 1735
    assert evidence.notes == (note,)
    for one in evidence.events:
        assert LeafBody(one.salt, one.event).commitment == one.leaf
        assert one.index is not None
        assert one.size == head.size
        assert verify_inclusion(one.leaf, one.index, head.size, one.path, head.root)


async def test_an_event_of_this_moment_has_no_head_yet(world: World) -> None:
    await grow(world, 2)
    async with world.store.unit() as unit:
        await unit.record([seen("p1")])
    async with world.store.unit() as unit:
        newest_, *_ = (await unit.audit_proven(["p1"], 5)).events
    assert (newest_.index, newest_.size, newest_.path) == (None, None, ())


async def test_every_head_extends_every_earlier_one(world: World) -> None:
    public = world.store.ledger.keys[0].public
    heads = []
    for count in (1, 2, 300, 513, 200):
        await grow(world, count)
        note = (await newest(world)).note
        heads.append(verify_checkpoint(note, public, origin=log_origin(TENANT)))
    last = heads[-1]
    for head in heads:
        proof = (await newest(world, head.size)).proof
        assert verify_consistency(head.size, last.size, proof, head.root, last.root)
    assert (await newest(world, last.size + 1)).old == last.size, "it is smaller than asked for"


async def test_a_log_that_grew_without_kept_hashes_gets_them_at_the_next_start(
    world: World,
) -> None:
    await grow(world, 600)
    await world.rows("DELETE FROM audit_node")
    await world.store.stamper.prepare()
    assert await world.count("audit_node") == 2
    async with world.store.unit() as unit:
        (one,) = (await unit.audit_proven(["p1"], 1)).events
    assert one.size == 600


async def test_a_head_is_cosigned_handed_back_and_shown(world: World) -> None:
    await grow(world, 5)
    witness = await witness_of(world)
    key, _ = world.store.ledger.keys
    assert await witness.ledger.known(key.name) == 0
    signed = await witness.ledger.cosign(key, await newest(world), world.clock.now())
    assert await witness.ledger.known(key.name) == 5
    name, public = witness_name(OTHER_TENANT), witness.ledger.keys[1].public
    await world.store.ledger.take(signed, {name: public})
    assert verify_cosignature((await newest(world)).note, public, name=name) <= world.clock.now()
    await grow(world, 4)
    assert OTHER_TENANT not in (await newest(world)).note, "the newest is not signed yet"
    async with world.store.unit() as unit:
        evidence = await unit.audit_proven(["p1"], 10)
    assert [one.size for one in evidence.events] == [9] * 4 + [5] * 5
    again = await witness.ledger.cosign(key, await newest(world, 5), world.clock.now())
    assert await witness.ledger.known(key.name) == 9
    await world.store.ledger.take(again, {name: public})
    assert await world.count("audit_cosignature") == 1, "the newest says all"
    await witness.databases.dispose()


async def test_the_same_head_is_signed_once(world: World) -> None:
    await grow(world, 5)
    witness = await witness_of(world)
    key, _ = world.store.ledger.keys
    first = await witness.ledger.cosign(key, await newest(world), world.clock.now())
    world.clock.advance(SIGN_EVERY)
    assert await witness.ledger.cosign(key, await newest(world, 5), world.clock.now()) == first
    await witness.databases.dispose()


def forged_head(world: World, size: int) -> Extended:
    """Return a head of other leaves, signed with the log's own key: what a fork is."""
    frontier = Frontier()
    for number in range(size):
        frontier.append(bytes([number]) * 32)
    key = checkpoint_key(world.ring.tenant(TENANT), TENANT)
    note = sign_checkpoint(log_origin(TENANT), size, frontier.root(), key, world.clock.now())
    return Extended(5, (b"\0" * 32,) * 3, note)


@pytest.mark.parametrize(("size", "how"), [(5, "split"), (4, "shrunk"), (9, "unproven")])
async def test_a_fork_is_kept_as_evidence_and_never_signed(
    world: World, size: int, how: str
) -> None:
    await grow(world, 5)
    witness = await witness_of(world)
    key, _ = world.store.ledger.keys
    signed = await witness.ledger.cosign(key, await newest(world), world.clock.now())
    with pytest.raises(Forked, match=how):
        await witness.ledger.cosign(key, forged_head(world, size), world.clock.now())
    (row,) = await world.rows("SELECT size, note, forked FROM audit_witnessed")
    assert (row["size"], row["note"]) == (5, signed)
    assert row["forked"] == forged_head(world, size).note
    await witness.databases.dispose()


async def test_a_stale_proof_is_no_fork(world: World) -> None:
    await grow(world, 5)
    witness = await witness_of(world)
    key, _ = world.store.ledger.keys
    await witness.ledger.cosign(key, await newest(world), world.clock.now())
    await grow(world, 2)
    with pytest.raises(BadCheckpoint, match="begin"):
        await witness.ledger.cosign(key, await newest(world, 3), world.clock.now())
    (row,) = await world.rows("SELECT forked FROM audit_witnessed")
    assert row["forked"] is None
    await witness.databases.dispose()


async def test_only_known_witnesses_and_own_heads_are_taken(world: World) -> None:
    await grow(world, 5)
    witness = await witness_of(world)
    own, _ = world.store.ledger.keys
    signed = await witness.ledger.cosign(own, await newest(world), world.clock.now())
    public = witness.ledger.keys[1].public
    for note, known in (
        (signed, {}),
        (signed, {"another": public}),
        (signed, {witness_name(OTHER_TENANT): own.public}),
        ((await newest(world)).note, {witness_name(OTHER_TENANT): public}),
        (signed.replace(TENANT, OTHER_TENANT), {witness_name(OTHER_TENANT): public}),
        ("nothing", {witness_name(OTHER_TENANT): public}),
    ):
        with pytest.raises(BadCheckpoint):
            await world.store.ledger.take(note, known)
    assert await world.count("audit_cosignature") == 0
    await witness.databases.dispose()


async def test_an_erased_person_s_events_stay_provable(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    await grow(world, 3)
    await world.store.vault.destroy("p1")
    async with world.store.unit() as unit:
        evidence = await unit.audit_proven(["p1"], 10)
    head = verify_checkpoint(
        evidence.notes[0], world.store.ledger.keys[0].public, origin=log_origin(TENANT)
    )
    assert len(evidence.events) == 3
    for one in evidence.events:
        assert one.index is not None
        assert verify_inclusion(one.leaf, one.index, head.size, one.path, head.root)
