"""Who refuses shelters altogether: asked through the decision itself, never read off a Consent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.shelter.builders import ACT_REASON, NOW

from tasuki.consent.client import read_held_consent
from tasuki.consent.policy import ImplicitPolicy
from tasuki.consent.vocabulary import Effect
from tasuki.shelter.wishes import refuses_shelters

OPEN = ImplicitPolicy("noto", disaster=Effect.PERMIT)
CLOSED = ImplicitPolicy("noto")


def consent(provision: dict[str, Any], **more: Any) -> Any:
    body = {
        "resourceType": "Consent",
        "id": "c1",
        "meta": {"versionId": "1"},
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
        "patient": {"reference": "Patient/x"},
        "dateTime": "2025-06-13",
        "policy": [{"uri": "urn:tasuki:policy:emergency"}],
        "provision": provision,
        **more,
    }
    return read_held_consent(json.loads(json.dumps(body))).held_for("p")


def for_purpose(code: str) -> list[dict[str, str]]:
    return [{"system": ACT_REASON, "code": code}]


@pytest.mark.parametrize(
    ("provision", "refuses"),
    [
        ({"type": "deny"}, True),
        ({"type": "deny", "purpose": for_purpose("DISASTER")}, True),
        ({"type": "deny", "purpose": for_purpose("PUBHLTH")}, True),
        ({"type": "deny", "purpose": for_purpose("TREAT")}, False),
        ({"type": "permit"}, False),
        (
            {
                "type": "permit",
                "provision": [
                    {
                        "type": "deny",
                        "class": [
                            {
                                "system": "http://hl7.org/fhir/resource-types",
                                "code": "MedicationRequest",
                            }
                        ],
                    }
                ],
            },
            False,
        ),
    ],
)
def test_a_refusal_for_disasters_leaves_a_stub(provision: dict[str, Any], *, refuses: bool) -> None:
    assert refuses_shelters("p", [consent(provision)], OPEN, at=NOW) is refuses


def to(organization: str) -> list[dict[str, Any]]:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"}
    role = {"coding": [{**coding, "code": "IRCP"}]}
    return [{"role": role, "reference": {"reference": f"Organization/{organization}"}}]


@pytest.mark.parametrize(
    "provision",
    [
        {"type": "deny", "actor": to("shunned")},
        {"type": "permit", "actor": to("clinic")},
        {"type": "deny", "provision": [{"type": "permit", "actor": to("clinic")}]},
    ],
)
def test_what_is_refused_to_some_leaves_no_stub(provision: dict[str, Any]) -> None:
    """Else who may see it would be told that there is nobody."""
    assert not refuses_shelters("p", [consent(provision)], OPEN, at=NOW)


def test_silence_is_the_policys_answer() -> None:
    assert not refuses_shelters("p", [], OPEN, at=NOW)
    assert refuses_shelters("p", [], CLOSED, at=NOW)


def test_a_consent_that_is_not_understood_refuses() -> None:
    unreadable = consent({"type": "permit", "unheard-of": True})
    assert refuses_shelters("p", [unreadable], OPEN, at=NOW)
