"""Who recorded, who confirms, in what state: one combination is allowed; and how much may wait.

Against the database, without pages. docs/adr/0027-two-persons-record-a-representative.md
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from tests.integration.auth.world import (
    CLINICIAN,
    NURSE,
    OFFICER,
    SECOND,
    SUZU,
    WAJIMA,
    Person,
    World,
)

from tasuki.auth.accounts import find_account
from tasuki.auth.proxies.book import MOST, Given, about, offer, recorded_by
from tasuki.auth.proxies.grant import Basis, Grant, Relationship, Terms
from tasuki.auth.proxies.waiting import (
    WAITING,
    Office,
    Waiting,
    confirm,
    evidence_of,
    may_confirm,
    record,
    waiting_at,
)
from tasuki.auth.tables import ACCOUNT, PROXY
from tasuki.consent.vocabulary import DataClass

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BIRTH = date(2015, 8, 20)
TERMS = Terms(
    relationship=Relationship.PARENT,
    name="輪島 真理",
    person="輪島 そら",
    classes=frozenset({DataClass.MEDICINES}),
    writes=False,
    wishes=False,
    ends_at=NOW + timedelta(days=300),
)
PATIENT = "Patient/child"
STATES: dict[str, dict[str, Any]] = {
    "waits": {},
    "over": {"waits_until": NOW - WAITING},
    "ended": {"ended_at": NOW},
    "offered": {"waits_until": None, "code_mac": b"c", "offered_until": NOW + WAITING},
    "stands": {"waits_until": None, "accepted_at": NOW},
}
PERSONS = (OFFICER, SECOND, NURSE, CLINICIAN)


def papers(world: World, by: Person) -> Given:
    return Given(
        PATIENT,
        world.accounts[by.username],
        Basis.PAPERS,
        WAJIMA,
        evidence_of("family-register", BIRTH),
    )


def offices(connection: Connection, world: World) -> None:
    """OFFICER and SECOND administer Wajima, CLINICIAN Suzu; NURSE is of Wajima and administers nothing."""
    for person, place in ((OFFICER, WAJIMA), (NURSE, WAJIMA), (CLINICIAN, SUZU)):
        values = {"organization": place, "administers": person is not NURSE}
        mine = ACCOUNT.c.id == world.accounts[person.username]
        connection.execute(update(ACCOUNT).where(mine).values(values))


def answer(
    connection: Connection, world: World, recorder: Person, second: Person, state: str
) -> str:
    """Record, put into a state, confirm; nothing of it is kept."""
    nested = connection.begin_nested()
    assert record(connection, world.means, papers(world, recorder), TERMS)
    if STATES[state]:
        connection.execute(update(PROXY).values(STATES[state]))
    id_ = connection.execute(select(PROXY.c.id)).scalar_one()
    by = find_account(connection, world.box, world.accounts[second.username])
    assert by is not None
    made = confirm(connection, world.means, by, id_)
    nested.rollback()
    return made


async def test_one_combination_is_allowed(world: World) -> None:
    allowed = []

    def every(connection: Connection) -> None:
        offices(connection, world)
        for case in product(PERSONS, PERSONS, STATES):
            made = answer(connection, world, *case)
            assert made == "proxy_not_confirmed" or made.isdigit()
            if made.isdigit():
                allowed.append(case)

    async with world.engine.connect() as connection:
        await connection.run_sync(every)
    assert allowed == [(OFFICER, SECOND, "waits"), (SECOND, OFFICER, "waits")]


BLOCKED = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
)


async def test_of_two_who_confirm_at_once_one_does(world: World) -> None:
    def prepare(connection: Connection) -> str:
        for person in (OFFICER, SECOND, NURSE):
            mine = ACCOUNT.c.id == world.accounts[person.username]
            values = {"organization": WAJIMA, "administers": True}
            connection.execute(update(ACCOUNT).where(mine).values(values))
        assert record(connection, world.means, papers(world, OFFICER), TERMS)
        return str(connection.execute(select(PROXY.c.id)).scalar_one())

    def by(connection: Connection, person: Person) -> str:
        account = find_account(connection, world.box, world.accounts[person.username])
        assert account is not None
        return confirm(connection, world.means, account, id_)

    async def later() -> str:
        async with world.engine.begin() as connection:
            return await connection.run_sync(by, NURSE)

    async with world.engine.begin() as connection:
        id_ = await connection.run_sync(prepare)
    async with world.engine.begin() as connection:
        first = await connection.run_sync(by, SECOND)
        second = asyncio.create_task(later())
        waits = False
        while not (waits or second.done()):
            waits = bool(await connection.scalar(text(BLOCKED)))
            await asyncio.sleep(0.01)
    assert (first.isdigit(), await second) == (True, "proxy_not_confirmed")


SOME = st.sampled_from("abcd")


@given(SOME, SOME, st.frozensets(SOME), st.dictionaries(SOME, st.sampled_from(["輪島 真理", "森"])))
def test_two_administrators_neither_of_them_the_proxy(
    recorder: str, second: str, administrators: frozenset[str], names: dict[str, str]
) -> None:
    names = dict.fromkeys("abcd", "沢田") | names
    grant = Grant("g", PATIENT, None, Basis.PAPERS, WAJIMA, TERMS, NOW, None, None)
    entry = Waiting(grant, recorder, "family-register", BIRTH, NOW + WAITING)
    two = len({recorder, second} & administrators) == 2
    may = may_confirm(entry, Office(names, administrators), second)
    assert may is (two and names[second] != TERMS.name)


async def test_what_waits_stands_nowhere_else_and_is_bounded(world: World) -> None:
    def fill(connection: Connection) -> None:
        offices(connection, world)
        done = [record(connection, world.means, papers(world, OFFICER), TERMS) for _ in range(MOST)]
        assert done == [True] * MOST
        assert not record(connection, world.means, papers(world, OFFICER), TERMS)
        assert len(waiting_at(connection, world.box, WAJIMA, NOW)) == MOST
        assert waiting_at(connection, world.box, SUZU, NOW) == []
        assert about(connection, world.box, PATIENT, NOW) == []
        assert recorded_by(connection, world.box, WAJIMA, NOW) == []

    async with world.engine.begin() as connection:
        await connection.run_sync(fill)


async def test_what_waits_does_not_keep_the_person_from_giving(world: World) -> None:
    """An office could otherwise fill up what a person cannot see."""
    terms = replace(TERMS, relationship=Relationship.CARER)

    def give(connection: Connection) -> None:
        offices(connection, world)
        for _ in range(MOST):
            record(connection, world.means, papers(world, OFFICER), TERMS)
        (first, *_) = waiting_at(connection, world.box, WAJIMA, NOW)
        own = Given(PATIENT, world.accounts[NURSE.username], Basis.PERSON)
        assert [offer(connection, world.means, own, terms) for _ in range(MOST)].count(None) == 0
        # A grant of a person stands as long as their link does, so these are made the office's.
        mine = PROXY.c.given_by == own.by
        connection.execute(update(PROXY).where(mine).values(basis="papers"))
        by = find_account(connection, world.box, world.accounts[SECOND.username])
        assert by is not None
        assert confirm(connection, world.means, by, first.grant.id) == "proxy_too_many"

    async with world.engine.begin() as connection:
        await connection.run_sync(give)


async def test_nobody_offers_from_papers_alone(world: World) -> None:
    def alone(connection: Connection) -> None:
        offer(connection, world.means, papers(world, OFFICER), TERMS)

    async with world.engine.begin() as connection:
        with pytest.raises(ValueError, match="second person"):
            await connection.run_sync(alone)


@pytest.mark.parametrize("column", ["confirmed_by", "code_mac"])
async def test_the_database_knows_the_rule_too(world: World, column: str) -> None:
    values = {"confirmed_by": PROXY.c.given_by, "code_mac": b"c"}

    def one_person(connection: Connection) -> None:
        offices(connection, world)
        assert record(connection, world.means, papers(world, OFFICER), TERMS)
        connection.execute(update(PROXY).values({column: values[column]}))

    async with world.engine.begin() as connection:
        with pytest.raises(IntegrityError):
            await connection.run_sync(one_person)
        await connection.rollback()
