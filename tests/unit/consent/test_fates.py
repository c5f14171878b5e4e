"""What a resident is told of their records is what becomes of them: at the gate, and at the desk.

For whatever people may say, recorded or supposed: docs/api/consent/decide.md
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.access.desk_reference import Declared
from tests.access.desk_reference import fate as desk_fate
from tests.access.desk_world import AT_THE_DESK
from tests.access.labels import ACT_CODE, CONFIDENTIALITY, Label
from tests.access.records import Person
from tests.access.saying import Asker, Thing
from tests.access.wishes import DENY, State, consent_of, generated

from tasuki.consent.decide_routes import answer_body
from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.fates import kinds
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.overrides.grant import Grant
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.questions import Known, Question, answered
from tasuki.consent.vocabulary import Effect
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Ask, Caller, Interaction, Ruling
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.rules import HeldConsent
    from tasuki.shared.access.records import Unit

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ME = "Patient/elsewhere"
OPEN = ImplicitPolicy(
    "noto",
    everyday_within=Effect.PERMIT,
    disaster=Effect.PERMIT,
    break_glass=Effect.PERMIT,
)
RULES = RoleRules(Place("region", "noto"), FixedClock(AT))
CLASSES = {
    "allergies": ("AllergyIntolerance",),
    "medicines": ("MedicationRequest", "MedicationStatement", "MedicationDispense"),
    "conditions": ("Condition",),
    "contacts": ("Patient", "RelatedPerson"),
    "other": ("Observation", "Provenance", "DiagnosticReport", "Immunization"),
}
OVERRIDES: list[dict[str, Any] | None] = [
    None,
    {"reason": "life"},
    {"reason": "life", "agreed": True},
    {"reason": "oral-consent"},
    {"reason": "family", "agreed": True},
]


@dataclass
class Snapshot:
    """What a service holds, as `KeptSnapshot` tells it."""

    said: tuple[HeldConsent, ...]
    grants: tuple[Grant, ...] = ()
    declarations: tuple[()] = field(default=())

    def age(self) -> timedelta:
        return timedelta()

    async def consents(self, *_: object) -> tuple[HeldConsent, ...]:
        return self.said

    async def overrides(self, *_: object) -> tuple[Grant, ...]:
        return self.grants


def said_by(state: State) -> list[dict[str, Any]]:
    return [consent_of(wish, f"c{number}") for number, wish in enumerate(state.wishes)]


def known(consents: list[dict[str, Any]], role: str) -> Known:
    held = {one["id"]: read_held_consent(one).held_for("p") for one in consents}
    heard = RULES.heard(Role(role))  # type: ignore[arg-type]  # the same words
    return Known("p", ME, AT, held, (), OPEN, heard)


def told(question: dict[str, Any], on_record: list[dict[str, Any]]) -> dict[str, Any]:
    asked = Question.model_validate({"holder_region": "noto", "classes": list(CLASSES), **question})
    body = answer_body(asked, answered(asked, known(on_record, question["role"])))
    body["fates"] = {
        (one["class"], one["kind"]): one["told"] for one in cast("Any", body["records"])
    }
    return body


def at_the_gate(state: State, region: str, override: dict[str, Any] | None) -> Ruling:
    grants = []
    if override is not None:
        second = "colleague" if override.get("agreed") else None
        reason = BreakGlassReason(override["reason"])
        grants = [Grant("o", "doctor", reason, "x", AT, AT + timedelta(hours=1), second)]
    held = tuple(read_held_consent(one).held_for("p") for one in said_by(state))
    snapshot = cast("KeptSnapshot", Snapshot(held, tuple(grants)))
    decider = ConsentDecider("noto", OPEN, snapshot, roles=RULES, clock=FixedClock(AT))
    doctor = Principal(
        subject="doctor",
        role=Role.CLINICIAN,
        client_id="viewer",
        scopes=parse_scopes("user/*.rs"),
        purpose="TREAT" if override is None else "BTG",
        patient=None,
        organization=None,
        region=region,
        token_id="t",
        issuer="i",
        actor=(),
        expires_at=AT + timedelta(hours=2),
        display=None,
    )
    types = tuple(name for names in CLASSES.values() for name in names)
    ask = Ask(Caller(doctor, "r"), Interaction.READ, "p", types)
    return asyncio.run(decider.rule(cast("Unit", None), ask))


def label_of(kind: str) -> Label:
    levels = {"ordinary": (), "restricted": ("R",), "very-restricted": ("V",)}
    if kind in levels:
        return Label(levels=levels[kind])
    return Label(kinds=((ACT_CODE, kind),))


def body_of(type_: str, kind: str) -> dict[str, Any]:
    label = label_of(kind)
    security = [{"system": CONFIDENTIALITY, "code": code} for code in label.levels]
    security += [{"system": system, "code": code} for system, code in label.kinds]
    return {"resourceType": type_, "id": "x", "meta": {"security": security}}


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_the_gate_does(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    state = generated(dice, "BTG")
    region, override = dice.choice(("noto", "kaga")), dice.choice(OVERRIDES)
    question = {
        "role": "clinician",
        "purpose": "TREAT" if override is None else "BTG",
        "actor_region": region,
        "override": override,
        "supposed": said_by(state),
    }
    answer = told(question, [])
    ruling = at_the_gate(state, region, override)
    found = {}
    for (data_class, kind), fate in answer["fates"].items():
        for type_ in CLASSES[data_class]:
            body = body_of(type_, kind)
            real = (
                "shown" if ruling.admits(body) else "masked" if ruling.masks(body) else "withheld"
            )
            found[(data_class, kind, type_)] = (real, fate)
    assert [one for one in found.items() if one[1][1] not in (one[1][0], "depends")] == []
    assert answer["permitted"] is ruling.permitted


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_the_desk_does(seed: int) -> None:
    """The desk is held to the same plain model by tests/access/test_desk.py."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice
    state = generated(dice, "DISASTER")
    answer = told(
        {"role": "nurse", "purpose": "DISASTER", "declared": True, "supposed": said_by(state)}, []
    )
    nobody = next(one for one in AT_THE_DESK if one.name == "nurse, of nowhere")
    asker, person = Asker(nobody, "shelter", None), Person("", state, "shelter")
    for data_class in ("allergies", "medicines", "conditions", "contacts"):
        medicines = data_class == "medicines"
        type_ = "MedicationStatement" if medicines else CLASSES[data_class][0]
        for kind in kinds():
            real = desk_fate(asker, person, Declared(), Thing(type_, label_of(kind)))
            fate = answer["fates"][(data_class, kind)]
            assert fate in (real, "depends"), (data_class, kind)


def test_as_the_region_has_it() -> None:
    """Where nobody spoke: ordinary records in everyday care; of what is restricted, that it is there."""
    fates = told({"role": "clinician", "purpose": "TREAT", "actor_region": "noto"}, [])["fates"]
    assert {fates[(one, "ordinary")] for one in CLASSES} == {"shown"}
    assert {fates[("conditions", kind)] for kind in kinds()[1:]} == {"withheld"}
    assert {fates[(one, "HIV")] for one in ("allergies", "medicines")} == {"masked"}
    agreed = {"purpose": "BTG", "override": {"reason": "life", "agreed": True}}
    urgent = told({"role": "clinician", "actor_region": "noto", **agreed}, [])["fates"]
    assert {urgent[(one, "PSY")] for one in CLASSES} == {"shown", "withheld"}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"patient": {"reference": "Patient/somebody"}}, ()),
        ({"status": "unheard-of"}, ("Consent.status",)),
        ({"provision": {"type": "maybe"}}, ("Consent.provision.type",)),
    ],
)
def test_what_would_not_be_accepted_is_not_supposed(
    changed: dict[str, Any], place: tuple[str, ...]
) -> None:
    (one,) = said_by(generated(random.Random(1)))[:1]  # noqa: S311 - a repeatable choice
    with pytest.raises(Fault) as refused:
        told({"role": "nurse", "purpose": "DISASTER", "supposed": [{**one, **changed}]}, [])
    assert refused.value.at[:1] == place


def test_a_consent_of_the_same_id_stands_for_the_one_on_record() -> None:
    refusal = consent_of(DENY, "c1")
    question = {"role": "clinician", "purpose": "TREAT", "actor_region": "noto"}
    assert told(question, [refusal])["permitted"] is False
    withdrawn = {**refusal, "status": "inactive"}
    assert told({**question, "supposed": [withdrawn]}, [refusal])["permitted"] is True
