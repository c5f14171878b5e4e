"""Patient/$everything: the whole record of one person, and of nobody else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Probe, Refused, case, cases
from tests.conformance.r4.checks import place, require_outcome
from tests.conformance.r4.client import link
from tests.conformance.r4.spec import EVERYTHING

if TYPE_CHECKING:
    from typing import Any

    from tests.conformance.r4.world import World

NEEDS = "Patient.operation:everything"
PROBE = Probe("GET", "{hanako}/$everything")
OBSERVED = {"w1", "w2", "w3", "bp1", "bp2", "a1c", "smoke", "memo", "pulse", "panel"}
RECORDS = OBSERVED | {
    *("hanako", "visit", "stay", "pressure", "sugar", "rx1", "rx2", "penicillin", "flu"),
    *("surgery", "plan", "planwinter", "planbone", "order", "report", "medlist", "sakura", "cover"),
}
# What these point to may come along; other people and what is theirs may not.
BESIDE = {
    *("city", "wajima", "building", "ward", "sato", "suzuki", "satorole", "amlodipine"),
    *("origin", "risk", "risklow"),
}


def everything(world: World, query: str = "", who: str = "hanako") -> list[str]:
    """Return the labels of what comes, over all pages."""
    pages = list(world.client.pages(world.path(f"{{{who}}}/$everything{query}")))
    found: list[str] = []
    for page in pages:
        assert page["type"] in ("searchset", "collection")
        resources = [one for one in page.get("entry", ()) if _is_data(one)]
        assert all(one["fullUrl"] == f"{world.client.base}/{place(one)}" for one in resources)
        # What several pages point to may come with each of them.
        found.extend(place(one) for one in resources if place(one) not in found or _matches(one))
    assert len(found) == len(set(found)), "a resource comes twice"
    return world.labels(found)


def _matches(entry: dict[str, Any]) -> bool:
    return bool((entry.get("search") or {}).get("mode", "match") == "match")


def _is_data(entry: dict[str, Any]) -> bool:
    return bool(entry["resource"]["resourceType"] != "OperationOutcome")


@case("everything-is-everything", EVERYTHING, NEEDS, probe=PROBE)
def test_the_whole_record_comes(world: World) -> None:
    found = set(everything(world))
    assert found >= RECORDS
    assert found <= RECORDS | BESIDE


@case("everything-of-another", EVERYTHING, NEEDS, probe=PROBE)
def test_nothing_of_anybody_else_comes(world: World) -> None:
    found = set(everything(world, who="taro"))
    assert found >= {"taro", "tw", "other", "bone", "rx3", "soba"}
    assert found.isdisjoint(RECORDS)
    assert found.isdisjoint({"jiro", "jw", "umi", "marie"})


@case("everything-content", EVERYTHING, NEEDS, probe=PROBE)
def test_what_comes_is_what_a_read_returns(world: World) -> None:
    pages = world.client.pages(world.path("{taro}/$everything"))
    read = {place(entry): entry["resource"] for page in pages for entry in page["entry"]}
    for label in ("taro", "tw", "soba"):
        assert read[world.places[label]] == world.seeded[label]


@case("everything-supporting", EVERYTHING, NEEDS, probe=PROBE)
def test_what_the_record_points_to_comes_along(world: World) -> None:
    found = set(everything(world))
    assert found >= {"wajima", "sato", "amlodipine"}


@case("everything-type", EVERYTHING, NEEDS, probe=PROBE)
def test_some_types_of_the_record(world: World) -> None:
    found = set(everything(world, "?_type=Observation,Condition"))
    assert found - {"hanako"} == OBSERVED | {"pressure", "sugar"}


@case("everything-start", EVERYTHING, NEEDS, probe=PROBE)
def test_care_from_a_day_on(world: World) -> None:
    found = set(everything(world, "?start=2026-03-05"))
    assert found >= {"hanako", "w3", "bp2", "stay"}
    assert found.isdisjoint({"w1", "w2", "bp1", "a1c", "smoke", "memo", "panel", "surgery", "flu"})


@case("everything-end", EVERYTHING, NEEDS, probe=PROBE)
def test_care_until_a_day(world: World) -> None:
    found = set(everything(world, "?end=2026-01-12"))
    assert found >= {"hanako", "w1", "bp1", "panel", "memo", "surgery", "flu", "visit"}
    assert found.isdisjoint({"w2", "w3", "bp2", "a1c", "smoke", "stay"})


@case("everything-between", EVERYTHING, NEEDS, probe=PROBE)
def test_care_between_two_days(world: World) -> None:
    found = set(everything(world, "?start=2026-02-05&end=2026-02-20&_type=Observation"))
    assert found - {"hanako"} >= {"w2", "smoke"}
    assert found.isdisjoint({"w1", "w3", "bp1", "bp2", "a1c", "memo", "panel"})


@case("everything-since", EVERYTHING, NEEDS, probe=PROBE)
def test_what_changed_since_a_time(world: World) -> None:
    patient = world.patient()
    old = world.client.created(world.new_weight(patient, 60))
    time.sleep(0.02)
    new = world.client.created(world.new_weight(patient, 61))
    since = new["meta"]["lastUpdated"]
    path = world.path(f"Patient/{patient['id']}/$everything?_since={since}")
    found = {place(one) for page in world.client.pages(path) for one in page.get("entry", ())}
    assert f"Observation/{new['id']}" in found
    assert f"Observation/{old['id']}" not in found


@case("everything-count", EVERYTHING, NEEDS, probe=PROBE)
def test_the_record_in_pages(world: World) -> None:
    whole = everything(world)
    assert set(whole) >= RECORDS
    assert sorted(everything(world, "?_count=7")) == sorted(whole)
    first = world.client.get(world.path("{hanako}/$everything?_count=7")).json()
    assert len([one for one in first["entry"] if _is_data(one)]) < len(whole)
    assert link(first, "next")


@case("everything-post", EVERYTHING, NEEDS, probe=PROBE)
def test_the_operation_by_post(world: World) -> None:
    given = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueCode": "Condition"}],
    }
    answer = world.client.post(f"{world.places['hanako']}/$everything", given)
    assert answer.status_code == 200, answer.text
    found = set(world.labels([place(one) for one in answer.json()["entry"]]))
    assert found - {"hanako"} == {"pressure", "sugar"}


WRONG = [
    Refused("everything-unknown", Probe("GET", "Patient/nobody-{run}/$everything"), (404,),
            EVERYTHING),
    Refused("everything-bad-start", Probe("GET", "{hanako}/$everything?start=yesterday"), (400,),
            EVERYTHING, "start"),
    Refused("everything-bad-since", Probe("GET", "{hanako}/$everything?_since=yesterday"), (400,),
            EVERYTHING, "_since"),
    Refused("everything-bad-type", Probe("GET", "{hanako}/$everything?_type=Favourite"), (400,),
            EVERYTHING, "_type"),
    Refused("everything-bad-count", Probe("GET", "{hanako}/$everything?_count=many"), (400,),
            EVERYTHING, "_count"),
    Refused("everything-other-type", Probe("GET", "{wajima}/$everything"), (400, 404, 405),
            EVERYTHING),
]  # fmt: skip


@cases(WRONG)
def test_a_wrong_question_is_refused(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses, case.names)
