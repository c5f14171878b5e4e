"""batch: every entry for itself, answered in order, each with an outcome of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.bundles import done, entry, place, post, put, sent, status, urn
from tests.conformance.r4.cases import case
from tests.conformance.r4.checks import entries, require_outcome
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.spec import BUNDLE, TRANSACTION

if TYPE_CHECKING:
    from typing import Any

    from tests.conformance.r4.world import World

B = "batch"


def failed(answer: dict[str, Any], *statuses: int) -> str:
    """Assert that an entry was refused with an outcome; return what its issues say."""
    assert status(answer) in statuses, answer
    outcome = answer["response"].get("outcome") or answer.get("resource")
    assert outcome, "a refused entry carries an OperationOutcome"
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["severity"] in ("error", "fatal")
    return str(outcome["issue"])


@case("batch-mixed", TRANSACTION)
def test_a_bad_entry_does_not_hinder_the_others(world: World) -> None:
    given = world.new_patient()
    good, bad, missing = done(
        world,
        B,
        post(given),
        post({**world.new_patient(), "birthDate": "yesterday"}),
        entry("GET", f"Patient/nobody-{world.run}"),
    )
    assert status(good) == 201
    assert core(world.client.get(place(world, good)).json()) == core(given)
    assert "birthDate" in failed(bad, 400, 422)
    failed(missing, 404)


@case("batch-reads", TRANSACTION)
def test_reads_in_a_batch(world: World) -> None:
    first, second = done(
        world, B, entry("GET", world.places["hanako"]), entry("GET", world.places["w1"])
    )
    assert (status(first), status(second)) == (200, 200)
    assert first["resource"] == world.seeded["hanako"]
    assert second["resource"] == world.seeded["w1"]


@case("batch-vread-history", TRANSACTION)
def test_versions_and_history_in_a_batch(world: World) -> None:
    place_ = world.places["hanako"]
    version = world.seeded["hanako"]["meta"]["versionId"]
    read, history = done(
        world,
        B,
        entry("GET", f"{place_}/_history/{version}"),
        entry("GET", f"{place_}/_history"),
    )
    assert read["resource"] == world.seeded["hanako"]
    assert history["resource"]["type"] == "history"
    assert [one["resource"] for one in history["resource"]["entry"]] == [world.seeded["hanako"]]


@case("batch-search", TRANSACTION)
def test_searches_in_a_batch(world: World) -> None:
    first, second = done(
        world,
        B,
        entry("GET", f"Patient?_tag={world.tag}&family=%E8%BC%AA%E5%B3%B6"),
        entry("GET", f"Observation?patient={world.places['taro']}"),
    )
    for answer, wanted in ((first, "jiro"), (second, "tw")):
        assert status(answer) == 200
        assert answer["resource"]["type"] == "searchset"
        (match,) = entries([answer["resource"]], "match")
        assert match["resource"] == world.seeded[wanted]


@case("batch-bad-search", TRANSACTION)
def test_a_bad_search_in_a_batch(world: World) -> None:
    bad, good = done(
        world, B, entry("GET", "Patient?birthdate=yesterday"), entry("GET", world.places["w1"])
    )
    failed(bad, 400)
    assert good["resource"] == world.seeded["w1"]


@case("batch-updates", TRANSACTION)
def test_updates_and_deletions_in_a_batch(world: World) -> None:
    first, second = world.patient(), world.patient()
    updated, deleted = done(
        world,
        B,
        put({**first, "active": True}),
        entry("DELETE", f"Patient/{second['id']}"),
    )
    assert (status(updated), status(deleted) in (200, 204)) == (200, True)
    assert world.client.get(f"Patient/{first['id']}").json()["active"] is True
    require_outcome(world.client.get(f"Patient/{second['id']}"), (404, 410))


@case("batch-stale", TRANSACTION)
def test_a_stale_update_in_a_batch(world: World) -> None:
    made = world.patient()
    old = f'W/"{made["meta"]["versionId"]}"'
    assert world.client.put(f"Patient/{made['id']}", {**made, "active": True}).status_code == 200
    stale, read = done(
        world,
        B,
        put({**made, "active": False}, if_match=old),
        entry("GET", f"Patient/{made['id']}"),
    )
    failed(stale, 412, 409)
    assert read["resource"]["active"] is True


@case("batch-no-references", TRANSACTION)
def test_entries_of_a_batch_do_not_know_each_other(world: World) -> None:
    """R4: references between entries of a batch are not resolved."""
    person = urn()
    weight = {**world.new_weight({"id": "x"}), "subject": {"reference": person}}
    created, other = done(world, B, post(world.new_patient(), person), post(weight))
    assert status(created) == 201
    if status(other) == 201:  # kept as it was sent
        kept = world.client.get(place(world, other)).json()
        assert kept["subject"]["reference"] == person
    else:
        failed(other, 400, 404, 409, 412, 422)
    assert world.client.get(place(world, created)).json()["resourceType"] == "Patient"


@case("batch-wrong-method", BUNDLE)
def test_an_unknown_method_in_a_batch(world: World) -> None:
    good = post(world.new_patient())
    answer = sent(world, B, entry("FAVOUR", "Patient/1"), good)
    if answer.status_code != 200:  # the Bundle breaks its own value set
        require_outcome(answer)
        return
    bad, made = answer.json()["entry"]
    failed(bad, 400, 405, 422)
    assert status(made) == 201


@case("batch-no-such-type", BUNDLE)
def test_a_type_that_is_not_one(world: World) -> None:
    bad, good = done(world, B, entry("GET", "Favourite/1"), entry("GET", world.places["w1"]))
    failed(bad, 400, 404)
    assert good["resource"] == world.seeded["w1"]


@case("batch-capabilities", TRANSACTION)
def test_the_capabilities_in_a_batch(world: World) -> None:
    told, read = done(world, B, entry("GET", "metadata"), entry("GET", world.places["w1"]))
    if status(told) == 200:
        assert told["resource"]["resourceType"] == "CapabilityStatement"
    else:
        failed(told, 400, 404, 422)
    assert read["resource"] == world.seeded["w1"]
