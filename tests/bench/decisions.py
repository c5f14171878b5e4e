"""The consent decision by itself: no HTTP, no database, one core."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasuki.consent.decision import AccessRequest, Actor, Permit, decide, facts_of
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.provisions import read_held_consent
from tasuki.consent.rules import ConsentRule
from tasuki.consent.vocabulary import ActorRole, Purpose

if TYPE_CHECKING:
    from tests.bench.house import House

EXAMPLES = Path(__file__).parents[1] / "data" / "consent" / "ihe-pcf"
TIMES = 3_000
AT = datetime(2026, 1, 5, tzinfo=UTC)
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "脈拍"},
    "subject": {"reference": "Patient/p1"},
    "valueQuantity": {"value": 72, "unit": "/min"},
}


async def decisions(house: House) -> dict[str, Any]:
    """A decision, and the fate of one resource by it, with none, one and twenty Consents."""
    del house
    return {f"{count}_consents": _measured(count) for count in (0, 1, 20)}


def _measured(count: int) -> dict[str, Any]:
    request = AccessRequest(
        patient="p1",
        purpose=Purpose.TREAT,
        role=ActorRole.CLINICIAN,
        actor=Actor(subject="c1", organization="Organization/1", region="noto"),
        at=AT,
        holder_region="noto",
        resource_types=frozenset({"Observation"}),
        consents=_consents(count),
        policy=read_implicit_policy({"region": "noto", "everyday_within": "permit"}),
        may_ask=frozenset({Purpose.TREAT}),
    )
    taken: dict[str, list[float]] = {"decision": [], "resource": []}
    permitted = 0
    for _ in range(TIMES):
        began = time.perf_counter()
        decision = decide(request)
        decided = time.perf_counter()
        if isinstance(decision, Permit):
            permitted += 1
            decision.residual.fate(facts_of(OBSERVATION))
            taken["resource"].append(time.perf_counter() - decided)
        taken["decision"].append(decided - began)
    return {"permitted": permitted, **{name: _micro(some) for name, some in taken.items()}}


def _micro(taken: list[float]) -> dict[str, float]:
    if len(taken) < 2:
        return {}
    cuts = statistics.quantiles(taken, n=100)
    return {f"p{place}_microseconds": round(cuts[place - 1] * 1e6, 1) for place in (50, 95, 99)}


def _consents(count: int) -> tuple[ConsentRule, ...]:
    """Return so many Consents of one person, each under a policy of its own, none refusing all."""
    found: list[ConsentRule] = []
    for path in sorted(EXAMPLES.glob("Consent-*.json")):
        read = read_held_consent(json.loads(path.read_text("utf-8")))
        if isinstance(read, ConsentRule) and read.root.effect.value == "permit":
            found.append(read)
    return tuple(
        replace(found[number % len(found)].held_for("p1"), id=str(number), policy=f"urn:x:{number}")
        for number in range(count)
    )
