"""The store against a plain model: any order of writes, reads and failures gives the same answers.

The model is a dictionary; it is the oracle of this test and no product store.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.store.world import AT, World, world_on

from tasuki.shared.access.records import Method, NewVersion, Selection, Stored
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path
    from typing import Any

    from tests.store.world import Server

    from tasuki.shared.store.store import SealedStore

TYPES = ("Patient", "Observation", "Flag")
OWNERS = ("p1", "p2")
IDENTIFIERS = st.lists(
    st.tuples(st.sampled_from(["urn:a", "urn:b", ""]), st.sampled_from(["1", "2"])),
    max_size=2,
    unique=True,
).map(tuple)
NAMES = st.lists(
    st.tuples(
        st.sampled_from(["kana+birth", "kanji+birth"]),
        st.tuples(st.sampled_from(["ノト", "ワジマ"]), st.just("1950-01-01")),
    ),
    max_size=2,
    unique=True,
).map(tuple)
BODIES = st.binary(max_size=300)


@dataclass
class Model:
    """What the store must answer, kept in the plainest way."""

    versions: dict[tuple[str, str], list[NewVersion]] = field(default_factory=dict)
    feed: list[tuple[str, str, int, bool]] = field(default_factory=list)

    def write(self, version: NewVersion) -> bool:
        """Keep a version; return whether it follows the head."""
        held = self.versions.setdefault((version.type, version.id), [])
        if len(held) != version.expected or (held and held[0].owner != version.owner):
            return False
        held.append(version)
        self.feed.append((version.type, version.id, version.version, version.body is None))
        return True

    def heads(self) -> list[NewVersion]:
        """Return the live newest versions."""
        newest = [held[-1] for held in self.versions.values() if held]
        return sorted(
            (one for one in newest if one.body is not None), key=lambda one: (one.type, one.id)
        )


def stored(version: NewVersion) -> Stored:
    """Return what reading a written version must give."""
    return Stored(
        version.type,
        version.id,
        version.owner,
        version.version,
        version.at,
        version.method,
        version.body,
    )


class StoreMachine(RuleBasedStateMachine):
    """Random work on a tenant of its own."""

    places: Bundle[tuple[str, str]] = Bundle("places")
    world: World
    runner: asyncio.Runner
    tenants = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.ids = itertools.count(1)
        self.store: SealedStore = self.world.another_process(f"t{next(self.tenants)}")
        self.run(self.store.stamper.prepare())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something of the store to its end."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Close the connections."""
        self.run(self.store.databases.dispose())

    def write(self, versions: Sequence[NewVersion]) -> None:
        """Write in one unit, and see that it does or fails as a whole."""
        before = {key: list(held) for key, held in self.model.versions.items()}
        fed = list(self.model.feed)
        fits = False not in [self.model.write(version) for version in versions]

        async def work() -> None:
            async with self.store.unit() as unit:
                await unit.write(versions)

        if fits:
            self.run(work())
            return
        self.model.versions, self.model.feed = before, fed
        with pytest.raises(Fault) as refused:
            self.run(work())
        assert refused.value.category is Category.CONFLICT

    @rule(
        target=places,
        type_=st.sampled_from(TYPES),
        owner=st.sampled_from(OWNERS),
        body=BODIES,
        identifiers=IDENTIFIERS,
        names=NAMES,
    )
    def create(
        self, type_: str, owner: str, body: bytes, identifiers: Any, names: Any
    ) -> tuple[str, str]:
        """Write a first version."""
        id_ = f"id{next(self.ids)}"
        version = NewVersion(
            type=type_,
            id=id_,
            owner=owner,
            expected=0,
            at=AT,
            method=Method.POST,
            body=body,
            identifiers=identifiers,
            person_keys=names if type_ == "Patient" else (),
        )
        self.write([version])
        return type_, id_

    @rule(place=places, body=st.none() | BODIES, identifiers=IDENTIFIERS, names=NAMES)
    def follow(
        self, place: tuple[str, str], body: bytes | None, identifiers: Any, names: Any
    ) -> None:
        """Write an update, or a deletion."""
        self.write([self.following(place, body, identifiers, names)])

    @rule(place=places, off=st.sampled_from([-1, 1, 2]), body=BODIES)
    def follow_wrongly(self, place: tuple[str, str], off: int, body: bytes) -> None:
        """Write a version that does not follow the head, beside one that does."""
        good = self.following(place, body, (), ())
        wrong = NewVersion(
            type=good.type,
            id=good.id,
            owner=good.owner,
            expected=max(0, good.expected + off),
            at=AT,
            method=Method.PUT,
            body=body,
        )
        other = NewVersion("Flag", f"id{next(self.ids)}", "p1", 0, AT, Method.POST, body)
        self.write([other, wrong])

    @rule(place=consumes(places), body=BODIES)
    def follow_twice_in_one_unit(self, place: tuple[str, str], body: bytes) -> None:
        """Write two versions of one resource at once, as a load may."""
        first = self.following(place, body, (), ())
        second = NewVersion(
            type=first.type,
            id=first.id,
            owner=first.owner,
            expected=first.expected + 1,
            at=AT,
            method=Method.PUT,
            body=body + b"!",
        )
        self.write([first, second])

    @rule(place=places, body=BODIES)
    def fail_half_way(self, place: tuple[str, str], body: bytes) -> None:
        """Write and then fail: nothing of it stays."""
        version = self.following(place, body, (), ())

        async def work() -> None:
            async with self.store.unit() as unit:
                await unit.write([version])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.run(work())

    @rule(place=places)
    def read(self, place: tuple[str, str]) -> None:
        """Compare head, versions and history of one resource."""
        held = self.model.versions[place]

        async def work() -> None:
            async with self.store.unit() as unit:
                assert await unit.head(*place) == stored(held[-1])
                assert await unit.head_for_update(*place) == stored(held[-1])
                assert await unit.history(Selection((place[0],), place[1]), 100) == (
                    [stored(one) for one in reversed(held)],
                    False,
                )
                for one in held:
                    assert await unit.version(*place, one.version) == stored(one)
                assert await unit.version(*place, len(held) + 1) is None

        self.run(work())

    @rule(type_=st.sampled_from(TYPES), system=st.sampled_from(["urn:a", "urn:b", "", "*"]))
    def find_by_identifier(self, type_: str, system: str) -> None:
        """Compare the index with a look at everything."""
        expected = [
            one.id
            for one in self.model.heads()
            if one.type == type_
            and any(value == "1" and system in (of, "*") for of, value in one.identifiers)
        ]

        async def work() -> None:
            async with self.store.unit() as unit:
                assert await unit.by_identifier(type_, system, "1") == sorted(expected)

        self.run(work())

    @rule(index=st.sampled_from(["kana+birth", "kanji+birth"]), name=st.sampled_from(["ノト"]))
    def find_person(self, index: str, name: str) -> None:
        """Compare the person look-up with a look at everything."""
        key = (index, (name, "1950-01-01"))
        expected = [one.id for one in self.model.heads() if key in one.person_keys]

        async def work() -> None:
            async with self.store.unit() as unit:
                assert await unit.by_person_key(*key) == sorted(expected)

        self.run(work())

    @invariant()
    def lists_agree(self) -> None:
        """Compare the lists by person and by type, and the feed."""
        heads = self.model.heads()

        async def work() -> None:
            async with self.store.unit() as unit:
                for owner in OWNERS:
                    expected = [stored(one) for one in heads if one.owner == owner]
                    assert await unit.of_owner(owner, TYPES) == expected
                for type_ in TYPES:
                    of_type = [stored(one) for one in heads if one.type == type_]
                    assert await unit.scan(type_, 1000) == of_type
            await self.store.stamper.stamp_all()
            page = await self.store.feed(0, 1000, ())
            assert [(c.type, c.id, c.version, c.deleted) for c in page.changes] == self.model.feed

        self.run(work())

    def following(
        self, place: tuple[str, str], body: bytes | None, identifiers: Any, names: Any
    ) -> NewVersion:
        """Return the version that follows the head."""
        head = self.model.versions[place][-1]
        return NewVersion(
            type=head.type,
            id=head.id,
            owner=head.owner,
            expected=head.version,
            at=AT,
            method=Method.DELETE if body is None else Method.PUT,
            body=body,
            identifiers=() if body is None else identifiers,
            person_keys=names if body is not None and head.type == "Patient" else (),
            superseded_person_keys=head.person_keys,
        )


def test_the_store_agrees_with_a_plain_model(server: Server, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opened = world_on(server, tmp_path)
        StoreMachine.world = runner.run(opened.__aenter__())
        StoreMachine.runner = runner
        StoreMachine.tenants = itertools.count()
        try:
            run_state_machine_as_test(
                StoreMachine,
                settings=settings(
                    stateful_step_count=25,
                    max_examples=15,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
