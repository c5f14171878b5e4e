"""The JSON form of a decision: the answer of `POST /consent/decide`.

`residual` has the shape of IHE PCF's token extension: forbid and permit rules in order, the last
that fits wins.

https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.decision import Basis, Decision, Deny
from tasuki.consent.times import BEGINNING, END
from tasuki.consent.vocabulary import ACT_CODE, CONFIDENTIALITY, RESOURCE_TYPES, Effect

if TYPE_CHECKING:
    from tasuki.consent.decision import Residual
    from tasuki.consent.decision.residual import Reach
    from tasuki.consent.decision.voice import Voice
    from tasuki.consent.rules import DataCondition
    from tasuki.consent.times import Stretch


def write_decision(decision: Decision) -> dict[str, object]:
    """Return a decision as JSON values."""
    if isinstance(decision, Deny):
        answer = {"decision": "deny", "reason": decision.reason.value}
        return {**answer, "basis": _basis(decision.basis)}
    return {
        "decision": "permit",
        "basis": _basis(decision.basis),
        "residual": _residual(decision.residual),
    }


def pcf_residual(voice: Voice) -> list[dict[str, object]]:
    """Return what one Consent still forbids and permits; empty when it simply permits all."""
    rules = [rule for rule in voice.rules if rule.effect is Effect.DENY or not rule.data.everything]
    words = {Effect.DENY: "forbid", Effect.PERMIT: "permit"}
    return [{"type": words[rule.effect], **_condition(rule.data)} for rule in rules]


def _basis(basis: Basis) -> dict[str, object]:
    everything: dict[str, object] = {
        "route": basis.route.value,
        "role": basis.role,
        "purpose": basis.purpose,
        "region": basis.region,
        "home_region": basis.home_region,
        "implicit": basis.implicit,
        "break_glass": basis.break_glass,
        "second_person": basis.second_person,
        "override": basis.override,
        "set_aside": list(basis.set_aside),
        "drill": basis.drill,
        "consents": [
            {"id": c.id, "version": c.version, "policy": c.policy, "provisions": list(c.provisions)}
            for c in basis.consents
        ],
    }
    if basis.declaration:
        identity, version = basis.declaration
        everything["declaration"] = {"id": identity, "version": version}
    return {name: value for name, value in everything.items() if value not in (None, [])}


def _residual(residual: Residual) -> dict[str, object]:
    return {
        "types": sorted(residual.types),
        "withheld_types": sorted(residual.withheld_types()),
        "withheld_classes": sorted(residual.withheld_classes()),
        "withhold_tags": sorted(residual.withhold_tags),
        "consents": [
            {"id": voice.consent.id, "rules": pcf_residual(voice)} for voice in residual.voices
        ],
        "otherwise": _reach(residual.otherwise),
        "bound": _reach(residual.bound),
    }


def _reach(reach: Reach | None) -> dict[str, object] | None:
    if reach is None:
        return None
    return {
        "classes": sorted(reach.classes),
        "ceiling": reach.ceiling.name,
        "masked": sorted(reach.masked),
    }


def _condition(data: DataCondition) -> dict[str, object]:
    labels = [{"system": ACT_CODE, "code": code} for code in sorted(data.sensitivities)]
    if data.level is not None:
        labels.insert(0, {"system": CONFIDENTIALITY, "code": data.level.name})
    parts: dict[str, object] = {
        "class": [{"system": RESOURCE_TYPES, "code": name} for name in sorted(data.types)],
        "securityLabel": labels,
        "data": [
            {"meaning": d.meaning, "reference": {"reference": d.reference}} for d in data.data
        ],
        "dataPeriod": _period(data.period),
    }
    return {name: value for name, value in parts.items() if value}


def _period(stretch: Stretch | None) -> dict[str, str]:
    """Return the period with its end excluded, as instants."""
    if stretch is None:
        return {}
    bounds = {"start": stretch.start, "end": stretch.end}
    return {k: at.isoformat() for k, at in bounds.items() if at not in (BEGINNING, END)}
