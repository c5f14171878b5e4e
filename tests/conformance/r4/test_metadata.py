"""The CapabilityStatement, and that a server does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Case, case, cases
from tests.conformance.r4.checks import require_outcome, require_status
from tests.conformance.r4.spec import CAPABILITIES, CONFORMANCE, INCLUDE, R4

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

STATEMENT = R4 + "capabilitystatement.html"
TYPES = (
    *("Patient", "Observation", "Condition", "Encounter", "MedicationRequest", "Medication"),
    *("AllergyIntolerance", "Immunization", "Procedure", "DiagnosticReport", "ServiceRequest"),
    *("CarePlan", "Organization", "Practitioner", "PractitionerRole", "Location", "Provenance"),
    *("RelatedPerson", "Coverage", "List"),
)


@case("metadata-version", CAPABILITIES)
def test_the_statement_says_what_it_is(world: World) -> None:
    told = require_status(world.client.get("metadata"), 200)
    assert told["resourceType"] == "CapabilityStatement"
    assert told["fhirVersion"] == "4.0.1"
    assert told["status"] in ("draft", "active")
    assert told["kind"] == "instance"
    assert told["date"]
    assert {"json", "application/fhir+json"} & set(told["format"])


@case("metadata-instance", STATEMENT)
def test_an_instance_says_where_it_is(world: World) -> None:
    told = require_status(world.client.get("metadata"), 200)
    assert told["implementation"]["description"]
    assert told["implementation"].get("url", world.client.base).rstrip("/") == world.client.base


@case("metadata-public", CAPABILITIES)
def test_capabilities_are_told_without_a_token(world: World) -> None:
    answer = world.client.ask("GET", "metadata", headers={"Authorization": ""})
    assert require_status(answer, 200)["resourceType"] == "CapabilityStatement"


@case("metadata-once", STATEMENT)
def test_every_type_and_interaction_stands_once(world: World) -> None:
    served = world.capability.rest["resource"]
    names = [one["type"] for one in served]
    assert len(names) == len(set(names))
    for one in served:
        codes = [interaction["code"] for interaction in one["interaction"]]
        assert len(codes) == len(set(codes)), one["type"]
        parameters = [parameter["name"] for parameter in one.get("searchParam", ())]
        assert len(parameters) == len(set(parameters)), one["type"]
        assert all(parameter["type"] for parameter in one.get("searchParam", ()))


@cases([Case(f"metadata-{type_}", STATEMENT, (type_,)) for type_ in TYPES])
def test_a_type_is_read_and_searched(world: World, case: Case) -> None:
    type_ = case.id.removeprefix("metadata-")
    assert world.capability.does(type_, "read")
    assert world.capability.does(type_, "search-type")
    assert world.client.get(world.path(f"{type_}?_count=0")).json()["resourceType"] == "Bundle"
    require_outcome(world.client.get(f"{type_}/nobody-{world.run}"), (404,))


@cases([Case(f"declared-parameters-{type_}", CONFORMANCE, (type_,)) for type_ in TYPES])
def test_every_declared_parameter_is_taken(world: World, case: Case) -> None:
    type_ = case.id.removeprefix("declared-parameters-")
    declared = [
        one["name"]
        for one in world.capability.type(type_)["searchParam"]
        if one["type"] not in ("composite", "special") and not one["name"].startswith("_")
    ]
    assert declared
    refused = []
    for name in declared:
        path = world.path(f"{type_}?{name}:missing=false&_id=nobody", scoped=True)
        answer = world.client.get(path, prefer="handling=strict")
        if answer.status_code != 200 or answer.json().get("type") != "searchset":
            refused.append(name)
    assert refused == []
    undeclared = world.client.get(f"{type_}?favourite=tea", prefer="handling=strict")
    require_outcome(undeclared, (400,))


@cases([Case(f"declared-includes-{type_}", INCLUDE, (type_,)) for type_ in TYPES[:6]])
def test_every_declared_include_is_taken(world: World, case: Case) -> None:
    type_ = case.id.removeprefix("declared-includes-")
    told = world.capability.type(type_)
    asked = [
        *(f"_include={value}" for value in told.get("searchInclude", ()) if value != "*"),
        *(f"_revinclude={value}" for value in told.get("searchRevInclude", ()) if value != "*"),
    ]
    refused = []
    for one in asked:
        answer = world.client.get(f"{type_}?_id=nobody&{one}", prefer="handling=strict")
        if answer.status_code != 200 or answer.json().get("type") != "searchset":
            refused.append(one)
    assert refused == []
    wrong = world.client.get(f"{type_}?_include={type_}:favourite", prefer="handling=strict")
    require_outcome(wrong, (400,))
