"""$lastn, and $meta with its two ways to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Case, Probe, Refused, case, cases
from tests.conformance.r4.checks import entries, place, require_outcome, require_status
from tests.conformance.r4.spec import LASTN, META, META_ADD, META_DELETE

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

LAST = "Observation.operation:lastn"
LAST_PROBE = Probe("GET", "Observation/$lastn?patient={hanako}&category=vital-signs")
LATEST = {
    "lastn-category": ("patient={hanako}&category=vital-signs", "w3 bp2 pulse panel"),
    "lastn-code": ("patient={hanako}&code=29463-7", "w3"),
    "lastn-system-code": ("patient={hanako}&code=http://loinc.org|29463-7", "w3"),
    "lastn-codes": ("patient={hanako}&code=29463-7,85354-9", "w3 bp2"),
    "lastn-max-two": ("patient={hanako}&code=29463-7&max=2", "w3 w2"),
    "lastn-max-of-each": ("patient={hanako}&code=29463-7,85354-9&max=2", "w3 w2 bp2 bp1"),
    "lastn-max-all": ("patient={hanako}&code=29463-7&max=50", "w3 w2 w1"),
    "lastn-subject": ("subject={taro}&code=29463-7", "tw"),
    "lastn-other-category": ("patient={hanako}&category=laboratory", "a1c"),
    "lastn-date": ("patient={hanako}&code=29463-7&date=lt2026-03", "w2"),
}


@cases([Case(id_, LASTN, (LAST,), LAST_PROBE) for id_ in LATEST])
def test_the_latest_of_each_kind(world: World, case: Case) -> None:
    query, wanted = LATEST[case.id]
    (page,) = list(world.client.pages(world.path(f"Observation/$lastn?{query}")))
    assert page["type"] == "searchset"
    found = world.labels([place(entry) for entry in entries([page], "match")])
    assert sorted(found) == sorted(wanted.split())


@case("lastn-newest-first", LASTN, LAST, probe=LAST_PROBE)
def test_the_latest_come_newest_first(world: World) -> None:
    path = world.path("Observation/$lastn?patient={hanako}&code=29463-7&max=3")
    page = require_status(world.client.get(path), 200)
    found = world.labels([place(entry) for entry in entries([page], "match")])
    assert found == ["w3", "w2", "w1"]


LASTN_WRONG = [
    Refused("lastn-nobody", Probe("GET", "Observation/$lastn?category=vital-signs"), (400, 422),
            LASTN),
    Refused("lastn-bad-max", Probe("GET", "Observation/$lastn?patient={hanako}&code=1&max=many"),
            (400, 422), LASTN, "max"),
    Refused("lastn-max-zero", Probe("GET", "Observation/$lastn?patient={hanako}&code=1&max=0"),
            (400, 422), LASTN, "max"),
    Refused("lastn-other-type", Probe("GET", "Condition/$lastn?patient={hanako}&code=1"),
            (400, 404, 405), LASTN),
]  # fmt: skip


@cases(LASTN_WRONG)
def test_a_wrong_question_for_the_latest(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses, case.names)


NEEDS = "Patient.operation:meta"
PROBE = Probe("GET", "{hanako}/$meta")
SYSTEM = "https://tasuki.example/labels"
A, B = ({"system": SYSTEM, "code": code} for code in "ab")
HTEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
JP = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient"
ADD = Probe("POST", "{umi}/$meta-add", {"resourceType": "Parameters", "parameter": [
    {"name": "meta", "valueMeta": {"tag": [A]}}]})  # fmt: skip
REMOVE = Probe("POST", "{umi}/$meta-delete", ADD.body)


def meta_of(told: dict[str, Any]) -> dict[str, Any]:
    """Return the Meta of an answer."""
    assert told["resourceType"] == "Parameters"
    (one,) = [one for one in told["parameter"] if one["name"] == "return"]
    found: dict[str, Any] = one["valueMeta"]
    return found


def changed(world: World, place_: str, operation: str, **meta: Any) -> dict[str, Any]:
    """Ask for a change of meta; return what it is then."""
    given = {
        "resourceType": "Parameters",
        "parameter": [{"name": "meta", "valueMeta": meta}],
    }
    answer = world.client.post(f"{place_}/${operation}", given)
    return meta_of(require_status(answer, 200))


def labels(meta: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return tags (of this file), security labels and profiles."""
    tags = [tag for tag in meta.get("tag", ()) if tag["system"] == SYSTEM]
    return tags, meta.get("security", []), meta.get("profile", [])


@case("meta-read", META, NEEDS, probe=PROBE)
def test_the_labels_of_a_resource(world: World) -> None:
    told = meta_of(require_status(world.client.get(f"{world.places['hanako']}/$meta"), 200))
    kept = world.seeded["hanako"]["meta"]
    for name in ("tag", "security", "profile"):
        assert told[name] == kept[name]


@case("meta-add", META_ADD, "Patient.operation:meta-add", probe=ADD)
def test_labels_are_added(world: World) -> None:
    made = world.patient(meta={"tag": [A], "profile": [JP]})
    place_ = f"Patient/{made['id']}"
    told = changed(world, place_, "meta-add", tag=[B], security=[HTEST])
    assert labels(told) == ([A, B], [HTEST], [JP])
    read = world.client.get(place_).json()
    assert labels(read["meta"]) == ([A, B], [HTEST], [JP])
    assert read["name"] == made["name"]


@case("meta-add-twice", META_ADD, "Patient.operation:meta-add", probe=ADD)
def test_a_label_is_not_added_twice(world: World) -> None:
    made = world.patient(meta={"tag": [A]})
    place_ = f"Patient/{made['id']}"
    changed(world, place_, "meta-add", tag=[A, B], profile=[JP])
    told = changed(world, place_, "meta-add", tag=[B], profile=[JP])
    assert labels(told) == ([A, B], [], [JP])
    assert labels(world.client.get(place_).json()["meta"]) == ([A, B], [], [JP])


@case("meta-add-is-found", META_ADD, "Patient.operation:meta-add", probe=ADD)
def test_an_added_label_is_found(world: World) -> None:
    made = world.patient()
    own = {"system": SYSTEM, "code": f"found-{world.run}"}
    changed(world, f"Patient/{made['id']}", "meta-add", tag=[own])
    page = world.search_first(f"Patient?_tag={SYSTEM}|found-{{run}}")
    assert [place(one) for one in entries([page], "match")] == [f"Patient/{made['id']}"]


@case("meta-delete", META_DELETE, "Patient.operation:meta-delete", probe=REMOVE)
def test_labels_are_taken_away(world: World) -> None:
    made = world.patient(meta={"tag": [A, B], "security": [HTEST], "profile": [JP]})
    place_ = f"Patient/{made['id']}"
    told = changed(world, place_, "meta-delete", tag=[A], profile=[JP])
    assert labels(told) == ([B], [HTEST], [])
    assert labels(world.client.get(place_).json()["meta"]) == ([B], [HTEST], [])


@case("meta-delete-absent", META_DELETE, "Patient.operation:meta-delete", probe=REMOVE)
def test_taking_away_what_is_not_there(world: World) -> None:
    made = world.patient(meta={"tag": [A]})
    told = changed(world, f"Patient/{made['id']}", "meta-delete", tag=[B])
    assert labels(told) == ([A], [], [])


META_WRONG = [
    Refused("meta-unknown", Probe("GET", "Patient/nobody-{run}/$meta"), (404,), META),
    Refused("meta-add-unknown", Probe("POST", "Patient/nobody-{run}/$meta-add", ADD.body), (404,),
            META_ADD),
    Refused("meta-add-nothing", Probe("POST", "{umi}/$meta-add",
            {"resourceType": "Parameters", "parameter": [{"name": "favourite",
             "valueString": "tea"}]}), (400, 422), META_ADD),
    Refused("meta-add-resource", Probe("POST", "{umi}/$meta-add", {"resourceType": "Patient"}),
            (400, 422), META_ADD),
    Refused("meta-delete-resource", Probe("POST", "{umi}/$meta-delete",
            {"resourceType": "Patient"}), (400, 422), META_DELETE),
]  # fmt: skip


@cases(META_WRONG)
def test_a_wrong_question_about_labels(world: World, case: Refused) -> None:
    answer = world.send(case.probe)
    if world.capability.has(NEEDS):
        require_outcome(answer, case.statuses)
    else:
        require_outcome(answer)
