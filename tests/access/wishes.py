"""What residents have said, state by state: one line each; and how it is written as a Consent.

The reference model reads these values, the product the FHIR that is made of them.
https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from tests.access.labels import ACT_CODE, CONFIDENTIALITY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tests.access.overrides import Glass

EVERYDAY, ANOTHER = "urn:tasuki:policy:everyday", "urn:example:policy:mine"
CLINIC, SHUNNED = "Organization/clinic", "Organization/shunned"
REGION = "urn:tasuki:region"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
Effect = Literal["permit", "deny"]


@dataclass(frozen=True)
class Says:
    """One provision. What is empty is not stated, and so means any.

    Attributes:
        to: Recipients, as `Organization/x` or `system|value`.
        labels: v3-Confidentiality letters and v3-ActCode sensitivities.
        until: Last day it holds; `begins` its first.
    """

    effect: Effect
    to: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    begins: str = ""
    until: str = ""


@dataclass(frozen=True)
class Wish:
    """One Consent: a base answer, exceptions to it, and when and under which policy it was said."""

    base: Says
    but: tuple[Says, ...] = ()
    policy: str = EVERYDAY
    dated: str = "2025-06-01"
    status: str = "active"
    readable: bool = True


YES, NO = Says("permit"), Says("deny")
PERMIT, DENY = Wish(YES), Wish(NO)
KEEP_R = (Says("deny", labels=("R",)),)


@dataclass(frozen=True)
class State:
    """What one person has said, and which emergency overrides of them there are."""

    wishes: tuple[Wish, ...] = field(default=())
    overrides: tuple[Glass, ...] = ()


STATES: Mapping[str, State] = MappingProxyType(
    {
        "none": State(),
        "permit all": State((PERMIT,)),
        "deny all": State((DENY,)),
        "permit one type": State((Wish(Says("permit", types=("Observation",))),)),
        "deny one class": State((Wish(Says("deny", types=("Condition",))),)),
        "permit all but a class": State((Wish(YES, (Says("deny", types=("Observation",)),)),)),
        "deny one organisation": State((Wish(Says("deny", to=(SHUNNED,))),)),
        "permit one organisation": State((Wish(Says("permit", to=(CLINIC,))),)),
        "permit all but restricted": State((Wish(YES, KEEP_R),)),
        "permit up to R": State((Wish(Says("permit", labels=("R",))),)),
        "permit one sensitivity": State((Wish(Says("permit", labels=("HIV",))),)),
        "permit one purpose": State((Wish(Says("permit", purposes=("TREAT",))),)),
        "deny a wider purpose": State((Wish(Says("deny", purposes=("TREAT",))),)),
        "deny but one class": State((Wish(NO, (Says("permit", types=("Condition",)),)),)),
        "permit another region": State((Wish(Says("permit", to=(f"{REGION}|kaga",))),)),
        "expired permit": State((Wish(Says("permit", until="2025-12-31")),)),
        "expired deny": State((Wish(Says("deny", until="2025-12-31")),)),
        "not yet begun": State((Wish(Says("deny", begins="2026-06-01")),)),
        "conflict": State((PERMIT, Wish(NO, policy=ANOTHER))),
        "superseded": State((DENY, Wish(YES, dated="2025-09-01"))),
        "withdrawn permit": State((PERMIT, Wish(YES, dated="2025-09-01", status="inactive"))),
        "withdrawn, refused before": State(
            (DENY, Wish(YES, dated="2025-09-01", status="inactive"))
        ),
        "draft": State((Wish(NO, status="draft"),)),
        "dated in the future": State((Wish(YES, dated="2026-03-01"),)),
        "unreadable": State((Wish(YES, readable=False),)),
        "readable and unreadable": State((PERMIT, Wish(YES, policy=ANOTHER, readable=False))),
    }
)


_PERIODS = (
    *(("", ""), ("", ""), ("", ""), ("2025-03-01", ""), ("", "2027-01-01")),
    *(("2026-06-01", ""), ("", "2025-12-31"), ("2025-03-01", "2025-12-31")),
)


def generated(dice: Random, *purposes: str) -> State:
    """Return what somebody might have said, of these purposes among others."""
    return State(tuple(_wish(dice, *purposes) for _ in range(dice.choice((1, 1, 2, 3)))))


def _wish(dice: Random, *purposes: str) -> Wish:
    return Wish(
        _says(dice, *purposes),
        tuple(_says(dice, *purposes) for _ in range(dice.choice((0, 0, 1, 2)))),
        policy=dice.choice((EVERYDAY, EVERYDAY, ANOTHER)),
        dated=dice.choice(("2025-06-01", "2025-09-01", "2025-12-01", "2026-02-01")),
        status=dice.choice(("active",) * 6 + ("inactive", "draft", "rejected")),
    )


def _says(dice: Random, *purposes: str) -> Says:
    def some(*of: str) -> tuple[str, ...]:
        return tuple(sorted(dice.sample(of, dice.choice((0, 0, 0, 1, 1, 2)))))

    begins, until = dice.choice(_PERIODS)
    return Says(
        dice.choice(("permit", "deny")),
        to=some(CLINIC, SHUNNED, f"{REGION}|noto", f"{REGION}|kaga"),
        purposes=some("TREAT", "ETREAT", "HRESCH", *purposes),
        types=some("Observation", "Condition", "Patient", "Provenance"),
        labels=some("L", "N", "R", "V", "HIV", "PSY"),
        begins=begins,
        until=until,
    )


def consent_of(wish: Wish, id_: str) -> dict[str, Any]:
    """Return the Consent that says this."""
    provision = _provision(wish.base)
    if wish.but:
        provision["provision"] = [_provision(one) for one in wish.but]
    if not wish.readable:
        provision["code"] = [{"text": "what no program understands"}]
    return {
        "resourceType": "Consent",
        "id": id_,
        "meta": {"versionId": "1"},
        "status": wish.status,
        "scope": {"coding": [_coded("patient-privacy", "consentscope")]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/elsewhere"},
        "dateTime": wish.dated,
        "policy": [{"uri": wish.policy}],
        "provision": provision,
    }


def _provision(says: Says) -> dict[str, Any]:
    made: dict[str, Any] = {"type": says.effect}
    period = {name: day for name, day in (("start", says.begins), ("end", says.until)) if day}
    parts = {
        "period": period,
        "actor": [_actor(name) for name in says.to],
        "purpose": [{"system": REASON, "code": code} for code in says.purposes],
        "class": [
            {"system": "http://hl7.org/fhir/resource-types", "code": type_} for type_ in says.types
        ],
        "securityLabel": [_label(code) for code in says.labels],
    }
    return {**made, **{name: part for name, part in parts.items() if part}}


def _actor(name: str) -> dict[str, Any]:
    system, bar, value = name.rpartition("|")
    reference = {"identifier": {"system": system, "value": value}} if bar else {"reference": name}
    return {"role": {"coding": [_coded("IRCP", "v3-ParticipationType")]}, "reference": reference}


def _label(code: str) -> dict[str, str]:
    return {"system": CONFIDENTIALITY if len(code) == 1 else ACT_CODE, "code": code}


def _coded(code: str, system: str) -> dict[str, str]:
    return {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}
