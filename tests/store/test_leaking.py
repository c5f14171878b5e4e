"""Who is affected by a leak, from real logs: people, kinds of data, deadlines; and asking is recorded."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.store.world import AT, OTHER_TENANT, TENANT, World, patient, seen

from tasuki.deploy.leak_names import resolve
from tasuki.deploy.leak_report import Person, Report, deadlines, lines_of
from tasuki.deploy.leaking import Asked, gathered, record_asking
from tasuki.shared.audit import Action, Outcome
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tasuki.shared.store.store import SealedStore

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
ALL = Asked(AT - HOUR, AT + HOUR)


@pytest.fixture
async def stores(world: World) -> AsyncIterator[dict[str, SealedStore]]:
    """Two regions that know one person under two handles, and what was done there."""
    other = world.another_process(OTHER_TENANT)
    await other.stamper.prepare()
    token = "ab" * 16
    async with world.store.unit() as unit:
        await unit.write([patient("p1", network_tokens=(token,)), patient("p2")])
        await unit.record(
            [
                seen("p1", entities=("Observation/o1",), actor="dr-1", request_id="r1"),
                seen("p2", entities=("Patient/p2",), actor="dr-2", client_id="other"),
                seen("p3", outcome=Outcome.DENIED, actor="dr-1"),
                seen(patient=None, action=Action.LOAD, actor="dr-1"),
                seen("p4", entities=("Condition/c",), actor="dr-1", at=AT + 2 * HOUR),
            ]
        )
    async with other.unit() as unit:
        await unit.write([patient("q1", network_tokens=(token,))])
        await unit.record([seen("q1", action=Action.SUMMARY, actor="dr-1")])
    await world.store.stamper.stamp_all()
    await other.stamper.stamp_all()
    yield {TENANT: world.store, OTHER_TENANT: other}
    await other.databases.dispose()


async def report(stores: dict[str, SealedStore], asked: Asked = ALL) -> Report:
    return await gathered(stores, asked, AT, malicious=False)


def handles(found: Report) -> list[list[str]]:
    return [sorted(one.handles) for one in found.people]


async def test_one_person_under_two_handles_is_one(stores: dict[str, SealedStore]) -> None:
    found = await report(stores)
    assert handles(found) == [["kaga Patient/q1", "noto Patient/p1"], ["noto Patient/p2"]]
    first, second = found.people
    assert first.kinds == Counter({"Observation": 1, "?": 1})
    assert (first.sensitive, second.sensitive, found.sensitive) == (True, False, 1)
    assert (found.refused_only, found.unplaced) == (1, 1)
    assert found.searched == {TENANT: 5, OTHER_TENANT: 1}
    assert [english for _, english in found.grounds] == ["sensitive data (Rules Art 7 (i))"]


@pytest.mark.parametrize(
    ("given", "people"),
    [
        ({"actors": {"dr-2"}}, [["noto Patient/p2"]]),
        ({"clients": {"other"}}, [["noto Patient/p2"]]),
        ({"clients": {"dr-2"}}, []),
        ({"requests": {"r1"}, "actors": {"dr-2"}}, [["noto Patient/p2"]]),
        ({"requests": {"r9"}}, []),
        ({"actors": {"Patient/p1"}}, []),
    ],
)
async def test_filters_hold_together(
    stores: dict[str, SealedStore], given: dict[str, set[str]], people: list[list[str]]
) -> None:
    asked = Asked(ALL.since, ALL.until, **{name: frozenset(one) for name, one in given.items()})
    assert handles(await report(stores, asked)) == people


async def test_the_time_is_from_and_before(stores: dict[str, SealedStore]) -> None:
    assert handles(await report(stores, Asked(AT + HOUR, AT + 3 * HOUR))) == [["noto Patient/p4"]]
    assert handles(await report(stores, Asked(AT - HOUR, AT))) == []


async def test_asking_is_recorded_with_what_was_asked(
    world: World, stores: dict[str, SealedStore]
) -> None:
    asked = Asked(ALL.since, ALL.until, actors=frozenset({"dr-1"}))
    await record_asking(stores[TENANT], asked, world.clock, RandomIds())
    found = await report(
        stores, Asked(ALL.since, ALL.until, clients=frozenset({"tasuki-audit-leak"}))
    )
    assert (found.unplaced, found.searched[TENANT]) == (1, 6)
    assert str(asked).endswith("&actors=dr-1")


async def test_a_record_that_does_not_open_is_counted_not_left_out(
    world: World, stores: dict[str, SealedStore]
) -> None:
    await world.rows("UPDATE audit_leaf SET sealed = 'x' WHERE seq = 0 AND tenant = 'noto'")
    found = await report(stores)
    assert found.unreadable == 1
    assert any("CANNOT BE READ: 1" in line for line in lines_of(found))


@pytest.mark.parametrize(
    ("malicious", "final"), [(False, date(2026, 2, 3)), (True, date(2026, 3, 5))]
)
def test_days_are_counted_in_japan_with_the_day_of_knowing_as_the_first(
    malicious: bool, final: date
) -> None:
    knew = datetime(2026, 1, 4, 20, 0, tzinfo=UTC)  # the 5th in Japan
    found = deadlines(knew, malicious=malicious)
    assert found.knew == date(2026, 1, 5)
    assert found.preliminary == (date(2026, 1, 7), date(2026, 1, 9))
    assert found.final == final


@pytest.mark.parametrize(
    ("people", "malicious", "reasons"), [(0, True, 0), (1, True, 1), (1001, False, 1)]
)
def test_reasons_beside_sensitive_data(people: int, malicious: bool, reasons: int) -> None:
    some = [Person({f"noto Patient/{one}"}, Counter({"Patient": 1})) for one in range(people)]
    found = Report(some, 0, 0, {"noto": 1}, 0, malicious, deadlines(AT, malicious=malicious))
    assert len(found.grounds) == reasons
    said = "\n".join(lines_of(found))
    assert ("none in the log" in said) == (reasons == 0)
    assert json.dumps(said)


async def test_names_come_from_the_gate_with_the_caller_s_own_token() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((str(request.url), request.headers["authorization"]))
        if request.url.path.endswith("/p1"):
            name = [{"family": "能登", "given": ["花子"]}]
            return httpx2.Response(200, json={"resourceType": "Patient", "name": name})
        if request.url.path.endswith("/p3"):
            raise httpx2.ConnectError("down")
        return httpx2.Response(403, json={"resourceType": "OperationOutcome", "issue": []})

    people = [Person({f"noto Patient/p{number}"}) for number in (1, 2, 3)]
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        await resolve(people, {"noto": "https://noto.example/fhir"}, "secret", http)
    assert [one.name for one in people] == ["能登 花子", "", ""]
    assert asked[0] == ("https://noto.example/fhir/Patient/p1", "Bearer secret")
