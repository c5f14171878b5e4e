"""$validate: what is wrong, where, and nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Probe, case, cases
from tests.conformance.r4.checks import ISSUE_CODES, SEVERITIES, require_outcome, require_status
from tests.conformance.r4.spec import VALIDATE

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

PERSON: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": "珠洲"}]}
NEEDS = ("Patient.operation:validate",)
PROBE = Probe("POST", "Patient/$validate", PERSON)
CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}


@dataclass(frozen=True, slots=True)
class Validated:
    """A resource, and what an error must name; nothing where there is none."""

    id: str
    resource: dict[str, Any]
    names: str = ""
    spec: str = VALIDATE
    needs: tuple[str, ...] = NEEDS
    probe: Probe = PROBE


def person(id_: str, names: str, **more: Any) -> Validated:
    return Validated(id_, {**PERSON, **more}, names)


def weight(id_: str, names: str, **more: Any) -> Validated:
    base = {"resourceType": "Observation", "status": "final", "code": CODE}
    given = {**base, "subject": {"reference": "@umi"}, **more}
    resource = {name: value for name, value in given.items() if value is not None}
    return Validated(id_, resource, names, needs=("Observation.operation:validate",))


GOOD = [
    person("validate-good", ""),
    person("validate-good-extension", "",
           extension=[{"url": "https://tasuki.example/x", "valueString": "x"}]),
    person("validate-good-contact", "", contact=[{"name": {"text": "桜"}}]),
    weight("validate-good-weight", "", valueQuantity={"value": 60, "unit": "kg"}),
    weight("validate-good-absent", "", dataAbsentReason={"text": "unknown"}),
]  # fmt: skip
BAD = [
    person("validate-element", "favourite", favourite="tea"),
    person("validate-type", "active", active="true"),
    person("validate-code", "gender", gender="favourite"),
    person("validate-date", "birthDate", birthDate="1960-02-30"),
    person("validate-cardinality", "name", name={"family": "珠洲"}),
    person("validate-missing", "communication", communication=[{"preferred": True}]),
    person("validate-empty", "family", name=[{"family": ""}]),
    weight("validate-status", "status", status=None),
    weight("validate-no-code", "code", code=None),
    weight("validate-absent-and-value", "", valueString="x",
           dataAbsentReason={"text": "unknown"}),
    weight("validate-value-twice", "", valueQuantity={"value": 60},
           component=[{"code": CODE, "valueQuantity": {"value": 60}}]),
    weight("validate-two-values", "value", valueString="x", valueBoolean=True),
]  # fmt: skip


def issues(told: dict[str, Any], *severities: str) -> list[dict[str, Any]]:
    """Return the issues of these severities."""
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"], "an outcome has an issue, also where all is well"
    for issue in told["issue"]:
        assert issue["severity"] in SEVERITIES
        assert issue["code"] in ISSUE_CODES
    return [issue for issue in told["issue"] if issue["severity"] in severities]


@cases(GOOD)
def test_a_good_resource_has_no_error(world: World, case: Validated) -> None:
    path = f"{case.resource['resourceType']}/$validate"
    told = require_status(world.send(Probe("POST", path, case.resource)), 200)
    assert issues(told, "fatal", "error") == []


@cases(BAD)
def test_a_bad_resource_is_told_where(world: World, case: Validated) -> None:
    path = f"{case.resource['resourceType']}/$validate"
    told = require_status(world.send(Probe("POST", path, case.resource)), 200)
    errors = issues(told, "fatal", "error")
    assert errors
    assert case.names in str(errors)
    assert any(one.get("expression") or one.get("location") for one in errors)


def parameters(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(parts)}


RESOURCE = {"name": "resource", "resource": PERSON}
WRONG = {"name": "resource", "resource": {**PERSON, "birthDate": "yesterday"}}


@case("validate-parameters", VALIDATE, *NEEDS, probe=PROBE)
def test_a_resource_in_parameters(world: World) -> None:
    good = world.client.post("Patient/$validate", parameters(RESOURCE))
    assert issues(require_status(good, 200), "fatal", "error") == []
    bad = world.client.post("Patient/$validate", parameters(WRONG))
    assert "birthDate" in str(issues(require_status(bad, 200), "fatal", "error"))


@case("validate-mode-create", VALIDATE, *NEEDS, probe=PROBE)
def test_whether_a_creation_would_do(world: World) -> None:
    mode = {"name": "mode", "valueCode": "create"}
    good = world.client.post("Patient/$validate", parameters(RESOURCE, mode))
    assert issues(require_status(good, 200), "fatal", "error") == []
    bad = world.client.post("Patient/$validate", parameters(WRONG, mode))
    assert issues(require_status(bad, 200), "fatal", "error")


@case("validate-mode-update", VALIDATE, *NEEDS, probe=PROBE)
def test_whether_an_update_would_do(world: World) -> None:
    made = world.patient()
    mode = {"name": "mode", "valueCode": "update"}
    path = f"Patient/{made['id']}/$validate"
    good = {"name": "resource", "resource": {**made, "active": True}}
    told = require_status(world.client.post(path, parameters(good, mode)), 200)
    assert issues(told, "fatal", "error") == []
    other = {"name": "resource", "resource": {**PERSON, "id": "another"}}
    answer = world.client.post(path, parameters(other, mode))
    if answer.status_code == 200:
        assert issues(answer.json(), "fatal", "error")
    else:
        require_outcome(answer)
    assert world.client.get(f"Patient/{made['id']}").json() == made


@case("validate-mode-delete", VALIDATE, *NEEDS, probe=PROBE)
def test_whether_a_deletion_would_do(world: World) -> None:
    made = world.patient()
    mode = {"name": "mode", "valueCode": "delete"}
    path = f"Patient/{made['id']}/$validate"
    told = require_status(world.client.post(path, parameters(mode)), 200)
    assert issues(told, "fatal", "error") == []
    assert world.client.get(f"Patient/{made['id']}").json() == made


@case("validate-mode-unknown", VALIDATE, *NEEDS, probe=PROBE)
def test_an_unknown_mode_is_refused(world: World) -> None:
    mode = {"name": "mode", "valueCode": "favourite"}
    require_outcome(world.client.post("Patient/$validate", parameters(RESOURCE, mode)))


@case("validate-stores-nothing", VALIDATE, *NEEDS, probe=PROBE)
def test_nothing_is_stored(world: World) -> None:
    number = f"v-{world.run}"
    answer = world.client.post("Patient/$validate", world.new_patient(number))
    assert issues(require_status(answer, 200), "fatal", "error") == []
    page = world.search_first(f"Patient?identifier={{chart}}|{number}")
    assert "entry" not in page


@case("validate-nothing", VALIDATE, *NEEDS, probe=PROBE)
def test_nothing_to_validate_is_refused(world: World) -> None:
    require_outcome(world.client.post("Patient/$validate", parameters()))


@case("validate-not-json", VALIDATE, *NEEDS, probe=PROBE)
def test_what_is_no_json_is_told(world: World) -> None:
    answer = world.client.post("Patient/$validate", "{not json")
    if answer.status_code == 200:
        assert issues(answer.json(), "fatal", "error")
    else:
        require_outcome(answer)


@case("validate-other-type", VALIDATE, *NEEDS, probe=PROBE)
def test_a_resource_of_another_type_is_told(world: World) -> None:
    answer = world.client.post("Patient/$validate", {"resourceType": "Location", "name": "x"})
    if answer.status_code == 200:
        assert issues(answer.json(), "fatal", "error")
    else:
        require_outcome(answer)
