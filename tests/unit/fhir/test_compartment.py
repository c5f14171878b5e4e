"""https://hl7.org/fhir/R4/compartmentdefinition-patient.html"""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.compartment import owner_of, owners_through, patients_of
from tasuki.shared.fhir.search.definitions import compartment_parameters, search_parameters
from tasuki.shared.fhir.types import OWNERSHIP, SERVED_TYPES

NOBODY = {"Endpoint", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole"}
NOT_NEEDED = NOBODY | {"Binary", "Device", "Group", "Provenance"}
PATIENT = {"reference": "Patient/p1"}


def _about(resource_type: str, holder: Any) -> dict[str, Any]:
    return {"resourceType": resource_type, str(OWNERSHIP[resource_type].element): holder}


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES - NOBODY - {"Group", "Patient"}))
def test_the_subject_is_the_owner_and_lies_in_the_compartment(resource_type: str) -> None:
    resource = _about(resource_type, PATIENT)
    assert owner_of(resource) == "p1"
    assert patients_of(resource) == ("p1",)


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES))
def test_a_clinical_record_about_nobody_is_refused(resource_type: str) -> None:
    resource = {"resourceType": resource_type}
    if resource_type in NOT_NEEDED:
        assert owner_of(resource) is None
        assert patients_of(resource) == ()
    else:
        with pytest.raises(Fault) as caught:
            owner_of(resource)
        assert caught.value.category is Category.STRUCTURE


@pytest.mark.parametrize(
    "holder",
    [
        {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"},
        {"reference": "http://elsewhere.example/fhir/Patient/p1"},
        {"reference": "#p1"},
        {"reference": "p1"},
        {"identifier": {"value": "123"}},
        {"display": "能登花子"},
        {"reference": 5},
        {},
        "Patient/p1",
        [PATIENT, {"reference": "Patient/p2"}],
        {"reference": "Group/g1"},
        {"reference": "Location/l1"},
    ],
)
def test_a_subject_that_cannot_be_followed_is_refused_never_nobody(holder: Any) -> None:
    for resource_type in ("Observation", "Device"):
        with pytest.raises(Fault) as caught:
            owner_of(_about(resource_type, holder))
        assert "能登" not in caught.value.message


@pytest.mark.parametrize("resource_type", ["AuditEvent", "Bundle", "Nobody", 5, None])
def test_a_type_not_served_is_refused(resource_type: Any) -> None:
    for function in (owner_of, owners_through, patients_of):
        with pytest.raises(Fault) as caught:
            function({"resourceType": resource_type, "subject": PATIENT})
        assert caught.value.category is Category.NOT_SUPPORTED


def test_a_patient_owns_himself_and_touches_his_links() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "link": [{"other": {"reference": "Patient/p2"}}],
    }
    assert owner_of(patient) == "p1"
    assert patients_of(patient) == ("p1", "p2")
    with pytest.raises(Fault):
        owner_of({"resourceType": "Patient"})


def test_a_coverage_touches_everyone_it_names() -> None:
    coverage = {
        "resourceType": "Coverage",
        "policyHolder": {"reference": "Patient/p2"},
        "beneficiary": PATIENT,
        "subscriber": {"reference": "Patient/p3"},
        "payor": [{"reference": "Organization/o"}, {"reference": "Patient/p2"}],
    }
    assert owner_of(coverage) == "p1"
    assert patients_of(coverage) == ("p1", "p2", "p3")


def test_a_provenance_is_owned_through_its_targets() -> None:
    provenance: dict[str, Any] = {
        "resourceType": "Provenance",
        "target": [{"reference": "MedicationRequest/m"}, {"reference": "urn:uuid:x"}],
    }
    with_patient = {**provenance, "target": [{"reference": "MedicationRequest/m"}, PATIENT]}
    assert owner_of(with_patient) == "p1"
    assert owners_through(with_patient) == ()
    only = {**provenance, "target": [{"reference": "MedicationRequest/m/_history/2"}]}
    assert owner_of(only) is None
    assert owners_through(only) == ("MedicationRequest/m/_history/2",)
    with pytest.raises(Fault):
        owner_of(provenance)


def test_a_binary_follows_its_security_context() -> None:
    binary = {"resourceType": "Binary", "securityContext": {"reference": "DocumentReference/d"}}
    assert owner_of(binary) is None
    assert owners_through(binary) == ("DocumentReference/d",)


def test_the_owner_element_is_a_search_parameter_of_the_type() -> None:
    for resource_type in sorted(SERVED_TYPES - NOBODY - {"Patient", "Binary", "Group"}):
        element = f"{resource_type}.{OWNERSHIP[resource_type].element}"
        known = search_parameters(resource_type).values()
        assert [p.code for p in known if p.type == "reference" and p.expression.startswith(element)]


def test_every_owned_type_is_in_the_compartment_by_hl7s_definition() -> None:
    without = {name for name in SERVED_TYPES if not compartment_parameters(name)}
    assert without == NOBODY | {"Binary", "Device"}
