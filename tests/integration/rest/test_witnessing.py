"""A service witnesses another's audit log over HTTP; what is forked is told and never signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry
from tests.integration.rest.house import BASE, House
from tests.store.world import seen

from tasuki.shared.audit import Frontier, sign_checkpoint, verify_checkpoint, verify_cosignature
from tasuki.shared.audit.notes import Extended, VerifierKey
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.rest.witnessing import Watched, Witness, watched_of, witnesses_of
from tasuki.shared.settings import ServiceSettings, WitnessedLog
from tasuki.shared.store.logkeys import checkpoint_key
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tasuki.shared.store.store import SealedStore

pytestmark = pytest.mark.anyio


class Tokens:
    """Gives out a token that the house knows."""

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        assert (scope, audience, purpose) == ("tasuki/feed", BASE, "HOPERAT")
        return "hospital"


@dataclass
class Stand:
    """A house, its log, and a witness beside it."""

    house: House
    store: SealedStore
    witness: Witness
    log: Watched
    registry: CollectorRegistry

    async def grow(self) -> None:
        """Record something and sign the head."""
        async with self.house.world.store.unit() as unit:
            await unit.record([seen("p1")])
        self.house.world.clock.advance(SIGN_EVERY)
        await self.house.world.store.stamper.stamp_all()

    async def look(self) -> str:
        """Look once; hold what came of it to the number that tells of it."""
        outcome = await self.witness.look(self.log)
        labels = {"log": self.log.key.name, "outcome": outcome}
        assert self.registry.get_sample_value("tasuki_witness_looks_total", labels)
        return outcome

    async def offered(self) -> Extended:
        """Return what the house offers its witnesses."""
        answer = await self.house.get("/$checkpoint")
        assert answer.status_code == 200, answer.text
        return Extended.read(answer.text)


@pytest.fixture
async def stand(house: House, tmp_path: Path) -> AsyncIterator[Stand]:
    world = house.world
    tenant = f"witness-of-{world.tenant}"
    ring = FileKeyRing.create(tmp_path / "witness.json", [tenant])
    store = replace(world, ring=ring).another_process(tenant)
    await store.stamper.prepare()
    registry = CollectorRegistry()
    name_and_key = store.ledger.keys[1]
    house.app.state.fhir = replace(
        house.app.state.fhir, witnesses={name_and_key.name: name_and_key.public}
    )
    tokens = Tokens()
    witness = Witness(store.ledger, house.http, tokens, world.clock, registry)  # type: ignore[arg-type]  # as much of a client as it needs
    answer = await house.get("/$log-keys", token=None)
    key, _ = (VerifierKey.read(line) for line in answer.text.splitlines())
    yield Stand(house, store, witness, Watched(BASE, key), registry)
    await store.databases.dispose()


async def test_heads_are_fetched_proven_signed_and_handed_back(stand: Stand) -> None:
    assert await stand.look() == "empty"
    sizes = []
    name, public = stand.store.ledger.keys[1].name, stand.store.ledger.keys[1].public
    for _ in range(3):
        await stand.grow()
        assert await stand.look() == "signed"
        note = (await stand.offered()).note
        head = verify_checkpoint(note, stand.log.key.public, origin=stand.log.key.name)
        assert verify_cosignature(note, public, name=name) <= stand.house.world.clock.now()
        assert await stand.store.ledger.known(stand.log.key.name) == head.size
        sizes.append(head.size)
    assert sizes == sorted(set(sizes))
    assert await stand.look() == "signed", "the same head again changes nothing"


async def test_a_log_that_was_set_back_is_forked(
    stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        await stand.grow()
    assert await stand.look() == "signed"
    known = await stand.store.ledger.known(stand.log.key.name)
    await stand.house.world.rows(
        f"DELETE FROM audit_checkpoint WHERE size = {known}"
        f" AND tenant = '{stand.house.world.tenant}'"
    )
    assert await stand.look() == "forked"
    assert await stand.store.ledger.known(stand.log.key.name) == known
    told = capsys.readouterr().out
    assert "witness.forked" in told
    assert stand.log.key.name in told
    assert "shrunk" in told


async def test_a_log_that_is_gone_altogether_is_forked(stand: Stand) -> None:
    await stand.grow()
    assert await stand.look() == "signed"
    world = stand.house.world
    await world.rows(f"DELETE FROM audit_checkpoint WHERE tenant = '{world.tenant}'")
    assert await stand.look() == "forked"


async def test_a_log_with_two_histories_is_forked(stand: Stand) -> None:
    await stand.grow()
    assert await stand.look() == "signed"
    world = stand.house.world
    known = await stand.store.ledger.known(stand.log.key.name)
    frontier = Frontier()
    for number in range(known):
        frontier.append(bytes([number]) * 32)
    key = checkpoint_key(world.ring.tenant(world.tenant), world.tenant)
    note = sign_checkpoint(stand.log.key.name, known, frontier.root(), key, world.clock.now())
    await world.rows(
        f"UPDATE audit_checkpoint SET note = '{note}'"
        f" WHERE size = {known} AND tenant = '{world.tenant}'"
    )
    assert await stand.look() == "forked"
    (kept,) = await world.rows(
        f"SELECT note, forked FROM audit_witnessed WHERE tenant = '{stand.store.tenant}'"
    )
    assert (kept["note"] == note, kept["forked"] == note) == (False, True)


async def test_another_key_s_head_is_refused(stand: Stand) -> None:
    await stand.grow()
    wrong = replace(stand.log, key=stand.store.ledger.keys[0])
    assert await stand.witness.look(wrong) == "refused"


async def test_who_is_not_known_as_a_witness_is_told_so(stand: Stand) -> None:
    await stand.grow()
    key = stand.store.ledger.keys[1]
    stand.house.app.state.fhir = replace(stand.house.app.state.fhir, witnesses={})
    assert await stand.look() == "unreachable"
    note = await stand.store.ledger.cosign(
        stand.log.key, await stand.offered(), stand.house.world.clock.now()
    )
    assert key.name in note
    answer = await stand.house.post(
        "/$cosignature", raw=note.encode(), headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 400
    assert key.name not in answer.text


@pytest.mark.parametrize("body", [b"", b"x", b"\xff\xfe", b"a\n1\nAAAA\n\n"])
async def test_what_is_no_note_is_refused(stand: Stand, body: bytes) -> None:
    text = {"Content-Type": "text/plain"}
    answer = await stand.house.post("/$cosignature", raw=body, headers=text)
    assert answer.status_code == 400
    assert (await stand.house.post("/$cosignature", raw=b"{}")).status_code == 415
    long = await stand.house.post("/$cosignature", raw=b"x" * 70_000, headers=text)
    assert long.status_code == 413


async def test_keys_are_public_and_heads_are_not(stand: Stand) -> None:
    assert (await stand.house.get("/$log-keys", token=None)).status_code == 200
    assert (await stand.house.get("/$checkpoint", token=None)).status_code == 401


def settings(tmp_path: Path, **more: object) -> ServiceSettings:
    given = {
        "public_url": BASE,
        "issuer": BASE,
        "database_url": "postgresql+asyncpg:///x",
        "keys_database_url": "postgresql+asyncpg:///y",
        "key_file": tmp_path,
        "tenant": "t",
        **more,
    }
    return ServiceSettings.model_validate(given)


async def test_settings_name_keys_of_the_right_kind(stand: Stand, tmp_path: Path) -> None:
    log, witness = map(str, stand.store.ledger.keys)
    good = settings(
        tmp_path, witnessed=(WitnessedLog(base_url=BASE, key=log),), witnesses=(witness,)
    )
    assert str(watched_of(good)[0].key) == log
    assert list(witnesses_of(good)) == [stand.store.ledger.keys[1].name]
    for wrong in (witness, "nothing"):
        with pytest.raises(ValueError, match="key"):
            watched_of(settings(tmp_path, witnessed=(WitnessedLog(base_url=BASE, key=wrong),)))
    with pytest.raises(ValueError, match="key"):
        witnesses_of(settings(tmp_path, witnesses=(log,)))
