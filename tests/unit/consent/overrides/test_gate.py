"""The gate's ruling under an override: the one person, the one account, its time; never less than care.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html (BTG)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.unit.consent.overrides.conftest import AT, HOUR

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.overrides.grant import Grant
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.vocabulary import Effect
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Ask, Caller, Interaction, Ruling
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.rules import ConsentRule
    from tasuki.shared.access.records import Unit

POLICY = ImplicitPolicy("noto", everyday_within=Effect.PERMIT, break_glass=Effect.PERMIT)
GRANT = Grant("o1", "doctor-1", BreakGlassReason.LIFE, "unconscious", AT, AT + HOUR)
DOCTOR = Principal(
    subject="doctor-1",
    role=Role.CLINICIAN,
    client_id="viewer",
    scopes=parse_scopes("user/*.rs"),
    purpose="BTG",
    patient=None,
    organization="Organization/1",
    region="kaga",
    token_id="t",
    issuer="i",
    actor=(),
    expires_at=AT + 2 * HOUR,
    display=None,
)
ALLERGY = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/person-1"}}
RESULT = {"resourceType": "Observation", "subject": {"reference": "Patient/person-1"}}
R = {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"}]}}
R["meta"]["security"][0]["code"] = "R"
TYPES = ("AllergyIntolerance", "Observation", "Patient")


@dataclass
class Snapshot:
    """What a service holds, as `KeptSnapshot` tells it."""

    grants: dict[str, tuple[Grant, ...]] = field(default_factory=lambda: {"person-1": (GRANT,)})
    rules: tuple[ConsentRule, ...] = ()
    old: timedelta | None = timedelta()
    declarations: tuple[()] = ()

    def age(self) -> timedelta | None:
        return self.old

    async def consents(self, unit: Unit, person: str) -> tuple[ConsentRule, ...]:
        del unit
        return tuple(one.held_for(person) for one in self.rules)

    async def overrides(self, unit: Unit, person: str) -> tuple[Grant, ...]:
        del unit
        return self.grants.get(person, ())


ASKED = "|policy/staff-see|policy/clinician-asks"


def ruled(  # noqa: PLR0913 - what a ruling is asked of
    *,
    snapshot: Snapshot | None = None,
    principal: Principal = DOCTOR,
    override: str | None = "o1",
    owner: str = "person-1",
    at: Any = AT + HOUR / 2,
    policy: ImplicitPolicy = POLICY,
    interaction: Interaction = Interaction.READ,
) -> Ruling:
    decider = ConsentDecider(
        "noto",
        policy,
        cast("KeptSnapshot", snapshot or Snapshot()),
        roles=RoleRules(Place("region", "noto"), FixedClock(at)),
        clock=FixedClock(at),
    )
    caller = Caller(principal, "r1", override=override)
    ask = Ask(caller, interaction, owner, TYPES)
    return asyncio.run(decider.rule(cast("Unit", None), ask))


class Ticking(FixedClock):
    """A clock that goes on, as clocks do, while a request is answered."""

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=1))
        return self.at


@pytest.mark.parametrize("behind", [0, 1, 4])
def test_a_clock_a_little_behind_holds_up_no_override(behind: int) -> None:
    clock = Ticking(AT - timedelta(seconds=behind))
    decider = ConsentDecider(
        "noto",
        POLICY,
        cast("KeptSnapshot", Snapshot()),
        roles=RoleRules(Place("region", "noto"), clock),
        clock=clock,
    )
    ask = Ask(Caller(DOCTOR, "r1", override="o1"), Interaction.READ, "person-1", TYPES)
    assert asyncio.run(decider.rule(cast("Unit", None), ask)).permitted


def test_the_override_opens_the_emergency_classes() -> None:
    ruling = ruled()
    assert ruling.permitted
    assert ruling.basis == "break-glass|policy/noto/break_glass|override/o1|reason/life" + ASKED
    assert ruling.admits(ALLERGY)
    assert not ruling.admits(RESULT)
    assert not ruling.admits({**ALLERGY, **R})


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"owner": "person-2"}, "break-glass-missing"),
        ({"principal": replace(DOCTOR, subject="doctor-2")}, "break-glass-missing"),
        ({"override": "o2"}, "break-glass-missing"),
        ({"snapshot": Snapshot(grants={})}, "break-glass-missing"),  # stopped, or never opened
        ({"at": AT + HOUR}, "break-glass-over"),
        ({"at": AT - timedelta(seconds=6)}, "break-glass-over"),  # not begun
        (
            {"snapshot": Snapshot({"person-1": (replace(GRANT, text=" "),)})},
            "break-glass-no-reason",
        ),
        (
            {
                "snapshot": Snapshot(
                    {"person-1": (replace(GRANT, ends_at=AT + HOUR + timedelta(seconds=1)),)}
                )
            },
            "break-glass-too-long",
        ),
        ({"principal": replace(DOCTOR, role=Role.NURSE)}, "role-may-not"),
        ({"snapshot": Snapshot(old=None)}, "consent-snapshot-stale"),  # never whole
        ({"interaction": Interaction.UPDATE}, "role-may-not-write"),
    ],
)
def test_each_missing_piece_refuses(over: dict[str, Any], reason: str) -> None:
    """Even where everyday care would permit: what is asked for under an override is that."""
    principal = over.get("principal", DOCTOR)
    ruling = ruled(**{**over, "principal": replace(principal, region="noto")})
    assert not ruling.permitted
    assert ruling.basis.split("/")[0] == reason


def test_a_token_of_another_purpose_gets_nothing_of_it() -> None:
    for purpose in ("TREAT", "ETREAT"):
        everyday = ruled(principal=replace(DOCTOR, purpose=purpose), override=None)
        assert not everyday.permitted
    assert not ruled(principal=replace(DOCTOR, purpose="DISASTER"), override="o1").permitted


def test_a_token_for_btg_need_not_name_it() -> None:
    assert ruled(override=None).permitted
    assert not ruled(override=None, principal=replace(DOCTOR, subject="doctor-2")).permitted


def test_a_clock_a_little_behind_does_not_lock_out() -> None:
    assert ruled(at=AT - timedelta(seconds=4)).permitted


def test_never_less_than_everyday_care() -> None:
    own = replace(DOCTOR, region="noto")
    both = ruled(principal=own)
    assert both.admits(ALLERGY)
    assert both.admits(RESULT)
    assert "override/o1" in both.basis
    assert "policy/noto/everyday_within" in both.basis
    assert "Observation" not in both.withheld_types
    closed = replace(POLICY, break_glass=Effect.DENY)
    assert (
        ruled(principal=own, policy=closed).basis
        == "everyday-within|policy/noto/everyday_within" + ASKED
    )
    assert not ruled(policy=closed).permitted


def test_the_everyday_half_needs_a_fresh_snapshot() -> None:
    old = Snapshot(old=timedelta(minutes=5))
    ruling = ruled(principal=replace(DOCTOR, region="noto"), snapshot=old)
    assert ruling.admits(ALLERGY)
    assert not ruling.admits(RESULT)
    assert "everyday" not in ruling.basis


def test_a_second_person_opens_restricted_labels_and_is_not_the_first() -> None:
    agreed = ruled(snapshot=Snapshot({"person-1": (replace(GRANT, second="doctor-2"),)}))
    assert agreed.admits({**ALLERGY, **R})
    assert "second-person" in agreed.basis
    alone = ruled(snapshot=Snapshot({"person-1": (replace(GRANT, second="doctor-1"),)}))
    assert not alone.admits({**ALLERGY, **R})


def test_only_a_life_at_stake_sets_a_refusal_aside(
    rule_of: Callable[..., ConsentRule],
) -> None:
    no = Snapshot(rules=(rule_of({"type": "deny"}, dateTime="2025-06-13"),))
    assert ruled(snapshot=no).admits(ALLERGY)
    for reason in set(BreakGlassReason) - {BreakGlassReason.LIFE}:
        no.grants = {"person-1": (replace(GRANT, reason=reason),)}
        assert not ruled(snapshot=no).permitted


def test_a_consent_opens_an_override_as_pcf_has_it_and_not_as_leap_does(
    rule_of: Callable[..., ConsentRule],
) -> None:
    """IHE PCF: a nested permit of BTG holds whatever purposes the root names.

    leap-cds sets a Consent aside whose root does not name the purpose of the request, so that PCF's
    own example (Consent-ex-dissent-intermediate-break-glass) never opens there. Ours is PCF's.
    https://profiles.ihe.net/ITI/PCF/Consent-ex-dissent-intermediate-break-glass.html
    """
    nested = rule_of(
        {
            "type": "deny",
            "purpose": ["TREAT"],
            "provision": [{"type": "permit", "purpose": ["BTG"]}],
        },
        dateTime="2025-06-13",
    )
    closed = replace(POLICY, break_glass=Effect.DENY)
    assert not ruled(policy=closed).permitted
    opened = ruled(policy=closed, snapshot=Snapshot(rules=(nested,)))
    assert opened.admits(ALLERGY)
    assert "Consent/c1" in opened.basis
    for reason in BreakGlassReason:
        some = Snapshot({"person-1": (replace(GRANT, reason=reason),)}, rules=(nested,))
        assert ruled(policy=closed, snapshot=some).admits(ALLERGY)
    without = Snapshot(grants={}, rules=(nested,))
    assert not ruled(policy=closed, snapshot=without).permitted  # a Consent alone is no override


def test_the_newest_of_several_counts() -> None:
    ended = replace(GRANT, id="o0", opened_at=AT - 2 * HOUR, ends_at=AT - HOUR)
    ruling = ruled(snapshot=Snapshot({"person-1": (ended, GRANT)}), override=None)
    assert "override/o1" in ruling.basis
    over = ruled(snapshot=Snapshot({"person-1": (ended, GRANT)}), override="o0")
    assert over.basis.startswith("break-glass-over")
