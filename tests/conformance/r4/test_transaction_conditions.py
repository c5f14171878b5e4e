"""Conditions inside a transaction: If-None-Exist, conditional references, updates and patches."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.bundles import bundle, done, entry, place, post, sent, status, urn
from tests.conformance.r4.cases import Probe, case
from tests.conformance.r4.checks import require_outcome
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.searching import found
from tests.conformance.r4.spec import CONDITIONAL_READ, FHIRPATH_PATCH, PATCH, TRANSACTION_RULES

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

T = "transaction"
NEEDS = "Patient.conditionalCreate"
NOBODY = {"resourceType": "Patient", "name": [{"text": "誰か"}]}
NOWHERE = "identifier=https://tasuki.example|nobody"
IF_NONE = Probe("POST", "", bundle(T, post(NOBODY, if_none_exist=NOWHERE)))
PUT_IF = Probe("POST", "", bundle(T, entry("PUT", f"Patient?{NOWHERE}", NOBODY)))
DELETE_IF = Probe("POST", "", bundle(T, entry("DELETE", f"Patient?{NOWHERE}")))


def weight(world: World, subject: str) -> dict[str, Any]:
    return {**world.new_weight({"id": "x"}), "subject": {"reference": subject}}


def people(world: World, number: str) -> list[str]:
    return found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)


@case("transaction-if-none-exist-new", TRANSACTION_RULES, NEEDS, probe=IF_NONE)
def test_what_is_not_there_is_created(world: World) -> None:
    number = f"tc-new-{world.run}"
    condition = f"identifier={world.chart}|{number}"
    (answer,) = done(world, T, post(world.new_patient(number), if_none_exist=condition))
    assert status(answer) == 201
    assert people(world, number) == [place(world, answer)]


@case("transaction-if-none-exist-there", TRANSACTION_RULES, NEEDS, probe=IF_NONE)
def test_references_lead_to_what_is_there(world: World) -> None:
    number, person = f"tc-there-{world.run}", urn()
    made = world.patient(number, birthDate="1950-01-01")
    condition = f"identifier={world.chart}|{number}"
    kept, created = done(
        world,
        T,
        post(world.new_patient(number), person, if_none_exist=condition),
        post(weight(world, person)),
    )
    assert (status(kept), status(created)) == (200, 201)
    assert people(world, number) == [f"Patient/{made['id']}"]
    assert world.client.get(f"Patient/{made['id']}").json() == made
    read = world.client.get(place(world, created)).json()
    assert read["subject"]["reference"] == f"Patient/{made['id']}"


@case("transaction-if-none-exist-several", TRANSACTION_RULES, NEEDS, probe=IF_NONE)
def test_several_matches_undo_all(world: World) -> None:
    number, other = f"tc-several-{world.run}", f"tc-other-{world.run}"
    world.patient(number)
    world.patient(number)
    condition = f"identifier={world.chart}|{number}"
    answer = sent(
        world,
        T,
        post(world.new_patient(other)),
        post(world.new_patient(number), if_none_exist=condition),
    )
    require_outcome(answer, (412,))
    assert (len(people(world, number)), len(people(world, other))) == (2, 0)


@case("transaction-if-none-exist-twice", TRANSACTION_RULES, NEEDS, probe=IF_NONE)
def test_two_entries_for_the_same_person_do_not_make_two(world: World) -> None:
    """Whether R4 wants one of them or none is open; two would be a double record."""
    number = f"tc-twice-{world.run}"
    condition = f"identifier={world.chart}|{number}"
    given = world.new_patient(number)
    answer = sent(
        world, T, post(given, if_none_exist=condition), post(given, if_none_exist=condition)
    )
    if answer.status_code != 200:
        require_outcome(answer)
        assert people(world, number) == []
    else:
        assert len(people(world, number)) == 1
    (again,) = done(world, T, post(given, if_none_exist=condition))
    assert status(again) == (200 if answer.status_code == 200 else 201)


@case("transaction-conditional-reference", TRANSACTION_RULES)
def test_a_reference_by_search_finds_the_one(world: World) -> None:
    number = f"tc-ref-{world.run}"
    made = world.patient(number)
    (answer,) = done(world, T, post(weight(world, f"Patient?identifier={world.chart}|{number}")))
    read = world.client.get(place(world, answer)).json()
    assert read["subject"]["reference"] == f"Patient/{made['id']}"


@case("transaction-conditional-reference-none", TRANSACTION_RULES)
def test_a_reference_by_search_that_finds_nobody_undoes_all(world: World) -> None:
    other = f"tc-none-{world.run}"
    searched = f"Patient?identifier={world.chart}|nobody-{world.run}"
    answer = sent(world, T, post(world.new_patient(other)), post(weight(world, searched)))
    require_outcome(answer)
    assert people(world, other) == []
    assert status(done(world, T, post(world.new_patient(other)))[0]) == 201


@case("transaction-conditional-reference-several", TRANSACTION_RULES)
def test_a_reference_by_search_that_finds_several_undoes_all(world: World) -> None:
    number, other = f"tc-two-{world.run}", f"tc-beside-{world.run}"
    world.patient(number)
    world.patient(number)
    searched = f"Patient?identifier={world.chart}|{number}"
    answer = sent(world, T, post(world.new_patient(other)), post(weight(world, searched)))
    require_outcome(answer)
    assert (len(people(world, number)), people(world, other)) == (2, [])


@case("transaction-conditional-update", TRANSACTION_RULES, "Patient.conditionalUpdate",
      probe=PUT_IF)  # fmt: skip
def test_an_update_by_search(world: World) -> None:
    number = f"tc-put-{world.run}"
    made = world.patient(number)
    given = world.new_patient(number, birthDate="1944-04-04")
    url = world.path(f"Patient?identifier={{chart}}|{number}")
    (answer,) = done(world, T, entry("PUT", url, given, urn()))
    assert status(answer) == 200
    assert core(world.client.get(f"Patient/{made['id']}").json()) == core(given)


@case("transaction-conditional-delete", TRANSACTION_RULES, "Patient.conditionalDelete",
      probe=DELETE_IF)  # fmt: skip
def test_a_deletion_by_search(world: World) -> None:
    number = f"tc-del-{world.run}"
    made = world.patient(number)
    url = world.path(f"Patient?identifier={{chart}}|{number}")
    (answer,) = done(world, T, entry("DELETE", url))
    assert status(answer) in (200, 204)
    require_outcome(world.client.get(f"Patient/{made['id']}"), (404, 410))
    assert people(world, number) == []


def binary(operations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a JSON Patch as a Bundle carries it."""
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


SET = [{"op": "add", "path": "/birthDate", "value": "1933-03-03"}]
PATCH_PROBE = Probe("POST", "", bundle(T, entry("PATCH", "Patient/nobody", binary(SET))))


@case("transaction-json-patch", PATCH, "Patient.interaction:patch", probe=PATCH_PROBE)
def test_a_json_patch_in_a_transaction(world: World) -> None:
    made = world.patient()
    (answer,) = done(world, T, entry("PATCH", f"Patient/{made['id']}", binary(SET)))
    assert status(answer) == 200
    assert world.client.get(f"Patient/{made['id']}").json()["birthDate"] == "1933-03-03"


@case("transaction-fhirpath-patch", FHIRPATH_PATCH, "Patient.interaction:patch",
      probe=PATCH_PROBE)  # fmt: skip
def test_a_fhirpath_patch_in_a_transaction(world: World) -> None:
    made = world.patient(birthDate="1930-01-01")
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.birthDate"},
        {"name": "value", "valueDate": "1933-03-03"},
    ]
    given = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    (answer,) = done(world, T, entry("PATCH", f"Patient/{made['id']}", given))
    assert status(answer) == 200
    assert world.client.get(f"Patient/{made['id']}").json()["birthDate"] == "1933-03-03"


@case("batch-if-none-match", CONDITIONAL_READ)
def test_a_read_unless_the_version_is_the_same(world: World) -> None:
    made = world.patient()
    etag = f'W/"{made["meta"]["versionId"]}"'
    (answer,) = done(world, "batch", entry("GET", f"Patient/{made['id']}", if_none_match=etag))
    if world.declares("Patient.conditionalRead"):
        assert status(answer) == 304
        assert "resource" not in answer
    else:
        assert answer["resource"] == made
