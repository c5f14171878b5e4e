"""P1: nothing about a person lies in the clear; a row opens in its own place only.

`docs/sealed-format.md` says what is sealed and how.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from tests.store.gate import caller, gate_of
from tests.store.world import Server, World, new, patient, server_for_session, world_on

from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.access.loading import Line
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.store.vault import HELD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "shift_jis", "euc_jp")


def spellings(text: str) -> dict[bytes, str]:
    """Return the ways a text may lie on a disk, with what each is."""
    found: dict[bytes, str] = {}
    for encoding in ENCODINGS:
        raw = text.encode(encoding)
        found[raw] = encoding
        found[raw.hex().encode()] = f"hex of {encoding}"
        found[raw.hex().upper().encode()] = f"upper hex of {encoding}"
        for shift in range(3):  # whatever stands before it, base64 has three alignments
            whole = base64.b64encode(b"\0" * shift + raw)
            inner = whole[4 if shift else 0 :].rstrip(b"=")[: -1 if len(raw) % 3 else None]
            found[inner] = f"base64 of {encoding}"
    found[json.dumps(text)[1:-1].encode()] = "JSON escapes"
    return {raw: name for raw, name in found.items() if len(raw) >= 6}


def found_in(folder: Path, texts: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (file, text, spelling) for every trace of the texts under a folder."""
    wanted = [(raw, text, name) for text in texts for raw, name in spellings(text).items()]
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue  # PostgreSQL removed it meanwhile: it is not at rest
        for raw, text, name in wanted:
            if raw in content:
                yield file.name, text, name


SECRETS = {
    "name": "珠洲山蓮太郎",
    "kana": "スズヤマレンタロウ",
    "drug": "ワルファリンカリウム錠",
    "note": "落花生でショックを起こした",
    "phone": "076-8812-4477",
    "chart": "CHART-77120934",
    "city": "石川県珠洲市宝立町鵜飼",
    "birth": "1947-08-23",
    "actor": "dr-watanuki-secret",
    "quarantined": "ぺニシリンアナフィラキシー",
    "copied": "同意撤回ノ事由アレルギー",
}


async def _fill(world: World) -> None:
    gate = gate_of(world)
    one = {
        "resourceType": "Patient",
        "name": [{"text": SECRETS["name"]}, {"text": SECRETS["kana"]}],
        "birthDate": SECRETS["birth"],
        "telecom": [{"system": "phone", "value": SECRETS["phone"]}],
        "address": [{"text": SECRETS["city"]}],
        "identifier": [
            {"system": "urn:chart", "value": SECRETS["chart"]},
            {
                "system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
                "value": "00012345:あ・77:88123:01",
            },
        ],
    }
    async with gate.enter(caller(subject=SECRETS["actor"])) as records:
        made = await records.create(one)
        drug = {
            "resourceType": "MedicationStatement",
            "status": "active",
            "subject": {"reference": f"Patient/{made.id}"},
            "medicationCodeableConcept": {"text": SECRETS["drug"]},
            "note": [{"text": SECRETS["note"]}],
        }
        await records.create(drug)
        await records.update(made.id, one, if_match=1)
        query = parse_query(
            "Patient", [("name", SECRETS["name"])], strict=True, base="https://x.example"
        )
        assert len(await records.search(query)) == 1
        bad = json.dumps({"note": SECRETS["quarantined"]}, ensure_ascii=False).encode()
        good = {**drug, "id": SECRETS["chart"], "subject": {"reference": "Patient/1"}}
        lines = [
            Line(1, bad, None, ("no",)),
            Line(2, b"{}", good),
            Line(3, b"{}", {**one, "id": "1"}),
        ]
        loaded = await records.load(SECRETS["chart"], lines)
        assert (loaded.created, len(loaded.quarantined)) == (2, 1)
    await world.store.replicas.apply(
        "consents",
        [Entry("Consent/1", 1, ("ab" * 16,), SECRETS["copied"].encode())],
        Cursor("e", 1, world.clock.now()),
    )
    await world.store.stamper.stamp_all()
    # A statement that fails must not carry anything into the server's log.
    with pytest.raises(Fault):
        async with world.store.unit() as unit:
            await unit.write([patient(made.id, body=SECRETS["name"].encode())])
    with pytest.raises(Exception, match="relation"):
        await world.rows(f"SELECT '{SECRETS['name']}' FROM missing")


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of the test's own, which it may stop."""
    with server_for_session() as made:
        yield made


@pytest.fixture
async def own_world(own_server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world_on(own_server, tmp_path) as made:
        yield made


async def _at_rest(world: World) -> Path:
    """Write everything to the disk, stop the server, and return its data directory."""
    await world.rows("CHECKPOINT")
    await world.store.databases.dispose()
    world.server.postgres.stop()
    return world.server.folder


async def test_no_name_drug_or_note_lies_anywhere_in_the_clear(own_world: World) -> None:
    """P1: search every byte of the data directory, write-ahead log and server log included."""
    await _fill(own_world)
    folder = await _at_rest(own_world)
    assert list(found_in(folder, list(SECRETS.values()))) == []
    files = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"pg_control", "log"} <= files
    assert any(len(name) == 24 for name in files)  # segments of the write-ahead log


async def test_the_search_would_find_a_planted_row(own_world: World) -> None:
    """The control: an unsealed table is found, in the table and in the write-ahead log."""
    planted = "能登守兼六園内灘"
    await own_world.rows("CREATE TABLE planted (text text, raw bytea)")
    for encoding in ENCODINGS:
        raw = planted.encode(encoding)
        await own_world.rows(
            f"INSERT INTO planted VALUES ('{base64.b64encode(b'xy' + raw).decode()}',"
            f" '\\x{raw.hex()}')"
        )
    await own_world.rows(f"INSERT INTO planted VALUES ('{planted}', '\\x{planted.encode().hex()}')")
    found = list(found_in(await _at_rest(own_world), [planted]))
    names = {name for _, _, name in found}
    assert names >= {*ENCODINGS, *(f"base64 of {encoding}" for encoding in ENCODINGS)}
    assert any(len(file) == 24 for file, _, _ in found)


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE resource_version SET id = 'p2' WHERE id = 'p1' AND version = 1",
        "UPDATE resource_version SET version = 2 WHERE id = 'p1'",
        "UPDATE resource_version SET type = 'Device' WHERE id = 'p1'",
        "UPDATE resource_version SET tenant = 'kaga' WHERE id = 'p1'",
        "UPDATE resource_version SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)",
        "UPDATE resource_version SET sealed = substr(sealed, 1, 20)",
    ],
)
async def test_a_row_that_was_moved_or_altered_does_not_open(world: World, moved: str) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    await world.rows(moved)
    (row,) = await world.rows("SELECT tenant, type, id, version FROM resource_version")
    thief = world.another_process(row["tenant"])
    async with thief.unit() as unit:
        with pytest.raises((CannotOpen, Fault)):
            await unit.version(row["type"], row["id"], row["version"])
    await thief.databases.dispose()


async def test_two_rows_exchanged_do_not_open(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), new("Flag", "f1", "p1"), new("Flag", "f2", "p1")])
    await world.rows(
        "UPDATE resource_version SET sealed ="
        " (SELECT sealed FROM resource_version WHERE id = 'f1') WHERE id = 'f2'"
    )
    async with world.store.unit() as unit:
        with pytest.raises(CannotOpen):
            await unit.head("Flag", "f2")


async def test_a_person_given_another_owner_does_not_open(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), patient("p2"), new("Flag", "f1", "p1")])
    await world.rows("UPDATE resource_version SET owner = 'p2' WHERE id = 'f1'")
    await world.rows("UPDATE resource_head SET owner = 'p2' WHERE id = 'f1'")
    async with world.store.unit() as unit:
        with pytest.raises(CannotOpen):
            await unit.head("Flag", "f1")


async def test_a_destroyed_key_is_gone_for_good(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1"), patient("p2"), new("Flag", "f1", "p1")])
    await world.store.vault.destroy("p1")

    async def read() -> None:
        async with world.store.unit() as unit:
            await unit.of_owner("p1", ["Flag"])

    async def write() -> None:
        async with world.store.unit() as unit:
            await unit.write([new("Flag", "f2", "p1")])

    for attempt in (read, write, read):
        with pytest.raises(Fault) as refused:
            await attempt()
        assert refused.value.category is Category.GONE
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "p2") is not None
    kept = await world.server.run("SELECT wrapped FROM data_key", database=world.keys_database)
    assert sorted(len(row["wrapped"]) for row in kept) == [0, 65]


async def test_another_process_forgets_a_destroyed_key_in_time(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    other = world.another_process()
    async with other.unit() as unit:
        await unit.head("Patient", "p1")
    await world.store.vault.destroy("p1")
    world.clock.advance(HELD)
    with pytest.raises(Fault) as refused:
        async with other.unit() as unit:
            await unit.head("Patient", "p1")
    assert refused.value.category is Category.GONE
    await other.databases.dispose()


async def test_the_keys_are_in_a_database_of_their_own_and_wrapped(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write([patient("p1")])
    tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert "data_key" not in {row["tablename"] for row in tables}
    rows = await world.server.run("SELECT * FROM data_key", database=world.keys_database)
    assert [(row["owner"], row["class"], row["version"]) for row in rows] == [("p1", "record", 1)]


async def test_two_processes_make_one_key_for_a_new_person(world: World) -> None:
    other = world.another_process()
    async with world.store.unit() as mine, other.unit() as theirs:
        await mine.write([patient("p1")])
        await theirs.write([new("Flag", "f1", "p1")])
    async with world.store.unit() as unit:
        assert [s.id for s in await unit.of_owner("p1", ["Flag", "Patient"])] == ["f1", "p1"]
    await other.databases.dispose()


def test_a_key_is_held_for_minutes_only() -> None:
    clock = FixedClock()
    before = clock.now()
    clock.advance(HELD)
    assert 60 <= (clock.now() - before).total_seconds() <= 600
