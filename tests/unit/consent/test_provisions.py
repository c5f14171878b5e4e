"""Reading Consents: what is not understood is refused whole.

https://hl7.org/fhir/R4/consent.html, https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.provisions import read_consent, read_held_consent
from tasuki.consent.rules import DataReference, UnreadableConsent
from tasuki.consent.vocabulary import Effect, Level, Purpose, Status
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.consent.rules import ConsentRule

TYPE_PERMIT = {"type": "permit"}
V3 = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
IRCP = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
    ]
}
LABEL = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
EMERGENCY = [{"coding": [{"system": LABEL, "code": "EMRGONLY"}]}]


def _actor(**reference: object) -> list[dict[str, object]]:
    return [{"role": IRCP, "reference": reference}]


PROVISIONS: list[tuple[dict[str, Any], str]] = [
    ({}, "provision"),
    ({"purpose": [{"system": V3, "code": "TREAT"}]}, "provision.type"),
    ({"type": "sometimes"}, "provision.type"),
    ({"type": "permit", "_type": {"id": "x"}}, "provision._type"),
    ({"type": "permit", "action": [{"coding": [{"code": "access"}]}]}, "provision.action"),
    ({"type": "permit", "code": [{"coding": [{"code": "x"}]}]}, "provision.code"),
    ({"type": "permit", "modifierExtension": [{"url": "x"}]}, "provision.modifierExtension"),
    ({"type": "permit", "purpose": []}, "provision.purpose"),
    ({"type": "permit", "purpose": [{"code": "TREAT"}]}, "provision.purpose[0].system"),
    ({"type": "permit", "purpose": [{"system": V3, "code": "treat"}]}, "provision.purpose[0]"),
    ({"type": "permit", "purpose": [{"system": "urn:x", "code": "TREAT"}]}, "provision.purpose[0]"),
    ({"type": "permit", "class": [{"system": "urn:x", "code": "Condition"}]}, "provision.class[0]"),
    (
        {
            "type": "permit",
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Medicine"}],
        },
        "provision.class[0]",
    ),
    (
        {"type": "permit", "securityLabel": [{"system": LABEL, "code": "SHAME"}]},
        "provision.securityLabel[0]",
    ),
    (
        {
            "type": "permit",
            "securityLabel": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "X"}
            ],
        },
        "provision.securityLabel[0]",
    ),
    ({"type": "permit", "period": {}}, "provision.period"),
    ({"type": "permit", "period": {"id": "x"}}, "provision.period"),
    ({"type": "permit", "period": {"start": "soon"}}, "provision.period"),
    ({"type": "permit", "period": {"start": "2022", "end": "2021"}}, "provision.period"),
    ({"type": "permit", "dataPeriod": {"end": "2022-02-30"}}, "provision.dataPeriod"),
    ({"type": "permit", "actor": [{"role": IRCP}]}, "provision.actor[0].reference"),
    (
        {"type": "permit", "actor": [{"reference": {"reference": "Organization/o"}}]},
        "provision.actor[0].role",
    ),
    (
        {
            "type": "permit",
            "actor": [
                {
                    "role": {"coding": [{"system": "urn:x", "code": "IRCP"}]},
                    "reference": {"reference": "Organization/o"},
                }
            ],
        },
        "provision.actor[0].role",
    ),
    (
        {"type": "permit", "actor": _actor(reference="http://example.org/fhir/Organization/o")},
        "provision.actor[0].reference.reference",
    ),
    (
        {"type": "permit", "actor": _actor(reference="Organization/o/_history/1")},
        "provision.actor[0].reference.reference",
    ),
    (
        {"type": "permit", "actor": _actor(reference="Device/d")},
        "provision.actor[0].reference.reference",
    ),
    ({"type": "permit", "actor": _actor(display="the clinic")}, "provision.actor[0].reference"),
    (
        {
            "type": "permit",
            "data": [{"meaning": "dependents", "reference": {"reference": "Encounter/e"}}],
        },
        "provision.data[0].meaning",
    ),
    (
        {"type": "permit", "data": [{"meaning": "instance", "reference": {"display": "that one"}}]},
        "provision.data[0].reference.reference",
    ),
    (
        {
            "type": "permit",
            "data": [{"meaning": "instance", "reference": {"reference": "#contained"}}],
        },
        "provision.data[0].reference.reference",
    ),
    ({"type": "permit", "provision": []}, "provision.provision"),
    (
        {"type": "permit", "provision": [{"type": "deny", "provision": [{"type": "permit"}]}]},
        "provision.provision[0].provision",
    ),
]


@pytest.mark.parametrize(("provision", "path"), PROVISIONS)
def test_a_provision_not_understood_is_refused(
    consent_json: Callable[..., dict[str, Any]], provision: dict[str, Any], path: str
) -> None:
    with pytest.raises(Fault) as caught:
        read_consent(consent_json(provision=provision))
    assert (caught.value.category, caught.value.at) == (Category.STRUCTURE, (f"Consent.{path}",))


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"resourceType": "Contract"}, "resourceType"),
        ({"id": " "}, "id"),
        ({"status": "on-hold"}, "status"),
        ({"scope": {"coding": [{"system": "urn:x", "code": "research"}]}}, "scope"),
        ({"scope": {"text": "privacy"}}, "scope.coding"),
        ({"category": [{"coding": [{"system": "urn:x", "code": "y"}]}]}, "category[0]"),
        ({"patient": {"display": "somebody"}}, "patient.reference"),
        ({"dateTime": "13 June"}, "dateTime"),
        ({"dateTime": None}, "dateTime"),
        ({"policy": [{"uri": "everyday"}]}, "policy[0].uri"),
        ({"policy": [{"uri": "urn:a"}, {"uri": "urn:b"}]}, "policy"),
        ({"policyRule": {"coding": [{"code": "OPTIN"}]}}, "policyRule"),
        ({"implicitRules": "http://example.org/rules"}, "implicitRules"),
        ({"modifierExtension": [{"url": "urn:x"}]}, "modifierExtension"),
        ({"verification": [{"verified": False}]}, "verification[0].verified"),
        ({"provisions": {"type": "deny"}}, "provisions"),
        ({"category": EMERGENCY}, "provision.purpose"),
    ],
)
def test_a_consent_not_understood_is_refused(
    consent_json: Callable[..., dict[str, Any]], over: dict[str, Any], path: str
) -> None:
    with pytest.raises(Fault) as caught:
        read_consent(consent_json(**over))
    assert (caught.value.category, caught.value.at) == (Category.STRUCTURE, (f"Consent.{path}",))


@pytest.mark.parametrize("missing", ["status", "scope", "category", "patient", "policy"])
def test_a_consent_without_a_binding_element_is_refused(
    consent_json: Callable[..., dict[str, Any]], missing: str
) -> None:
    consent = consent_json()
    del consent[missing]
    with pytest.raises(Fault, match="needed"):
        read_consent(consent)


def test_the_fault_holds_none_of_the_data(consent_json: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(Fault) as caught:
        read_consent(consent_json(patient={"reference": "Patient/secret", "reference2": 1}, x=1))
    assert "secret" not in str(caught.value)


def test_an_unreadable_consent_in_the_snapshot_is_kept_as_such(
    consent_json: Callable[..., dict[str, Any]],
) -> None:
    held = read_held_consent(consent_json(policyRule={"text": "x"}))
    assert held == UnreadableConsent("c1", "")
    assert held.held_for("person-1") == UnreadableConsent("c1", "person-1")


def test_a_consent_reads_as_values(rule_of: Callable[..., ConsentRule]) -> None:
    rule = rule_of(
        {
            "type": "permit",
            "purpose": ["TREAT", "BTG"],
            "class": ["MedicationRequest"],
            "securityLabel": ["N", "R", "PSY"],
            "data": [{"meaning": "related", "reference": {"reference": "Encounter/e1"}}],
            "actor": ["Organization/o1", "Practitioner/p1"],
            "provision": [{"type": "deny", "securityLabel": ["V", "R"]}],
        }
    )
    assert (rule.id, rule.version, rule.patient, rule.status) == (
        "c1",
        "3",
        "person-1",
        Status.ACTIVE,
    )
    assert rule.root.purposes == {Purpose.TREAT, Purpose.BTG}
    assert rule.root.actors == {"Organization/o1", "Practitioner/p1"}
    assert rule.root.data.types == {"MedicationRequest"}
    assert rule.root.data.level is Level.R  # a permit up to N or up to R is up to R
    assert rule.root.data.sensitivities == {"PSY"}
    assert rule.root.data.data == (DataReference("related", "Encounter/e1"),)
    assert [(n.path, n.effect, n.data.level) for n in rule.nested] == [
        ("Consent.provision.provision[0]", Effect.DENY, Level.R)  # a refusal starts at the lowest
    ]


def test_emergency_only_without_purposes_means_the_emergency_purposes(
    rule_of: Callable[..., ConsentRule],
) -> None:
    rule = rule_of(TYPE_PERMIT, category=EMERGENCY)
    assert rule.root.purposes == {Purpose.ETREAT, Purpose.THREAT, Purpose.DISASTER}


def test_an_actor_may_be_named_by_a_logical_identifier(
    consent_json: Callable[..., dict[str, Any]],
) -> None:
    actor = _actor(identifier={"system": "urn:tasuki:region", "value": "noto"})
    rule = read_consent(consent_json(provision={"type": "permit", "actor": actor}))
    assert rule.root.actors == {"urn:tasuki:region|noto"}


def test_reading_does_not_change_the_resource(consent_json: Callable[..., dict[str, Any]]) -> None:
    consent = consent_json()
    before = json.dumps(consent)
    read_consent(consent)
    assert json.dumps(consent) == before
