"""update, delete, and both by a condition instead of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Probe, Refused, case, cases
from tests.conformance.r4.checks import require_outcome, require_status
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.searching import found
from tests.conformance.r4.spec import (
    CONCURRENCY,
    CONDITIONAL_DELETE,
    CONDITIONAL_UPDATE,
    DELETE,
    RETURN,
    UPDATE,
    UPSERT,
)

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

NOBODY = {"resourceType": "Patient", "name": [{"text": "誰か"}]}
BY_CHART = "Patient?identifier=https://tasuki.example|nobody"
PUT_IF = Probe("PUT", BY_CHART, NOBODY)
DELETE_IF = Probe("DELETE", BY_CHART)


@case("update-replaces", UPDATE)
def test_an_update_replaces_the_whole(world: World) -> None:
    made = world.patient(gender="female", birthDate="1960-01-01")
    place = f"Patient/{made['id']}"
    changed = {k: v for k, v in made.items() if k not in ("gender", "meta")}
    answer = world.client.put(place, {**changed, "birthDate": "1961-01-01"})
    assert core(require_status(answer, 200)) == {**core(changed), "birthDate": "1961-01-01"}
    read = require_status(world.client.get(place), 200)
    assert "gender" not in read
    assert read["birthDate"] == "1961-01-01"
    assert read["meta"]["versionId"] != made["meta"]["versionId"]


@case("update-headers", UPDATE)
def test_an_update_tells_its_version(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    answer = world.client.put(place, {**made, "active": True})
    assert answer.status_code == 200, answer.text
    read = world.client.get(place)
    assert read.json()["active"] is True
    assert answer.headers["etag"] == read.headers["etag"]
    assert answer.headers["last-modified"] == read.headers["last-modified"]


@case("update-minimal", RETURN)
def test_an_update_with_a_minimal_answer(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    answer = world.client.put(place, {**made, "active": False}, prefer="return=minimal")
    assert (answer.status_code, answer.content) == (200, b"")
    assert world.client.get(place).json()["active"] is False


@case("update-is-found", UPDATE)
def test_a_search_finds_what_is_now_and_not_what_was(world: World) -> None:
    made = world.patient(f"old-{world.run}")
    system = world.chart
    changed = {**made, "identifier": [{"system": system, "value": f"young-{world.run}"}]}
    assert world.client.put(f"Patient/{made['id']}", changed).status_code == 200
    now = found(world, "Patient?identifier={chart}|young-{run}", scoped=False)
    assert now == [f"Patient/{made['id']}"]
    assert found(world, "Patient?identifier={chart}|old-{run}", scoped=False) == []


@case("update-if-match", CONCURRENCY)
def test_who_knows_the_version_may_change_it(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    etag = world.client.get(place).headers["etag"]
    answer = world.client.put(place, {**made, "active": True}, if_match=etag)
    assert require_status(answer, 200)["active"] is True
    assert world.client.get(place).json()["active"] is True


@case("update-stale", CONCURRENCY)
def test_who_knows_an_old_version_may_not(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    old = world.client.get(place).headers["etag"]
    assert world.client.put(place, {**made, "active": True}, if_match=old).status_code == 200
    lost = world.client.put(place, {**made, "active": False}, if_match=old)
    require_outcome(lost, (412, 409))
    assert world.client.get(place).json()["active"] is True


@case("update-creates", UPSERT, "Patient.updateCreate",
      probe=Probe("PUT", "Patient/mine-{run}", {**NOBODY, "id": "mine-{run}"}))  # fmt: skip
def test_an_update_of_what_is_not_there_creates(world: World) -> None:
    id_ = f"mine-{world.run}"
    answer = world.client.put(f"Patient/{id_}", {**world.new_patient(), "id": id_})
    assert answer.status_code == 201, answer.text
    assert world.client.get(f"Patient/{id_}").json()["id"] == id_


WRONG = [
    Refused("update-other-id", Probe("PUT", "{hanako}", {**NOBODY, "id": "other"}), (400,), UPDATE,
            "id"),
    Refused("update-no-id", Probe("PUT", "{hanako}", NOBODY), (400,), UPDATE, "id"),
    Refused("update-other-type", Probe("PUT", "{hanako}", {"resourceType": "Organization",
            "id": "@hanako.id", "name": "x"}), (400,), UPDATE),
    Refused("update-no-body", Probe("PUT", "{hanako}", ""), (400,), UPDATE),
    Refused("update-etag-shape", Probe("PUT", "{jiro}", {**NOBODY, "id": "@jiro.id"},
            (("If-Match", "seven"),)), (400, 412), CONCURRENCY),
]  # fmt: skip


@cases(WRONG)
def test_a_wrong_update_changes_nothing(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses, case.names)
    for label in ("hanako", "jiro"):
        assert world.client.get(world.places[label]).json() == world.seeded[label]


@case("delete-is-gone", DELETE)
def test_what_is_deleted_is_neither_read_nor_found(world: World) -> None:
    number = f"gone-soon-{world.run}"
    made = world.patient(number)
    place = f"Patient/{made['id']}"
    query = f"Patient?identifier={{chart}}|{number}"
    assert found(world, query, scoped=False) == [place]
    assert world.client.delete(place).status_code in (200, 202, 204)
    require_outcome(world.client.get(place), (404, 410))
    assert found(world, query, scoped=False) == []


@case("delete-twice", DELETE)
def test_deleting_twice_is_no_error(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    assert world.client.delete(place).status_code in (200, 204)
    assert world.client.delete(place).status_code in (200, 204)
    require_outcome(world.client.get(place), (404, 410))


@case("delete-and-update", DELETE)
def test_what_was_deleted_may_be_brought_back(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    assert world.client.delete(place).status_code in (200, 204)
    answer = world.client.put(place, {**made, "active": True})
    if answer.is_success:
        assert answer.status_code in (200, 201)
        assert world.client.get(place).json()["active"] is True
    else:
        require_outcome(answer)
        require_outcome(world.client.get(place), (404, 410))


@case("delete-unknown", DELETE)
def test_deleting_what_never_was(world: World) -> None:
    """R4: 404, or success since nothing is left to do; never a server error."""
    answer = world.client.delete(f"Patient/nobody-{world.run}")
    if not answer.is_success:
        require_outcome(answer, (404,))
    require_outcome(world.client.get(f"Patient/nobody-{world.run}"), (404,))


@case("cupdate-one", CONDITIONAL_UPDATE, "Patient.conditionalUpdate", probe=PUT_IF)
def test_the_one_match_is_updated(world: World) -> None:
    number = f"cu-one-{world.run}"
    made = world.patient(number)
    given = world.new_patient(number, birthDate="1999-09-09")
    answer = world.client.put(world.path(f"Patient?identifier={{chart}}|{number}"), given)
    assert answer.status_code == 200, answer.text
    read = world.client.get(f"Patient/{made['id']}").json()
    assert (core(read), read["id"]) == (core(given), made["id"])


@case("cupdate-none", CONDITIONAL_UPDATE, "Patient.conditionalUpdate", probe=PUT_IF)
def test_without_a_match_it_is_created(world: World) -> None:
    number = f"cu-none-{world.run}"
    given = world.new_patient(number)
    answer = world.client.put(world.path(f"Patient?identifier={{chart}}|{number}"), given)
    assert answer.status_code == 201, answer.text
    assert core(world.client.get(world.client.place(answer)).json()) == core(given)


@case("cupdate-several", CONDITIONAL_UPDATE, "Patient.conditionalUpdate", probe=PUT_IF)
def test_several_matches_are_not_updated(world: World) -> None:
    number = f"cu-several-{world.run}"
    both = [world.patient(number), world.patient(number)]
    given = world.new_patient(number, birthDate="1999-09-09")
    answer = world.client.put(world.path(f"Patient?identifier={{chart}}|{number}"), given)
    require_outcome(answer, (412,))
    for one in both:
        assert world.client.get(f"Patient/{one['id']}").json() == one


@case("cupdate-other-id", CONDITIONAL_UPDATE, "Patient.conditionalUpdate", probe=PUT_IF)
def test_an_id_that_is_not_the_match_is_refused(world: World) -> None:
    number = f"cu-id-{world.run}"
    made = world.patient(number)
    given = {**world.new_patient(number, birthDate="1999-09-09"), "id": "another"}
    answer = world.client.put(world.path(f"Patient?identifier={{chart}}|{number}"), given)
    require_outcome(answer, (400,))
    assert world.client.get(f"Patient/{made['id']}").json() == made


@case("cdelete-one", CONDITIONAL_DELETE, "Patient.conditionalDelete", probe=DELETE_IF)
def test_the_one_match_is_deleted(world: World) -> None:
    number = f"cd-one-{world.run}"
    made, other = world.patient(number), world.patient()
    answer = world.client.delete(world.path(f"Patient?identifier={{chart}}|{number}"))
    assert answer.status_code in (200, 204), answer.text
    require_outcome(world.client.get(f"Patient/{made['id']}"), (404, 410))
    assert world.client.get(f"Patient/{other['id']}").json() == other


@case("cdelete-none", CONDITIONAL_DELETE, "Patient.conditionalDelete", probe=DELETE_IF)
def test_without_a_match_nothing_is_deleted(world: World) -> None:
    number = f"cd-none-{world.run}"
    made = world.patient(number)
    answer = world.client.delete(world.path("Patient?identifier={chart}|nobody-at-all"))
    assert answer.status_code in (200, 204, 404), answer.text
    assert world.client.get(f"Patient/{made['id']}").json() == made
    assert found(world, f"Patient?identifier={{chart}}|{number}", scoped=False) == [
        f"Patient/{made['id']}"
    ]


@case("cdelete-several", CONDITIONAL_DELETE, "Patient.conditionalDelete", probe=DELETE_IF)
def test_several_matches_are_all_deleted_or_none(world: World) -> None:
    number = f"cd-several-{world.run}"
    both = [world.patient(number), world.patient(number)]
    answer = world.client.delete(world.path(f"Patient?identifier={{chart}}|{number}"))
    read = [world.client.get(f"Patient/{one['id']}").status_code for one in both]
    if world.capability.type("Patient")["conditionalDelete"] == "single":
        require_outcome(answer, (412,))
        assert read == [200, 200]
    else:
        assert answer.status_code in (200, 204), answer.text
        assert set(read) <= {404, 410}


@case("cdelete-criteria", CONDITIONAL_DELETE)
def test_a_criterion_that_is_not_understood_deletes_nothing(world: World) -> None:
    number = f"cd-criteria-{world.run}"
    made = world.patient(number)
    path = world.path(f"Patient?identifier={{chart}}|{number}&favourite=tea")
    require_outcome(world.client.delete(path, prefer="handling=strict"))
    assert world.client.get(f"Patient/{made['id']}").json() == made
