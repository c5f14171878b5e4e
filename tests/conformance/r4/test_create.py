"""create, and creating only what is not there yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Probe, case
from tests.conformance.r4.checks import require_outcome, require_status
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.searching import found
from tests.conformance.r4.spec import CONDITIONAL_CREATE, CREATE, RETURN, VERSIONING

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

NOBODY = {"resourceType": "Patient", "name": [{"text": "誰か"}]}
IF_NONE = Probe(
    "POST", "Patient", NOBODY, (("If-None-Exist", "identifier=https://tasuki.example|nobody"),)
)
NEEDS = "Patient.conditionalCreate"


@case("create-is-read", CREATE)
def test_what_is_created_is_located_and_read(world: World) -> None:
    given = world.new_patient(birthDate="1960-06-06")
    answer = world.client.post("Patient", given)
    assert answer.status_code == 201, answer.text
    place = world.client.place(answer)
    read = world.client.get(place)
    assert core(require_status(read, 200)) == core(given)
    assert answer.headers["etag"] == read.headers["etag"]
    assert answer.headers["last-modified"] == read.headers["last-modified"]


@case("create-location", CREATE)
def test_the_location_names_the_version(world: World) -> None:
    answer = world.client.post("Patient", world.new_patient())
    assert answer.status_code == 201, answer.text
    location = answer.headers["location"]
    assert location.startswith(f"{world.client.base}/Patient/")
    version = require_status(world.client.get(location), 200)["meta"]["versionId"]
    assert location.endswith(f"/_history/{version}")


@case("create-ignores-id", CREATE)
def test_the_server_gives_the_id(world: World) -> None:
    given = {**world.new_patient(), "id": f"mine-{world.run}"}
    made = world.client.created(given)
    assert made["id"] != f"mine-{world.run}"
    require_outcome(world.client.get(f"Patient/mine-{world.run}"), (404,))


@case("create-owns-version", VERSIONING)
def test_the_server_gives_version_and_time(world: World) -> None:
    meta = {"versionId": "77", "lastUpdated": "1990-01-01T00:00:00Z"}
    made = world.client.created({**world.new_patient(), "meta": meta})
    assert made["meta"]["versionId"] != "77"
    assert not made["meta"]["lastUpdated"].startswith("1990")


@case("create-keeps-meta", CREATE)
def test_tags_profiles_and_labels_stay(world: World) -> None:
    meta = {
        "profile": ["http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient"],
        "tag": [{"system": "https://tasuki.example/kept", "code": "a"}],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                      "code": "HTEST"}],
    }  # fmt: skip
    made = world.client.created({**world.new_patient(), "meta": meta})
    assert {k: made["meta"][k] for k in meta} == meta


@case("create-is-found", CREATE)
def test_what_is_created_is_found_at_once(world: World) -> None:
    made = world.patient(number := f"found-{world.run}")
    pages = found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)
    assert pages == [f"Patient/{made['id']}"]


@case("create-twice", CREATE)
def test_creating_twice_is_two(world: World) -> None:
    number = f"twice-{world.run}"
    first, second = world.patient(number), world.patient(number)
    places = found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)
    assert sorted(places) == sorted(f"Patient/{one['id']}" for one in (first, second))


@case("create-minimal", RETURN)
def test_a_minimal_answer_has_no_body(world: World) -> None:
    answer = world.client.post("Patient", world.new_patient(), prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"")
    assert world.client.get(answer.headers["location"]).status_code == 200
    assert world.client.get(world.client.place(answer)).json()["resourceType"] == "Patient"


@case("create-representation", RETURN)
def test_a_whole_answer_is_what_is_read(world: World) -> None:
    answer = world.client.post("Patient", world.new_patient(), prefer="return=representation")
    made = require_status(answer, 201)
    assert made == world.client.get(world.client.place(answer)).json()


@case("create-outcome", RETURN)
def test_an_outcome_can_be_the_answer(world: World) -> None:
    answer = world.client.post("Patient", world.new_patient(), prefer="return=OperationOutcome")
    told = require_status(answer, 201)
    assert told["resourceType"] == "OperationOutcome"
    assert all(issue["severity"] in ("information", "warning") for issue in told["issue"])
    assert world.client.get(world.client.place(answer)).json()["resourceType"] == "Patient"


@case("ccreate-new", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_what_is_not_there_is_created(world: World) -> None:
    number = f"new-{world.run}"
    given = world.new_patient(number)
    answer = world.client.post("Patient", given, if_none_exist=f"identifier={world.chart}|{number}")
    assert answer.status_code == 201, answer.text
    assert core(world.client.get(world.client.place(answer)).json()) == core(given)


@case("ccreate-there", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_what_is_there_stays_as_it_is(world: World) -> None:
    number = f"there-{world.run}"
    made = world.patient(number)
    other = world.new_patient(number, birthDate="2020-02-02")
    answer = world.client.post("Patient", other, if_none_exist=f"identifier={world.chart}|{number}")
    assert answer.status_code == 200, answer.text
    if answer.headers.get("location"):
        assert world.client.place(answer) == f"Patient/{made['id']}"
    assert world.client.get(f"Patient/{made['id']}").json() == made
    assert len(found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)) == 1


@case("ccreate-several", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_several_matches_are_refused(world: World) -> None:
    number = f"several-{world.run}"
    world.patient(number)
    world.patient(number)
    given = world.new_patient(number)
    answer = world.client.post("Patient", given, if_none_exist=f"identifier={world.chart}|{number}")
    require_outcome(answer, (412,))
    assert len(found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)) == 2


@case("ccreate-deleted", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_what_was_deleted_is_not_there(world: World) -> None:
    number = f"gone-{world.run}"
    made = world.patient(number)
    assert world.client.delete(f"Patient/{made['id']}").status_code in (200, 204)
    given = world.new_patient(number)
    answer = world.client.post("Patient", given, if_none_exist=f"identifier={world.chart}|{number}")
    assert answer.status_code == 201, answer.text
    (place,) = found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)
    assert place == world.client.place(answer) != f"Patient/{made['id']}"


@case("ccreate-bad-criteria", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_criteria_that_are_not_understood_are_refused(world: World) -> None:
    number = f"bad-{world.run}"
    given = world.new_patient(number)
    answer = world.client.post("Patient", given, if_none_exist="favourite=tea")
    require_outcome(answer, (400, 412))
    assert (
        world.search_first(f"Patient?identifier={{chart}}|{number}&_count=1").get("entry") is None
    )


@case("ccreate-race", CONDITIONAL_CREATE, NEEDS, probe=IF_NONE)
def test_of_many_at_once_one_is_created(world: World) -> None:
    number = f"race-{world.run}"
    given = world.new_patient(number)
    condition = f"identifier={world.chart}|{number}"
    # The token is asked for by one thread at a time, so before the race.
    token = f"Bearer {world.client.target.token()}"

    def create(_: int) -> int:
        return world.client.http.post(
            world.client.url("Patient"),
            json=given,
            headers={
                "Authorization": token,
                "Content-Type": "application/fhir+json",
                "If-None-Exist": condition,
            },
        ).status_code

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(create, range(8)))
    places = found(world, f"Patient?identifier={{chart}}|{number}", scoped=False)
    for place in places:
        world.client.made[place] = None
    assert len(places) == 1
    assert told.count(201) == 1
    # The others learn that it is there, or that they came too near: nothing else.
    assert set(told) <= {200, 201, 409, 412}
