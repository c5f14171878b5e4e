"""Builders: one request that is permitted by nothing, one Consent that permits care, and variations."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision import AccessRequest, Actor, BreakGlass, BreakGlassReason
from tasuki.consent.declarations import Declaration
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.provisions import read_consent
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass, Purpose
from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasuki.consent.rules import ConsentRule

NOW = datetime(2022, 7, 1, 3, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "data/consent/ihe-pcf"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONSENT: dict[str, Any] = {
    "resourceType": "Consent",
    "id": "c1",
    "meta": {"versionId": "3"},
    "status": "active",
    "scope": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy",
            }
        ]
    },
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/ex-patient"},
    "dateTime": "2022-06-13",
    "policy": [{"uri": "urn:tasuki:policy:everyday"}],
    "provision": {"type": "permit", "purpose": [{"system": V3, "code": "TREAT"}]},
}


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def example() -> Callable[[str], dict[str, Any]]:
    def load(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
        return found

    return load


@pytest.fixture(scope="session")
def consent_json() -> Callable[..., dict[str, Any]]:
    def build(**over: object) -> dict[str, Any]:
        return {**deepcopy(CONSENT), **over}

    return build


@pytest.fixture(scope="session")
def rule_of(consent_json: Callable[..., dict[str, Any]]) -> Callable[..., ConsentRule]:
    """Build from a provision in short hand: `rule_of({"type": "deny"}, id="c2")`."""

    def build(provision: Mapping[str, Any], **over: object) -> ConsentRule:
        whole = consent_json(provision=_spelled_out(provision), **over)
        return read_consent(whole).held_for("person-1")

    return build


def _spelled_out(short: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(short)
    if "purpose" in short:
        full["purpose"] = [{"system": V3, "code": code} for code in short["purpose"]]
    if "class" in short:
        system = "http://hl7.org/fhir/resource-types"
        full["class"] = [{"system": system, "code": code} for code in short["class"]]
    if "securityLabel" in short:
        full["securityLabel"] = [_label(code) for code in short["securityLabel"]]
    if "actor" in short:
        role = {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
            "code": "IRCP",
        }
        full["actor"] = [
            {"role": {"coding": [role]}, "reference": {"reference": name}}
            for name in short["actor"]
        ]
    if "provision" in short:
        full["provision"] = [_spelled_out(nested) for nested in short["provision"]]
    return full


def _label(code: str) -> dict[str, str]:
    system = "v3-Confidentiality" if len(code) == 1 else "v3-ActCode"
    return {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}


@pytest.fixture(scope="session")
def request_of() -> Callable[..., AccessRequest]:
    """A clinician of the holder's region asks for everything; no policy, no Consent."""
    base = AccessRequest(
        patient="person-1",
        purpose=Purpose.TREAT,
        role=ActorRole.CLINICIAN,
        actor=Actor(
            subject="Practitioner/ex-practitioner",
            organization="Organization/ex-organization",
            region="kaga",
            provisioned_until=NOW + timedelta(days=1),
            also_named=frozenset({"Group/none"}),
        ),
        at=NOW,
        holder_region="kaga",
        classes=frozenset(DataClass),
    )

    rules = RoleRules(Place("region", "kaga"), FixedClock(NOW))

    def build(**over: Any) -> AccessRequest:
        built = replace(base, **over)
        heard = frozenset() if built.role is None else rules.heard(built.role)
        return replace(built, may_ask=over.get("may_ask", heard))

    return build


@pytest.fixture(scope="session")
def declaration_of() -> Callable[..., Declaration]:
    """A real declaration for Wajima, open around now, for nurses and clinicians."""
    base = Declaration(
        id="d1",
        version=1,
        areas=frozenset({"172049"}),
        start=NOW - timedelta(days=1),
        end=NOW + timedelta(days=6),
        roles=frozenset({ActorRole.NURSE, ActorRole.CLINICIAN}),
        classes=EMERGENCY_CLASSES,
        authority="石川県",
        legal_basis="災害救助法",
        drill=False,
        opened_by="Practitioner/officer",
        recorded_at=NOW - timedelta(days=1),
    )

    def build(**over: Any) -> Declaration:
        return replace(base, **over)

    return build


@pytest.fixture(scope="session")
def override_of() -> Callable[..., BreakGlass]:
    base = BreakGlass(
        patient="person-1",
        reason=BreakGlassReason.ORAL_CONSENT,
        text="意識清明、口頭で同意を得た",
        start=NOW - timedelta(minutes=1),
        end=NOW + timedelta(minutes=59),
    )

    def build(**over: Any) -> BreakGlass:
        return replace(base, **over)

    return build
