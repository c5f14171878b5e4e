"""`decide` against a plain evaluator that walks raw Consent JSON for one resource at a time.

The evaluator stands in conftest.py and shares no code with the product. Both must agree on every
generated set of Consents, request and resource. Properties of refusal stand beside it.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.consent.decision import (
    AccessRequest,
    Actor,
    BreakGlass,
    BreakGlassReason,
    Deny,
    Fate,
    Permit,
    decide,
    facts_of,
)
from tasuki.consent.decision.moments import same_answer_within
from tasuki.consent.policy import ImplicitPolicy, read_implicit_policy
from tasuki.consent.provisions import read_consent
from tasuki.consent.times import BEGINNING
from tasuki.consent.vocabulary import ActorRole, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasuki.consent.declarations import Declaration

TODAY = "2022-07-01"
INSTANT = timedelta(microseconds=1)
SYSTEM = "http://terminology.hl7.org/CodeSystem"


@dataclass
class Case:
    """One question in plain words; `names` are those the actor shows."""

    purpose: str
    role: str
    names: frozenset[str]
    within: bool
    allowed: frozenset[str]  # answers of the implicit policy that are "permit"
    declared: str  # "real", "drill" or ""
    drill: bool
    life: bool
    second: bool


DATES = ("2020", "2022-01", "2022-03-01", "2022-06-13", "2022-07", TODAY, "2022-08-01")
NAMES = ("Organization/o1", "Organization/o2", "Practitioner/p1", "Practitioner/p2", "Group/g1")
ROLE = {"coding": [{"system": f"{SYSTEM}/v3-ParticipationType", "code": "IRCP"}]}


TYPE_NAMES = ("MedicationRequest", "Condition", "Observation", "AllergyIntolerance")
PURPOSES = ("TREAT", "ETREAT", "BTG", "DISASTER", "HRESCH")
PERIODS: list[dict[str, str]] = [
    {"start": "2022"},
    {"end": "2022-06-30"},
    {"end": TODAY},
    {"start": "2022-03-01", "end": "2022-08"},
    {"start": "2022-08-01"},
]
DATA = (
    ("instance", "Condition/1"),
    ("related", "Encounter/e1"),
    ("authoredby", "Practitioner/p1"),
)


class Chance:
    """Draws cases from a seed: thousands a second, and a failing seed can be run again."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - test cases, not secrets

    def some(self, values: Sequence[str]) -> list[str]:
        return self.rng.sample(values, self.rng.choice((1, 1, 2)))

    def coded(self, system: str, *values: str) -> list[dict[str, str]]:
        return [{"system": system, "code": code} for code in self.some(values)]

    def element(self, name: str) -> object:
        if name == "purpose":
            return self.coded(f"{SYSTEM}/v3-ActReason", *PURPOSES)
        if name == "actor":
            return [{"role": ROLE, "reference": {"reference": n}} for n in self.some(NAMES)]
        if name == "class":
            return self.coded("http://hl7.org/fhir/resource-types", *TYPE_NAMES)
        if name == "securityLabel":
            return [_label(code) for code in self.some(("N", "R", "V", "PSY", "HIV"))]
        if name == "data":
            meaning, reference = self.rng.choice(DATA)
            return [{"meaning": meaning, "reference": {"reference": reference}}]
        return self.rng.choice(PERIODS)

    def provision(self, kinds: tuple[str, ...]) -> dict[str, Any]:
        """One provision with at most three elements stated, so that some of them match."""
        names = ("purpose", "actor", "period", "class", "securityLabel", "dataPeriod", "data")
        stated = self.rng.sample(names, self.rng.choice((0, 1, 1, 2, 2, 3)))
        return {
            "type": self.rng.choice(kinds),
            **{name: self.element(name) for name in stated},
        }

    def consent(self, kinds: tuple[str, ...] = ("permit", "deny")) -> dict[str, Any]:
        nested = [self.provision(kinds) for _ in range(self.rng.choice((0, 0, 1, 1, 2)))]
        policy = self.rng.choice(["urn:p:1", "urn:p:2", "urn:p:3"])
        root = {**self.provision(kinds), **({"provision": nested} if nested else {})}
        return _whole(
            root,
            id=f"c{self.rng.randrange(99)}",
            status=self.rng.choice(("active", "active", "active", "inactive", "rejected", "draft")),
            dateTime=self.rng.choice(DATES),
            policy=[{"uri": policy}],
        )

    def consents(self, most: int) -> list[dict[str, Any]]:
        return [self.consent() for _ in range(self.rng.randint(0, most))]

    def case(self) -> Case:
        answers = ("everyday_within", "everyday_across", "disaster", "break_glass")
        shown = self.rng.choice(([], ["Organization/o1"], ["Group/g1"], [NAMES[0], NAMES[-1]]))
        return Case(
            purpose=self.rng.choice(("TREAT", *PURPOSES)),
            role=self.rng.choice(("clinician", "clinician", "clinician", "nurse", "hospital")),
            names=frozenset({"Practitioner/p1", *shown}),
            within=self.rng.random() < 0.5,
            allowed=frozenset(self.rng.sample(answers, self.rng.randint(0, 4))),
            declared=self.rng.choice(("real", "real", "drill", "")),
            drill=self.rng.random() < 0.3,
            life=self.rng.random() < 0.5,
            second=self.rng.random() < 0.5,
        )


def _label(code: str) -> dict[str, str]:
    system = "v3-Confidentiality" if len(code) == 1 else "v3-ActCode"
    return {"system": f"{SYSTEM}/{system}", "code": code}


def _whole(root: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "scope": {"coding": [{"system": f"{SYSTEM}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/1"},
        "provision": root,
        **more,
    }


def _resource(kind: str, number: str, *labels: str, **more: object) -> dict[str, Any]:
    security = [_label(code) for code in labels]
    return {"resourceType": kind, "id": number, "meta": {"security": security}, **more}


RESOURCES = [
    _resource("Condition", "1", performer=[{"reference": "Practitioner/p1"}]),
    _resource("Condition", "2", "PSY", effectiveDateTime="2022-05-01"),
    _resource("MedicationRequest", "1", effectiveDateTime="2022-02"),
    _resource("MedicationRequest", "2", "R", "HIV", performer=[{"reference": "Practitioner/p2"}]),
    _resource("MedicationStatement", "1", "V", encounter={"reference": "Encounter/e1"}),
    _resource("AllergyIntolerance", "1", "U", "HIV", "PSY"),
    _resource("AllergyIntolerance", "2"),
    _resource("Observation", "1", "N", effectiveDateTime="2021"),
    _resource("Observation", "2", "L", encounter={"reference": "Encounter/e2"}),
]


@dataclass(frozen=True)
class Builders:
    request_of: Callable[..., AccessRequest]
    declaration_of: Callable[..., Declaration]
    override_of: Callable[..., BreakGlass]

    def ask(self, case: Case, held: list[dict[str, Any]]) -> AccessRequest:
        """Say a case in the product's terms."""
        base = self.request_of()
        organizations = [name for name in case.names if name.startswith("Organization")]
        actor = Actor(
            "Practitioner/p1",
            organization=organizations[0] if organizations else None,
            region="kaga" if case.within else "noto",
            provisioned_until=base.actor.provisioned_until,
            also_named=frozenset(name for name in case.names if name.startswith("Group")),
        )
        policy = read_implicit_policy({"region": "kaga", **dict.fromkeys(case.allowed, "permit")})
        declared = (self.declaration_of(drill=case.declared == "drill"),) if case.declared else ()
        return self.request_of(
            purpose=Purpose(case.purpose),
            role=ActorRole(case.role),
            actor=actor,
            policy=policy,
            declarations=declared,
            municipality="172049",
            drill_resident=case.drill,
            break_glass=self.override_of(
                reason=BreakGlassReason.LIFE if case.life else BreakGlassReason.FAMILY,
                second_person="Practitioner/p9" if case.second else None,
            ),
            consents=tuple(read_consent(one).held_for("person-1") for one in held),
        )


def _fates(request: AccessRequest) -> list[Fate]:
    decision = decide(request)
    if isinstance(decision, Deny):
        return [Fate.WITHHOLD] * len(RESOURCES)
    return [decision.residual.fate(facts_of(resource)) for resource in RESOURCES]


SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=300, deadline=None)
QUICK = range(50_000)
THOROUGH = range(50_000, 1_050_000)


@pytest.fixture(scope="module")
def build(
    request_of: Callable[..., AccessRequest],
    declaration_of: Callable[..., Declaration],
    override_of: Callable[..., BreakGlass],
) -> Builders:
    return Builders(request_of, declaration_of, override_of)


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(THOROUGH, id="thorough", marks=[pytest.mark.slow, pytest.mark.timeout(3_000)]),
    ],
)
def test_decide_agrees_with_the_plain_evaluator(
    build: Builders, plain: Callable[..., str], seeds: range
) -> None:
    """Each seed is a set of Consents and a request, asked of every resource."""
    differing = []
    for seed in seeds:
        chance = Chance(seed)
        case, held = chance.case(), chance.consents(4)
        expected = [plain(case, held, resource) for resource in RESOURCES]
        if [fate.name.lower() for fate in _fates(build.ask(case, held))] != expected:
            differing.append(seed)
    assert differing == []


@pytest.mark.parametrize("seeds", [range(4_000)])
def test_time_changes_no_answer_but_at_the_moments_named(build: Builders, seeds: range) -> None:
    """Rulings are kept for as long as this says; on either side of it the answer may be another."""
    changed = 0
    for seed in seeds:
        chance = Chance(seed)
        case, held = chance.case(), chance.consents(4)
        asked = build.ask(case, held)
        # Close to the declaration and the override, and far from them.
        hours = chance.rng.choice((1, 300, 30_000))
        at = asked.at + timedelta(hours=chance.rng.uniform(-hours, hours))
        soon = asked.at + timedelta(minutes=seed % 50)
        ends: dict[str, Any] = ({}, {"end": soon}, {"closed_at": soon})[seed % 3]
        asked = replace(
            asked,
            at=at,
            declarations=tuple(replace(one, **ends) for one in asked.declarations),
        )
        within = same_answer_within(asked)
        assert within.holds(at)
        left = min(within.end, at + timedelta(days=900)) - at
        inside = (within.start, within.end - INSTANT, at + left * chance.rng.random())
        said = _said(asked)
        assert all(_said(replace(asked, at=one)) == said for one in inside)
        changed += any(
            _said(replace(asked, at=one)) != said
            for one in (within.start - INSTANT if within.start > BEGINNING else at, within.end)
        )
    assert changed > len(seeds) / 10  # or else nothing in these cases depends on time


def _said(request: AccessRequest) -> tuple[list[Fate], str]:
    decision = decide(request)
    return _fates(request), f"{type(decision)}{decision.basis}"


def test_the_generated_cases_reach_every_fate(plain: Callable[..., str]) -> None:
    """The agreement would mean little if nearly all cases were denied."""
    found: Counter[str] = Counter()
    for seed in range(300):
        chance = Chance(seed)
        case, held = chance.case(), chance.consents(4)
        found.update(plain(case, held, resource) for resource in RESOURCES)
    assert found["release"] > 300
    assert found["mask"] > 10
    assert found["withhold"] > 300


@FEW
@given(seed=SEEDS)
def test_a_refusal_under_a_policy_of_its_own_never_widens(build: Builders, seed: int) -> None:
    chance = Chance(seed)
    case, held = chance.case(), chance.consents(3)
    own = {**chance.consent(("deny",)), "policy": [{"uri": "urn:p:own"}]}
    before, after = _fates(build.ask(case, held)), _fates(build.ask(case, [*held, own]))
    assert all(new >= old for old, new in zip(before, after, strict=True))


@FEW
@given(seed=SEEDS, policy=st.integers(1, 3))
def test_refusing_everything_now_leaves_nothing(build: Builders, seed: int, policy: int) -> None:
    chance = Chance(seed)
    case, held = replace(chance.case(), life=False), chance.consents(3)
    uri = [{"uri": f"urn:p:{policy}"}]
    refusal = _whole({"type": "deny"}, id="no", status="active", dateTime=TODAY, policy=uri)
    assert set(_fates(build.ask(case, [*held, refusal]))) == {Fate.WITHHOLD}


@FEW
@given(seed=SEEDS)
def test_nothing_is_permitted_with_an_empty_policy_and_no_consents(
    build: Builders, seed: int
) -> None:
    request = build.ask(Chance(seed).case(), [])
    assert isinstance(decide(replace(request, policy=None)), Deny)
    assert isinstance(decide(replace(request, policy=ImplicitPolicy("kaga"))), Deny)


@FEW
@given(seed=SEEDS)
def test_nothing_is_permitted_without_a_purpose_a_role_or_a_question(
    build: Builders, seed: int
) -> None:
    chance = Chance(seed)
    request = build.ask(chance.case(), chance.consents(3))
    assert isinstance(decide(replace(request, purpose=None)), Deny)
    assert isinstance(decide(replace(request, role=None)), Deny)
    assert isinstance(decide(replace(request, classes=frozenset())), Deny)


@FEW
@given(seed=SEEDS)
def test_a_type_said_to_be_withheld_never_leaves(build: Builders, seed: int) -> None:
    chance = Chance(seed)
    decision = decide(build.ask(chance.case(), chance.consents(4)))
    withheld = decision.residual.withheld_types() if isinstance(decision, Permit) else frozenset()
    for resource in RESOURCES:
        if isinstance(decision, Permit) and resource["resourceType"] in withheld:
            assert decision.residual.fate(facts_of(resource)) is Fate.WITHHOLD
