"""What is remembered is what would be decided anew, whatever changed meanwhile; and is of use."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tasuki.consent.decision import facts_but_links
from tasuki.consent.decision.remembered import Facts
from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, Effect
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.records import Method, Stored
from tasuki.shared.access.rulings import Ask, Caller, Interaction, Ruling
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasuki.consent.declarations import Declaration
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.rules import ConsentRule
    from tasuki.shared.access.records import Unit

AT = datetime(2022, 7, 1, 3, 0, tzinfo=UTC)
STEPS = 700
POLICY = ImplicitPolicy(
    "noto", everyday_within=Effect.PERMIT, break_glass=Effect.PERMIT, disaster=Effect.PERMIT
)
AT_NIGHT = '@id("night") forbid (principal, action, resource) when { context.hour < 6 };'
CODED = "http://terminology.hl7.org/CodeSystem"


def principal(**over: Any) -> Principal:
    plain = Principal(
        subject="doctor-1",
        role=Role.CLINICIAN,
        client_id="viewer",
        scopes=parse_scopes("user/*.rs"),
        purpose="TREAT",
        patient=None,
        organization="Organization/1",
        region="noto",
        token_id="t",
        issuer="i",
        actor=(),
        expires_at=AT + timedelta(days=400),
        display=None,
    )
    return replace(plain, **over)


CALLERS: list[dict[str, Any]] = [
    {},
    {"region": "kaga"},
    {"purpose": "DISASTER"},
    {"purpose": "BTG"},
    {"organization": "Organization/2"},
    {"role": Role.RESIDENT, "purpose": "PATRQT", "patient": "Patient/person-1"},
    {"role": Role.PROXY, "purpose": "FAMRQT", "patient": "Patient/person-1"},
    {"role": Role.NURSE, "purpose": "TREAT"},
]


def stored(type_: str, **more: object) -> Stored:
    body = json.dumps({"resourceType": type_, "id": "1", **more}).encode()
    return Stored(type_, "1", "person-1", 1, AT, Method.PUT, body)


def labelled(system: str, code: str) -> dict[str, Any]:
    return {"security": [{"system": f"{CODED}/{system}", "code": code}]}


ROWS = (
    stored("Condition"),
    stored("Condition", meta=labelled("v3-Confidentiality", "R")),
    stored("Condition", code={"text": "HIV感染症"}),
    stored("MedicationRequest", authoredOn="2022-03-01"),
    stored("Observation", meta=labelled("v3-ActCode", "PSY")),
    stored("Observation", encounter={"reference": "Encounter/e1"}),
)


@dataclass
class Snapshot:
    """What a service holds, as `KeptSnapshot` tells it: the same objects until something changes."""

    rules: tuple[ConsentRule, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    old: timedelta | None = timedelta()
    late: FixedClock | None = None  # goes on while the database is asked

    def age(self) -> timedelta | None:
        return self.old

    async def consents(self, unit: Unit, person: str) -> tuple[ConsentRule, ...]:
        del unit, person
        if self.late is not None:
            self.late.advance(timedelta(seconds=1))
        return self.rules

    async def overrides(self, unit: Unit, person: str) -> tuple[()]:
        del unit, person
        return ()


@dataclass
class World:
    """One decider that remembers, and what it decides by."""

    clock: FixedClock
    snapshot: Snapshot
    roles: RoleRules

    def decider(self) -> ConsentDecider:
        held = cast("KeptSnapshot", self.snapshot)
        return ConsentDecider("noto", POLICY, held, roles=self.roles, clock=self.clock)


def told(decider: ConsentDecider, caller: Principal, *types: str) -> tuple[Ruling, list[Any]]:
    ask = Ask(Caller(caller, "r1"), Interaction.READ, "person-1", types)
    ruling = asyncio.run(decider.rule(cast("Unit", None), ask))
    seen = [(ruling.admits_stored(row), ruling.masks_stored(row)) for row in ROWS]
    parsed = [json.loads(row.body or b"") for row in ROWS]
    assert seen == [(ruling.admits(one), ruling.masks(one)) for one in parsed]
    return ruling, [ruling.permitted, ruling.hidden, ruling.basis, ruling.withheld_types, seen]


def world_with(file: Path | None) -> World:
    clock = FixedClock(AT)
    return World(clock, Snapshot(), RoleRules(Place("region", "noto"), clock, file))


@pytest.fixture(params=["night", "always"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    if request.param == "always":
        return world_with(None)
    file = tmp_path / "operator.cedar"
    file.write_text(AT_NIGHT, encoding="utf-8")
    return world_with(file)


@pytest.fixture
def rules(rule_of: Callable[..., ConsentRule]) -> list[tuple[ConsentRule, ...]]:
    soon = {"start": "2022-07-01", "end": "2022-07-03"}
    related = {"meaning": "related", "reference": {"reference": "Encounter/e1"}}
    made = [
        rule_of({"type": "deny", "purpose": ["TREAT"]}, id="c1"),
        rule_of({"type": "permit", "purpose": ["TREAT"], "period": soon}, id="c2"),
        rule_of({"type": "deny", "actor": ["Organization/2"], "class": ["Condition"]}, id="c3"),
        rule_of({"type": "permit", "securityLabel": ["R", "PSY"]}, id="c4", dateTime="2022-07-02"),
        rule_of({"type": "deny", "data": [related]}, id="c5"),
    ]
    return [(), *((one,) for one in made), (made[1], made[2]), (made[3], made[4])]


@pytest.mark.parametrize("seed", range(2))
def test_what_is_remembered_is_what_would_be_decided(
    world: World,
    rules: list[tuple[ConsentRule, ...]],
    declaration_of: Callable[..., Declaration],
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - which case comes next is no secret
    declared = declaration_of(classes=EMERGENCY_CLASSES)
    declarations = [(), (declared,), (replace(declared, end=AT + timedelta(days=2)),)]
    callers = [principal(**one) for one in CALLERS]
    decider = world.decider()
    answers: dict[str, int] = {}
    for _ in range(STEPS):
        match chance.randrange(8):
            case 0:
                world.snapshot.rules = chance.choice(rules)
            case 1:
                world.snapshot.declarations = chance.choice(declarations)
            case 2:
                world.clock.advance(timedelta(hours=chance.uniform(-12, 13)))
            case 3:
                world.snapshot.old = chance.choice((timedelta(), timedelta(minutes=2), None))
            case 4:
                at = chance.randrange(len(CALLERS))
                callers[at] = principal(**CALLERS[at], token_id=str(chance.random()))
            case _:
                world.snapshot.old = timedelta()
        caller = chance.choice(callers)
        types = chance.choice((("Condition",), ("Condition", "MedicationRequest", "Observation")))
        _, said = told(decider, caller, *types)
        assert said == told(world.decider(), caller, *types)[1]
        answers[str(said)] = answers.get(str(said), 0) + 1
    assert len(answers) > 12  # or else nothing that changed has mattered


def test_the_same_question_is_not_decided_again_until_something_changes(
    world: World, rules: list[tuple[ConsentRule, ...]]
) -> None:
    decider, caller = world.decider(), principal()
    world.snapshot.rules = rules[6]
    first, _ = told(decider, caller, "Condition")
    assert told(decider, caller, "Condition")[0] is first
    assert told(decider, principal(), "Condition")[0] is not first
    assert told(decider, caller, "Observation")[0] is not first
    world.clock.advance(timedelta(days=3))  # to where a Consent and a policy may say otherwise
    assert told(decider, caller, "Condition")[0] is not first


def test_what_was_asked_in_one_hour_is_no_answer_of_the_next(tmp_path: Path) -> None:
    file = tmp_path / "operator.cedar"
    file.write_text(AT_NIGHT, encoding="utf-8")
    world = world_with(file)
    world.snapshot.late = world.clock
    world.clock.at = AT.replace(hour=15) - timedelta(milliseconds=500)  # before midnight in Japan
    decider, caller = world.decider(), principal()
    assert told(decider, caller, "Condition")[0].permitted
    world.clock.advance(timedelta(minutes=4))
    assert not told(decider, caller, "Condition")[0].permitted


def test_facts_are_found_by_what_a_resource_says() -> None:
    """A backup put back may bring another content under the same id and version."""
    facts = Facts(kept=2)
    for row in (*ROWS, *reversed(ROWS)):
        assert row.body is not None
        assert facts.of(row.body) == facts_but_links(json.loads(row.body))
        assert facts.of(row.body) is facts.of(row.body)
