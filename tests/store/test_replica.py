"""Copies of other services' feeds: applied once however often, dropped whole at a new epoch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import literal
from tests.store.world import AT, OTHER_TENANT, World, new, patient

from tasuki.shared.access.copies import Cursor, Entry
from tasuki.shared.access.records import Copy
from tasuki.shared.store.replica import copies_of

if TYPE_CHECKING:
    from tasuki.shared.store.replica import Replicas

pytestmark = pytest.mark.anyio

ONE, TWO = "aa" * 16, "bb" * 16


def _entry(key: str, seq: int, body: bytes | None, *tokens: str) -> Entry:
    return Entry(key=key, seq=seq, tokens=tokens, body=body)


async def _filled(world: World) -> Replicas:
    replicas = world.store.replicas
    await replicas.apply(
        "consents",
        [
            _entry("Consent/b", 2, b"b", ONE, TWO),
            _entry("Consent/a", 1, b"a", ONE),
            _entry("policy", 3, b"p"),
        ],
        Cursor("e1", 3, AT),
    )
    return replicas


async def test_entries_are_found_by_person_key_and_all(world: World) -> None:
    replicas = await _filled(world)
    assert await replicas.of_person("consents", [ONE]) == [b"a", b"b"]
    assert await replicas.of_person("consents", [ONE, TWO]) == [b"a", b"b"]
    assert await replicas.of_person("consents", ["cc" * 16]) == []
    assert await replicas.of_person("consents", []) == []
    assert await replicas.of_person("other", [ONE]) == []
    assert await replicas.all("consents") == [b"a", b"b", b"p"]
    assert await replicas.one("consents", "policy") == b"p"
    assert await replicas.one("consents", "none") is None
    assert await replicas.tokens("consents", "Consent/b") == (ONE, TWO)
    assert await replicas.cursor("consents") == Cursor("e1", 3, AT)
    assert await replicas.cursor("other") is None


async def test_a_page_applied_twice_changes_nothing(world: World) -> None:
    replicas = await _filled(world)
    before = await world.rows("SELECT key, seq FROM replica_entry ORDER BY key")
    await _filled(world)
    assert await world.rows("SELECT key, seq FROM replica_entry ORDER BY key") == before
    assert await replicas.all("consents") == [b"a", b"b", b"p"]
    assert await world.count("replica_token") == 3


async def test_a_later_entry_replaces_and_an_empty_one_removes(world: World) -> None:
    replicas = await _filled(world)
    later = Cursor("e1", 6, AT + timedelta(seconds=9))
    await replicas.apply(
        "consents",
        [
            _entry("Consent/a", 4, b"draft", TWO),
            _entry("Consent/a", 5, b"a2", TWO),
            _entry("Consent/b", 6, None, ONE),
        ],
        later,
    )
    assert await replicas.all("consents") == [b"a2", b"p"]
    assert await replicas.of_person("consents", [ONE]) == []
    assert await replicas.of_person("consents", [TWO]) == [b"a2"]
    assert await replicas.cursor("consents") == later


async def test_an_empty_page_only_renews_the_time(world: World) -> None:
    replicas = await _filled(world)
    later = Cursor("e1", 3, AT + timedelta(minutes=1))
    await replicas.apply("consents", [], later)
    assert await replicas.cursor("consents") == later
    assert len(await replicas.all("consents")) == 3


async def test_a_new_epoch_starts_from_nothing(world: World) -> None:
    replicas = await _filled(world)
    await replicas.apply("other", [_entry("x", 1, b"x", ONE)], Cursor("e9", 1, AT))
    await replicas.forget("consents")
    assert await replicas.cursor("consents") is None
    assert await replicas.all("consents") == []
    assert await replicas.of_person("consents", [ONE]) == []
    assert await replicas.all("other") == [b"x"]
    await replicas.apply("consents", [_entry("Consent/a", 1, b"new")], Cursor("e2", 1, AT))
    assert await replicas.all("consents") == [b"new"]


async def test_copies_about_a_patient_are_linked_by_tokens(world: World) -> None:
    async with world.store.unit() as unit:
        await unit.write(
            [patient("p1", network_tokens=(ONE, TWO)), patient("p2", network_tokens=(TWO,))]
        )
    await _filled(world)
    async with world.store.unit() as unit:
        assert await unit.copies("consents", "p1") == [
            Copy("Consent/a", 1, b"a"),
            Copy("Consent/b", 2, b"b"),
        ]
        assert await unit.copies("consents", "p2") == [Copy("Consent/b", 2, b"b")]
        assert await unit.copies("consents", "p3") == []
        assert await unit.copies("other", "p1") == []


async def test_copies_are_sealed_and_kept_by_tenant(world: World) -> None:
    await _filled(world)
    stored = await world.rows("SELECT sealed FROM replica_entry")
    assert all(len(row["sealed"]) >= 100 for row in stored)
    other = world.another_process(OTHER_TENANT)
    assert await other.replicas.all("consents") == []
    assert await other.replicas.cursor("consents") is None
    await other.databases.dispose()


async def test_copies_fetched_with_a_head_are_those_asked_for_alone(world: World) -> None:
    """What a ruling rests on must not depend on how it was fetched."""
    await _filled(world)
    async with world.store.unit() as unit:
        await unit.write(
            [
                patient("p1", network_tokens=(ONE, TWO)),
                patient("p2", network_tokens=(TWO,)),
                patient("p3"),
                new("Organization", "o1"),
            ]
        )
        await unit.write([new("Observation", "x1", "p1")])
        await unit.write([new("Observation", "x1", "p1", expected=1, body=None)])
    places = [("Patient", "p1"), ("Patient", "p2"), ("Patient", "p3"), ("Observation", "x1")]
    for type_, id_ in [*places, ("Organization", "o1")]:
        async with world.store.unit() as unit:
            alone = await unit.head(type_, id_)
            assert alone is not None
            copies = await unit.copies("consents", alone.owner)
            assert await unit.head(type_, id_, "consents") == alone
            assert await unit.copies("consents", "p2") == [Copy("Consent/b", 2, b"b")]
            assert await unit.copies("consents", alone.owner) == copies
            assert await unit.copies("other", alone.owner) == []
        assert len(copies) == {"p1": 2, "p2": 1}.get(alone.owner, 0)
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "nobody", "consents") is None


async def test_copies_fetched_with_a_head_are_used_once(world: World) -> None:
    replicas = await _filled(world)
    async with world.store.unit() as unit:
        await unit.write([patient("p1", network_tokens=(ONE,))])
    async with world.store.unit() as unit:
        await unit.head("Patient", "p1", "consents")
        assert len(await unit.copies("consents", "p1")) == 2
        await replicas.apply("consents", [_entry("Consent/b", 4, None, ONE)], Cursor("e1", 4, AT))
        assert await unit.copies("consents", "p1") == [Copy("Consent/a", 1, b"a")]


async def test_a_persons_copies_are_looked_up_by_key_without_statistics(world: World) -> None:
    """After a load nothing has been analyzed yet: no read may go through all Consents there are."""
    for table in ("replica_token", "replica_entry", "network_token"):
        await world.rows(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await world.rows(
        "INSERT INTO replica_token (tenant, feed, token, key)"
        " SELECT 'noto', 'consent', decode(md5(n::text), 'hex'), 'Consent/' || n"
        " FROM generate_series(1, 5000) n"
    )
    await world.rows(
        "INSERT INTO replica_entry (tenant, feed, key, seq, sealed)"
        " SELECT 'noto', 'consent', 'Consent/' || n, n, decode(repeat(md5(n::text), 20), 'hex')"
        " FROM generate_series(1, 5000) n"
    )
    statement = copies_of(literal("p1"))
    said = statement.params(tenant="noto", feed="consent").compile(
        dialect=world.store.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    plan = "\n".join(row[0] for row in await world.rows(f"EXPLAIN {said}"))
    by_token, by_key = plan.split("using replica_token_pkey")[1].split("using replica_entry_pkey")
    assert "(token = network_token.token)" in by_token.splitlines()[1]
    assert "(key = " in by_key.splitlines()[1]
    assert "Filter" not in by_token + by_key
