"""The product's policies in Cedar decide what the tables in code decided before them, case by case.

Proxies came later; what they may stands here in the same way.

The tables are kept here, as they were; every combination that a token or the gate can bring is asked.
"""

from __future__ import annotations

import asyncio
from itertools import product
from typing import TYPE_CHECKING, cast

import pytest
from tests.unit.consent.operator.conftest import NOW, ask_of

from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.operator.asking import PURPOSES
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.room import ConsentRoomDecider
from tasuki.consent.vocabulary import ActorRole, Purpose
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Interaction, Ruling
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from tasuki.consent.enforcing import _Question
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.remembered import Kept
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask, Decider

MAY_ASK = {
    ActorRole.RESIDENT: {"PATRQT"},
    ActorRole.PROXY: {"FAMRQT", "SUPNWK", "PWATRNY"},
    ActorRole.CLINICIAN: {"TREAT", "ETREAT", "BTG", "DISASTER", "HPAYMT", "HOPERAT", "HRESCH"},
    ActorRole.NURSE: {"DISASTER"},
    ActorRole.OFFICER: set(),
    ActorRole.HOSPITAL: {"TREAT", "HPAYMT", "HOPERAT", "HRESCH"},
}
PROXY_WRITES = {"AllergyIntolerance", "MedicationStatement", "Observation"}
READERS_OF_COMMON = {Role.CLINICIAN, Role.RESIDENT, Role.PROXY, Role.HOSPITAL, Role.SERVICE}
OWN_TYPES = {"Consent", "AuditEvent", "Patient"}
REGISTRAR = "registrar"
CLOCK = FixedClock(NOW)
PERMIT, REFUSE, HIDE, WEIGH = "permit", "refuse", "hide", "weigh"


def own(ask: Ask) -> bool:
    caller = ask.caller.principal
    return caller.role is Role.RESIDENT and caller.patient == f"Patient/{ask.owner}"


def represented(ask: Ask) -> bool:
    caller = ask.caller.principal
    return caller.role is Role.PROXY and caller.patient == f"Patient/{ask.owner}"


def holder_of_proxies(ask: Ask, *, residents_write: bool) -> str:
    if ask.owner == "":
        return HIDE if ask.interaction.writes else PERMIT
    if not represented(ask) or "AuditEvent" in ask.types:
        return HIDE
    if not ask.interaction.writes:
        return WEIGH
    adds = ask.interaction is Interaction.CREATE and set(ask.types) <= PROXY_WRITES
    return PERMIT if residents_write and adds else HIDE


def holder_before(ask: Ask, *, residents_write: bool) -> str:
    """What a region (or shelter) and the PHR ruled; `weigh` is consent's to answer."""
    caller = ask.caller.principal
    registrar = caller.role is Role.SERVICE and caller.client_id == REGISTRAR
    if residents_write and registrar and ask.interaction.writes:
        return PERMIT
    if caller.role is Role.HOSPITAL:
        return PERMIT if caller.region == "noto" and not residents_write else HIDE
    if ask.interaction.writes:
        return written_before(ask, residents_write=residents_write)
    if caller.role is Role.SERVICE:
        return PERMIT if caller.purpose == "HOPERAT" else HIDE
    if ask.owner == "":
        return PERMIT if caller.role in READERS_OF_COMMON else HIDE
    return HIDE if caller.role is Role.RESIDENT and not own(ask) else WEIGH


def written_before(ask: Ask, *, residents_write: bool) -> str:
    erases_person = ask.interaction is Interaction.DELETE and "Patient" in ask.types
    if residents_write and own(ask) and not erases_person:
        return PERMIT
    return HIDE if ask.caller.principal.role is Role.RESIDENT and not own(ask) else REFUSE


def consents_before(ask: Ask) -> str:
    """What the consent service ruled in its own room."""
    caller = ask.caller.principal
    service = caller.role is Role.SERVICE
    if service and not ask.interaction.writes:
        return PERMIT
    if service and caller.client_id == REGISTRAR and ask.interaction is Interaction.CREATE:
        return PERMIT
    if caller.role is Role.PROXY:
        theirs = represented(ask) and set(ask.types) <= OWN_TYPES - {"AuditEvent"}
        says = theirs and caller.purpose == "PWATRNY" and ask.interaction is not Interaction.DELETE
        return PERMIT if says else HIDE
    if not (own(ask) and ask.owner and set(ask.types) <= OWN_TYPES):
        return HIDE
    return REFUSE if ask.interaction is Interaction.DELETE else PERMIT


class Weighing(ConsentDecider):
    """The gate's decider, up to where consent is weighed."""

    heard: frozenset[Purpose] | None = None

    async def _consented(self, unit: Unit, question: _Question, before: Kept | None) -> Ruling:  # noqa: ARG002
        self.heard = question.answers.heard
        return Ruling.permit(WEIGH)


def decider_of(keeper: str) -> Decider:
    if keeper == "consents":
        place = Place("consents", "noto", frozenset({REGISTRAR}))
        return ConsentRoomDecider(RoleRules(place, CLOCK))
    place = Place(
        "residents" if keeper == "residents" else "region", "noto", frozenset({REGISTRAR})
    )
    policy = read_implicit_policy({"region": "noto"})
    snapshot = cast("KeptSnapshot", None)
    return Weighing("noto", policy, snapshot, roles=RoleRules(place, CLOCK), clock=CLOCK)


def said(ruling: Ruling) -> str:
    if ruling.permitted:
        return WEIGH if ruling.basis.startswith(WEIGH) else PERMIT
    return HIDE if ruling.hidden else REFUSE


def before(keeper: str, ask: Ask) -> str:
    if keeper == "consents":
        return consents_before(ask)
    if ask.caller.principal.role is Role.PROXY:
        return holder_of_proxies(ask, residents_write=keeper == "residents")
    return holder_before(ask, residents_write=keeper == "residents")


@pytest.mark.parametrize("keeper", ["region", "residents", "consents"])
@pytest.mark.parametrize("role", Role)
def test_every_combination_is_ruled_as_before(keeper: str, role: Role) -> None:
    decider = decider_of(keeper)
    unit = cast("Unit", None)

    async def differing() -> list[tuple[Ask, str, str]]:
        found = []
        for interaction, region, owner, patient, client, types, purpose in product(
            Interaction,
            ("noto", "kaga", None),
            ("p1", ""),
            ("Patient/p1", "Patient/p2", None),
            (REGISTRAR, "web"),
            (("Condition",), ("Patient", "Condition"), ("Consent",), ()),
            PURPOSES,
        ):
            ask = ask_of(
                role, purpose, interaction, owner, types,
                region=region, patient=patient, client_id=client,
            )  # fmt: skip
            now, then = said(await decider.rule(unit, ask)), before(keeper, ask)
            if now != then:
                found.append((ask, then, now))
            if now == WEIGH and isinstance(decider, Weighing):
                heard = {str(one): purposes for one, purposes in MAY_ASK.items()}
                assert set(decider.heard or ()) == heard.get(role.value, set())
        return found

    assert asyncio.run(differing()) == []


@pytest.mark.parametrize("place", [Place("region", "noto"), Place("consents", "consent")])
@pytest.mark.parametrize("role", ActorRole)
def test_a_role_is_heard_for_the_purposes_it_was_heard_for(place: Place, role: ActorRole) -> None:
    assert RoleRules(place, CLOCK).heard(role) == MAY_ASK[role]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("interaction", Interaction)
@pytest.mark.parametrize("keeper", ["region", "residents", "consents"])
def test_an_unknown_purpose_is_refused_to_everybody(
    role: Role, interaction: Interaction, keeper: str
) -> None:
    """Before, a source and a resident were not asked why; no token says such a purpose."""
    ask = ask_of(role, "treat", interaction, patient="Patient/p1")
    assert not asyncio.run(decider_of(keeper).rule(cast("Unit", None), ask)).permitted


def test_a_type_that_fhir_does_not_have_is_refused_to_everybody() -> None:
    ask = ask_of(Role.HOSPITAL, "HOPERAT", types=("Condition", "Medicine"))
    assert not asyncio.run(decider_of("region").rule(cast("Unit", None), ask)).permitted
