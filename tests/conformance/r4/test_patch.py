"""PATCH by JSON Patch and by FHIRPath Patch: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Probe, case, cases
from tests.conformance.r4.checks import require_outcome, require_status
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.spec import CONCURRENCY, FHIRPATH_PATCH, PATCH

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

Json = Any
JSON_PATCH = (("Content-Type", "application/json-patch+json"),)
NEEDS = ("Patient.interaction:patch",)
PROBE = Probe("PATCH", "{umi}", '[{"op":"add","path":"/active","value":true}]', JSON_PATCH)
SET = {"op": "replace", "path": "/birthDate", "value": "1970-01-01"}


def start(world: World) -> dict[str, Any]:
    """Create the person that every patch here changes."""
    return world.patient(
        f"patched-{world.run}",
        active=True,
        name=[{"family": "珠洲", "given": ["試", "二"]}, {"family": "スズ"}],
        telecom=[{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}],
        gender="female",
        birthDate="1960-01-01",
    )


@dataclass(frozen=True, slots=True)
class Patched:
    """A patch, and what the resource holds afterwards; None where an element is gone."""

    id: str
    patch: Json
    after: dict[str, Any]
    spec: str = PATCH
    kind: str = "json"
    needs: tuple[str, ...] = NEEDS
    probe: Probe = PROBE


def op(kind: str, path: str, **more: Any) -> dict[str, Any]:
    """Return one operation of a JSON Patch; `from_` stands for `from`."""
    return {"op": kind, "path": path, **{name.rstrip("_"): value for name, value in more.items()}}


def fhirpath(id_: str, after: dict[str, Any], *operations: dict[str, Any]) -> Patched:
    """Return a FHIRPath Patch of operations as {part name: value}; `value` is [type, value]."""
    parameters = [
        {"name": "operation", "part": [_part(name, value) for name, value in one.items()]}
        for one in operations
    ]
    body = {"resourceType": "Parameters", "parameter": parameters}
    return Patched(id_, body, after, FHIRPATH_PATCH, "fhirpath")


def _part(name: str, value: Any) -> dict[str, Any]:
    kinds = {"type": "valueCode", "index": "valueInteger", "source": "valueInteger",
             "destination": "valueInteger"}  # fmt: skip
    if name == "value":
        return {"name": name, f"value{value[0]}": value[1]}
    return {"name": name, kinds.get(name, "valueString"): value}


PHONE = {"system": "phone", "value": "3"}
PHONES = [{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}]
ROWS = [
    Patched("patch-replace", [SET], {"birthDate": "1970-01-01"}),
    Patched("patch-add", [op("add", "/deceasedBoolean", value=False)], {"deceasedBoolean": False}),
    Patched("patch-add-replaces", [op("add", "/gender", value="male")], {"gender": "male"}),
    Patched("patch-add-at-end", [op("add", "/telecom/-", value=PHONE)],
            {"telecom": [*PHONES, PHONE]}),
    Patched("patch-add-at-start", [op("add", "/telecom/0", value=PHONE)],
            {"telecom": [PHONE, *PHONES]}),
    Patched("patch-remove", [op("remove", "/gender")], {"gender": None}),
    Patched("patch-remove-item", [op("remove", "/telecom/0")], {"telecom": PHONES[1:]}),
    Patched("patch-remove-inside", [op("remove", "/name/0/given/1")],
            {"name": [{"family": "珠洲", "given": ["試"]}, {"family": "スズ"}]}),
    Patched("patch-move", [op("move", "/telecom/1", from_="/telecom/0")],
            {"telecom": PHONES[::-1]}),
    Patched("patch-copy", [op("copy", "/name/1/given", from_="/name/0/given")],
            {"name": [{"family": "珠洲", "given": ["試", "二"]},
                      {"family": "スズ", "given": ["試", "二"]}]}),
    Patched("patch-test-then-replace", [op("test", "/birthDate", value="1960-01-01"), SET],
            {"birthDate": "1970-01-01"}),
    Patched("patch-several", [SET, op("remove", "/active"), op("add", "/gender", value="other")],
            {"birthDate": "1970-01-01", "active": None, "gender": "other"}),
    Patched("patch-characters", [op("replace", "/name/0/family", value="𠮷田")],
            {"name": [{"family": "𠮷田", "given": ["試", "二"]}, {"family": "スズ"}]}),
    fhirpath("fhirpath-replace", {"birthDate": "1970-01-01"},
             {"type": "replace", "path": "Patient.birthDate", "value": ["Date", "1970-01-01"]}),
    fhirpath("fhirpath-add", {"deceasedBoolean": False},
             {"type": "add", "path": "Patient", "name": "deceased", "value": ["Boolean", False]}),
    fhirpath("fhirpath-add-item", {"telecom": [*PHONES, PHONE]},
             {"type": "add", "path": "Patient", "name": "telecom",
              "value": ["ContactPoint", PHONE]}),
    fhirpath("fhirpath-insert", {"telecom": [PHONES[0], PHONE, PHONES[1]]},
             {"type": "insert", "path": "Patient.telecom", "index": 1,
              "value": ["ContactPoint", PHONE]}),
    fhirpath("fhirpath-delete", {"gender": None}, {"type": "delete", "path": "Patient.gender"}),
    fhirpath("fhirpath-delete-nothing", {"gender": "female", "birthDate": "1970-01-01"},
             {"type": "delete", "path": "Patient.maritalStatus"},
             {"type": "replace", "path": "Patient.birthDate", "value": ["Date", "1970-01-01"]}),
    fhirpath("fhirpath-move", {"telecom": PHONES[::-1]},
             {"type": "move", "path": "Patient.telecom", "source": 0, "destination": 1}),
    fhirpath("fhirpath-index", {"telecom": [{"system": "phone", "value": "9"}, PHONES[1]]},
             {"type": "replace", "path": "Patient.telecom[0].value", "value": ["String", "9"]}),
    fhirpath("fhirpath-where", {"telecom": [PHONES[0], {"system": "email", "value": "2"}]},
             {"type": "replace", "path": "Patient.telecom.where(value='2').system",
              "value": ["Code", "email"]}),
    fhirpath("fhirpath-several", {"gender": None, "birthDate": "1970-01-01"},
             {"type": "delete", "path": "Patient.gender"},
             {"type": "replace", "path": "Patient.birthDate", "value": ["Date", "1970-01-01"]}),
]  # fmt: skip


@cases(ROWS)
def test_a_patch_is_applied(world: World, case: Patched) -> None:
    made = start(world)
    place = f"Patient/{made['id']}"
    answer = world.client.patch(place, case.patch, case.kind)
    assert answer.status_code == 200, answer.text
    read = require_status(world.client.get(place), 200)
    wanted = {k: v for k, v in {**core(made), **case.after}.items() if v is not None}
    assert core(read) == wanted
    assert read["meta"]["versionId"] != made["meta"]["versionId"]
    assert answer.headers["etag"] == f'W/"{read["meta"]["versionId"]}"'


@dataclass(frozen=True, slots=True)
class Broken:
    """A patch that must be refused, with nothing changed."""

    id: str
    patch: Json
    statuses: tuple[int, ...]
    content_type: str = "application/json-patch+json"
    spec: str = PATCH
    needs: tuple[str, ...] = NEEDS
    probe: Probe = PROBE


BAD = (400, 409, 422)
FHIR = "application/fhir+json"
BROKEN = [
    Broken("patch-test-fails", [op("test", "/birthDate", value="1900-01-01"), SET], (*BAD, 412)),
    Broken("patch-second-fails", [SET, op("remove", "/maritalStatus")], BAD),
    Broken("patch-replaces-nothing", [op("replace", "/maritalStatus/text", value="x")], BAD),
    Broken("patch-removes-nothing", [op("remove", "/telecom/7")], BAD),
    Broken("patch-unknown-operation", [op("favour", "/gender", value="male")], BAD),
    Broken("patch-no-path", [{"op": "remove"}], BAD),
    Broken("patch-no-list", {"op": "remove", "path": "/gender"}, BAD),
    Broken("patch-not-json", "[{", (400,)),
    Broken("patch-unknown-element", [op("add", "/favourite", value="tea")], (400, 422)),
    Broken("patch-wrong-type", [op("replace", "/birthDate", value=1970)], (400, 422)),
    Broken("patch-wrong-code", [op("replace", "/gender", value="favourite")], (400, 422)),
    Broken("patch-type", [op("replace", "/resourceType", value="Organization")], (400, 409, 422)),
    Broken("patch-id", [op("replace", "/id", value="another")], (400, 409, 422)),
    Broken("patch-media-type", {"gender": "male"}, (415,), "application/merge-patch+json"),
    Broken("patch-text", "gender: male", (415,), "text/plain"),
    Broken("fhirpath-no-parameters", {"resourceType": "Patient"}, BAD, FHIR, FHIRPATH_PATCH),
    Broken("fhirpath-replaces-nothing", {"resourceType": "Parameters", "parameter": [
        {"name": "operation", "part": [{"name": "type", "valueCode": "replace"},
         {"name": "path", "valueString": "Patient.maritalStatus.text"},
         {"name": "value", "valueString": "x"}]}]}, BAD, FHIR, FHIRPATH_PATCH),
    Broken("fhirpath-bad-path", {"resourceType": "Parameters", "parameter": [
        {"name": "operation", "part": [{"name": "type", "valueCode": "delete"},
         {"name": "path", "valueString": "Patient.("}]}]}, BAD, FHIR, FHIRPATH_PATCH),
]  # fmt: skip


@cases(BROKEN)
def test_a_broken_patch_changes_nothing(world: World, case: Broken) -> None:
    made = start(world)
    place = f"Patient/{made['id']}"
    answer = world.client.ask(
        "PATCH", place, body=case.patch, headers={"Content-Type": case.content_type}
    )
    require_outcome(answer, case.statuses)
    assert world.client.get(place).json() == made


@case("patch-if-match", CONCURRENCY, *NEEDS, probe=PROBE)
def test_who_knows_the_version_may_patch(world: World) -> None:
    made = start(world)
    place = f"Patient/{made['id']}"
    etag = world.client.get(place).headers["etag"]
    assert world.client.patch(place, [SET], if_match=etag).status_code == 200
    require_outcome(world.client.patch(place, [op("remove", "/birthDate")], if_match=etag), (412,))
    assert world.client.get(place).json()["birthDate"] == "1970-01-01"


@case("patch-unknown", PATCH, *NEEDS, probe=PROBE)
def test_what_is_not_there_cannot_be_patched(world: World) -> None:
    require_outcome(world.client.patch(f"Patient/nobody-{world.run}", [SET]), (404,))


@case("patch-deleted", PATCH, *NEEDS, probe=PROBE)
def test_what_is_gone_cannot_be_patched(world: World) -> None:
    made = start(world)
    place = f"Patient/{made['id']}"
    assert world.client.delete(place).status_code in (200, 204)
    require_outcome(world.client.patch(place, [SET]), (404, 410))
    require_outcome(world.client.get(place), (404, 410))


@case("patch-minimal", PATCH, *NEEDS, probe=PROBE)
def test_a_patch_with_a_minimal_answer(world: World) -> None:
    made = start(world)
    answer = world.client.patch(f"Patient/{made['id']}", [SET], prefer="return=minimal")
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.client.get(f"Patient/{made['id']}").json()["birthDate"] == "1970-01-01"
