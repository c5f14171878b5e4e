"""The 23 example Consents of IHE PCF, against the effects the guide publishes for 16 of them.

https://profiles.ihe.net/ITI/PCF/ (content CC BY 4.0, see tests/data/consent/ihe-pcf/SOURCES.md)

Each case is one request against one example on its own, with no implicit policy, so that only the
Consent speaks. Where we read PCF differently:

1. `intermediate-purpose` permits a purpose of an example system (FooBar). We refuse the Consent
   when it is recorded: a purpose nobody here can declare cannot be kept.
2. An override (BTG) needs a reason and an hour beside the Consent that provides for it.
3. A permit of R covers everything below R; the published tokens list N and R side by side.
4. A refusal of R covers V too. The guide calls its example's refusal redundant, and here it is.
5. The notes say `deny` for one residual rule (not-authoredby) and `forbid` elsewhere: one thing.
6. A nested permit without a purpose holds for the root's purposes only. The guide leaves it open.
7. The focused examples list PSY apart from N; a resource with a sensitivity and no level counts as R.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision import (
    AccessRequest,
    BreakGlass,
    Deny,
    DenyReason,
    Fate,
    Permit,
    ResourceFacts,
    decide,
    facts_of,
)
from tasuki.consent.provisions import read_consent
from tasuki.consent.times import stretch_of
from tasuki.consent.vocabulary import ActorRole, Level, Purpose
from tasuki.consent.wire import pcf_residual
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

ALL = (
    "advanced-normal",
    "advanced-normal-break-glass-restricted",
    "advanced-normal-focused-psy",
    "advanced-normal-focused-psy-or-sdv",
    "advanced-normal-focused-restricted",
    "advanced-normal-not-restricted",
    "advanced-normal-restricted",
    "basic-ink",
    "basic-reject",
    "basic-research",
    "basic-treat",
    "basic-treat-infant",
    "expired-treat",
    "intermediate-authoredby",
    "intermediate-data",
    "intermediate-encounter",
    "intermediate-not-authoredby",
    "intermediate-not-data",
    "intermediate-not-encounter",
    "intermediate-not-timeframe",
    "intermediate-purpose",
    "intermediate-timeframe",
    "dissent-intermediate-break-glass",
)
SYSTEM = "http://terminology.hl7.org/CodeSystem"
FORBID_ALL: dict[str, Any] = {"type": "forbid"}


def _name(short: str) -> str:
    return f"Consent-ex-{'' if short.startswith('dissent') else 'consent-'}{short}"


def _label(effect: str, *codes: str) -> dict[str, Any]:
    return {
        "type": effect,
        "securityLabel": [
            {
                "system": f"{SYSTEM}/{'v3-Confidentiality' if len(c) == 1 else 'v3-ActCode'}",
                "code": c,
            }
            for c in codes
        ],
    }


def _data(effect: str, meaning: str, *references: str) -> dict[str, Any]:
    return {
        "type": effect,
        "data": [{"meaning": meaning, "reference": {"reference": r}} for r in references],
    }


YEAR_2022 = {"start": "2021-12-31T15:00:00+00:00", "end": "2022-12-31T15:00:00+00:00"}
SAMPLES = ("weight-2", "weight", "bloodPressure", "bloodSugar", "alcoholUse")
SIX = ("Encounter/ex-encounter", *(f"Observation/ex-{name}" for name in SAMPLES))
# The residual each published token carries, for the named practitioner, asked for treatment.
PUBLISHED: dict[str, list[dict[str, Any]]] = {
    "basic-treat": [],
    "advanced-normal": [FORBID_ALL, _label("permit", "N")],
    "advanced-normal-restricted": [FORBID_ALL, _label("permit", "R")],  # reading 3
    "advanced-normal-not-restricted": [
        FORBID_ALL,
        _label("permit", "N"),
        _label("forbid", "R"),
    ],
    "advanced-normal-focused-psy": [FORBID_ALL, _label("permit", "N"), _label("permit", "PSY")],
    "advanced-normal-focused-psy-or-sdv": [
        FORBID_ALL,
        _label("permit", "N"),
        _label("permit", "PSY", "SDV"),
    ],
    "intermediate-authoredby": [
        FORBID_ALL,
        _data("permit", "authoredby", "Practitioner/ex-practitioner"),
    ],
    "intermediate-data": [FORBID_ALL, _data("permit", "instance", *SIX)],
    "intermediate-encounter": [FORBID_ALL, _data("permit", "related", "Encounter/ex-encounter")],
    "intermediate-not-authoredby": [
        _data("forbid", "authoredby", "Practitioner/ex-practitioner")  # reading 5
    ],
    "intermediate-not-data": [_data("forbid", "instance", "Observation/ex-alcoholUse")],
    "intermediate-not-encounter": [_data("forbid", "related", "Encounter/ex-encounter")],
    "intermediate-timeframe": [FORBID_ALL, {"type": "permit", "dataPeriod": YEAR_2022}],
    "intermediate-not-timeframe": [{"type": "forbid", "dataPeriod": YEAR_2022}],
}


@pytest.fixture(scope="module")
def asked(
    request_of: Callable[..., AccessRequest], example: Callable[[str], dict[str, Any]]
) -> Callable[..., AccessRequest]:
    def build(short: str, **over: Any) -> AccessRequest:
        consent = read_consent(example(_name(short))).held_for("person-1")
        return request_of(consents=(consent,), **over)

    return build


@pytest.mark.parametrize("short", [name for name in ALL if name != "intermediate-purpose"])
def test_every_example_reads(short: str, example: Callable[[str], dict[str, Any]]) -> None:
    rule = read_consent(example(_name(short)))
    assert rule.patient == "Patient/ex-patient"


def test_a_purpose_nobody_can_declare_is_refused(example: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(Fault) as caught:
        read_consent(example(_name("intermediate-purpose")))
    assert caught.value.at == ("Consent.provision.purpose[0]",)


def test_a_rejection_refuses_every_purpose_it_names(asked: Callable[..., AccessRequest]) -> None:
    for purpose in (Purpose.TREAT, Purpose.HPAYMT, Purpose.HOPERAT):
        decision = decide(asked("basic-reject", purpose=purpose))
        assert isinstance(decision, Deny)
        assert decision.reason is DenyReason.REFUSED


@pytest.mark.parametrize("short", PUBLISHED)
def test_a_purpose_the_consent_does_not_name_is_not_permitted(
    short: str, asked: Callable[..., AccessRequest]
) -> None:
    assert isinstance(decide(asked(short, purpose=Purpose.HRESCH)), Deny)


def test_a_consent_ends(asked: Callable[..., AccessRequest]) -> None:
    assert isinstance(decide(asked("expired-treat")), Permit)
    for day, permitted in (
        ("2022-12-31T23:59:59+09:00", True),
        ("2023-01-01T00:00:00+09:00", False),
    ):
        stretch = stretch_of(day)
        assert stretch is not None
        assert isinstance(decide(asked("expired-treat", at=stretch.start)), Permit) is permitted


def test_research_is_permitted_by_its_own_consent_alone(
    asked: Callable[..., AccessRequest], now: datetime
) -> None:
    backend = {"role": ActorRole.HOSPITAL, "at": now.replace(year=2024)}
    assert isinstance(decide(asked("basic-research", purpose=Purpose.HRESCH, **backend)), Permit)
    assert isinstance(decide(asked("basic-research", purpose=Purpose.TREAT, **backend)), Deny)


def test_a_dissent_with_break_glass_opens_to_the_group_that_broke_it(
    asked: Callable[..., AccessRequest], override_of: Callable[..., BreakGlass]
) -> None:
    short = "dissent-intermediate-break-glass"
    plain = asked(short)
    privileged = replace(plain.actor, also_named=frozenset({"Group/ex-privilegedUsers"}))
    assert isinstance(decide(replace(plain, actor=privileged)), Deny)
    override = {"purpose": Purpose.BTG, "break_glass": override_of()}
    assert isinstance(decide(asked(short, **override)), Deny)
    assert isinstance(decide(asked(short, actor=privileged, purpose=Purpose.BTG)), Deny)
    decision = decide(asked(short, actor=privileged, **override))
    assert isinstance(decision, Permit)
    assert pcf_residual(decision.residual.voices[0]) == [
        {"type": "forbid"}  # the base, which the published token leaves unsaid: the permit is last
    ]


@pytest.mark.parametrize(("short", "residual"), PUBLISHED.items())
def test_the_residual_is_the_published_one(
    short: str, residual: list[dict[str, Any]], asked: Callable[..., AccessRequest]
) -> None:
    decision = decide(asked(short))
    assert isinstance(decision, Permit)
    assert pcf_residual(decision.residual.voices[0]) == residual
    assert [c.id for c in decision.basis.consents] == [_name(short).removeprefix("Consent-")]


@pytest.mark.parametrize("short", ["basic-ink", "basic-treat-infant", "expired-treat"])
def test_how_a_consent_was_given_does_not_change_its_effect(
    short: str, asked: Callable[..., AccessRequest]
) -> None:
    decision = decide(asked(short))
    assert isinstance(decision, Permit)
    assert pcf_residual(decision.residual.voices[0]) == []


def _levels(decision: object) -> set[Level]:
    assert isinstance(decision, Permit)
    released = set()
    for level in Level:
        facts = ResourceFacts("Observation", f"Observation/{level.name}", level=level)
        if decision.residual.fate(facts) is Fate.RELEASE:
            released.add(level)
    return released


NORMAL = {Level.U, Level.L, Level.M, Level.N}


def test_restricted_data_open_to_the_named_practitioner_only(
    asked: Callable[..., AccessRequest],
) -> None:
    short = "advanced-normal-focused-restricted"
    assert _levels(decide(asked(short))) == NORMAL | {Level.R}
    other = replace(asked(short).actor, subject="Practitioner/other")
    assert _levels(decide(asked(short, actor=other))) == NORMAL


def test_restricted_data_open_to_the_group_under_break_glass_only(
    asked: Callable[..., AccessRequest], override_of: Callable[..., BreakGlass]
) -> None:
    short = "advanced-normal-break-glass-restricted"
    privileged = replace(asked(short).actor, also_named=frozenset({"Group/ex-privilegedUsers"}))
    assert _levels(decide(asked(short, actor=privileged))) == NORMAL
    override = {"purpose": Purpose.BTG, "break_glass": override_of()}
    assert isinstance(decide(asked(short, **override)), Deny)
    assert _levels(decide(asked(short, actor=privileged, **override))) == NORMAL | {Level.R}


EVERY = set(SAMPLES)


@pytest.mark.parametrize(
    ("short", "released"),
    [
        ("basic-treat", EVERY),
        ("advanced-normal", EVERY - {"alcoholUse"}),
        ("advanced-normal-restricted", EVERY),
        ("advanced-normal-not-restricted", EVERY - {"alcoholUse"}),
        ("advanced-normal-focused-psy", EVERY - {"alcoholUse"}),  # ETHUD is not PSY
        ("intermediate-authoredby", set()),  # all are by another practitioner
        ("intermediate-not-authoredby", EVERY),
        ("intermediate-data", EVERY),
        ("intermediate-not-data", EVERY - {"alcoholUse"}),
    ],
)
def test_the_example_resources_meet_their_fate(
    short: str,
    released: set[str],
    asked: Callable[..., AccessRequest],
    example: Callable[[str], dict[str, Any]],
) -> None:
    decision = decide(asked(short))
    assert isinstance(decision, Permit)
    found = {
        name
        for name in SAMPLES
        if decision.residual.fate(facts_of(example(f"Observation-ex-{name}"))) is Fate.RELEASE
    }
    assert found == released


@pytest.mark.parametrize(
    ("relation", "permitted", "refused"),
    [
        ("encounter", "intermediate-encounter", "intermediate-not-encounter"),
        ("timeframe", "intermediate-timeframe", "intermediate-not-timeframe"),
    ],
)
def test_a_permit_and_its_mirrored_refusal_share_the_examples_out(
    relation: str,
    permitted: str,
    refused: str,
    asked: Callable[..., AccessRequest],
    example: Callable[[str], dict[str, Any]],
) -> None:
    yes, no = decide(asked(permitted)), decide(asked(refused))
    assert isinstance(yes, Permit)
    assert isinstance(no, Permit)
    for name in SAMPLES:
        facts = facts_of(example(f"Observation-ex-{name}"))
        within = (
            "Encounter/ex-encounter" in (facts.links or ())
            if relation == "encounter"
            else facts.period is not None and facts.period.start.year == 2022
        )
        assert (yes.residual.fate(facts) is Fate.RELEASE) is within
        assert (no.residual.fate(facts) is Fate.RELEASE) is not within
