"""How a request is put: methods a path has, formats, preferences, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Case, Probe, case, cases
from tests.conformance.r4.checks import (
    entries,
    place,
    require_outcome,
    require_status,
)
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.spec import (
    CONCURRENCY,
    CONDITIONAL_UPDATE,
    LASTN,
    LENIENT,
    META,
    MIME,
    OPERATIONS,
    STATUS,
)

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

NOT_ALLOWED = {
    "allow-instance": ("POST", "{hanako}", "PUT"),
    "allow-history": ("DELETE", "Patient/_history", "GET"),
    "allow-base": ("PUT", "", "POST"),
}


@cases([Case(id_, STATUS) for id_ in NOT_ALLOWED])
def test_a_method_that_is_not_there_is_told_which_are(world: World, case: Case) -> None:
    """The codes mean what HTTP says: a 405 has the header Allow (RFC 9110, 15.5.6)."""
    method, path, known = NOT_ALLOWED[case.id]
    answer = world.client.ask(method, world.path(path))
    require_outcome(answer, (405, 404, 400))
    if answer.status_code == 405:
        allowed = {one.strip() for one in answer.headers["allow"].split(",")}
        assert known in allowed
        assert method not in allowed


@case("allow-as-told", STATUS)
def test_what_is_not_allowed_leaves_everything_as_it_was(world: World) -> None:
    answer = world.client.post(world.places["hanako"], world.seeded["hanako"])
    require_outcome(answer, (405, 404, 400))
    assert world.client.get(world.places["hanako"]).json() == world.seeded["hanako"]


@case("update-foreign-etag", CONCURRENCY)
def test_a_version_the_server_never_had_does_not_match(world: World) -> None:
    made = world.patient()
    path = f"Patient/{made['id']}"
    for etag in ('W/"no-such-version"', '"no-such-version"'):
        answer = world.client.put(path, {**made, "active": True}, if_match=etag)
        require_outcome(answer, (412,))
        require_outcome(world.client.delete(path, if_match=etag), (412,))
    assert world.client.get(path).json() == made


@case("cupdate-with-format", CONDITIONAL_UPDATE, "Patient.conditionalUpdate",
      probe=Probe("PUT", "Patient?identifier=https://tasuki.example|nobody",
                  {"resourceType": "Patient"}))  # fmt: skip
def test_a_format_beside_the_criteria_is_no_criterion(world: World) -> None:
    number = f"cu-format-{world.run}"
    made = world.patient(number)
    given = world.new_patient(number, birthDate="1999-09-09")
    path = world.path(f"Patient?identifier={{chart}}|{number}&_format=json&_pretty=true")
    assert world.client.put(path, given).status_code == 200
    read = world.client.get(f"Patient/{made['id']}").json()
    assert core(read) == core(given)


QUOTED = {
    "lenient-quoted": 'handling="lenient"',
    "lenient-second": "return=minimal, handling=lenient",
}


@cases([Case(id_, LENIENT) for id_ in QUOTED])
def test_a_preference_is_found_however_it_is_written(world: World, case: Case) -> None:
    path = world.path("Patient?favourite=tea&birthdate=1938-04-05", scoped=True)
    answer = world.client.get(path, prefer=QUOTED[case.id])
    page = require_status(answer, 200)
    assert world.labels([place(one) for one in entries([page], "match")]) == ["hanako"]


@case("format-none-of-ours", MIME)
def test_a_format_that_is_weighed_with_nothing_is_not_wanted(world: World) -> None:
    wanted = "text/turtle, application/json;q=0, application/fhir+json;q=0.0"
    answer = world.client.get(world.places["hanako"], accept=wanted)
    if answer.status_code == 200:
        assert "json" not in answer.headers["content-type"]
    else:
        require_outcome(answer, (406,))


@case("lastn-post", LASTN, "Observation.operation:lastn",
      probe=Probe("GET", "Observation/$lastn?patient={hanako}"))  # fmt: skip
def test_the_latest_by_post(world: World) -> None:
    given = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueString": world.places["hanako"]},
            {"name": "code", "valueString": "http://loinc.org|29463-7"},
            {"name": "max", "valuePositiveInt": 2},
        ],
    }
    page = require_status(world.client.post("Observation/$lastn", given), 200)
    assert world.labels([place(one) for one in entries([page], "match")]) == ["w3", "w2"]
    wrong = {**given, "parameter": [{"name": "max", "valueQuantity": {"value": 1}}]}
    require_outcome(world.client.post("Observation/$lastn", wrong), (400, 422))


@case("meta-post", META, "Patient.operation:meta", probe=Probe("GET", "{hanako}/$meta"))
def test_the_meta_by_post(world: World) -> None:
    path = f"{world.places['hanako']}/$meta"
    asked = world.client.post(path, {"resourceType": "Parameters"})
    assert require_status(asked, 200) == require_status(world.client.get(path), 200)
    assert asked.json()["parameter"][0]["valueMeta"]["tag"]


@case("operation-post", OPERATIONS, "Patient.operation:meta", probe=Probe("GET", "Patient/$meta"))
def test_an_operation_that_changes_nothing_is_there_by_both_methods(world: World) -> None:
    path = f"{world.places['hanako']}/$meta"
    before = require_status(world.client.get(path), 200)
    require_outcome(world.client.post(path, {"resourceType": "Patient"}), (400, 422))
    assert require_status(world.client.get(path), 200) == before
