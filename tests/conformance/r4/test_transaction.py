"""transaction: all or nothing, in R4's order, answered entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.bundles import bundle, done, entry, place, post, put, sent, status, urn
from tests.conformance.r4.cases import case
from tests.conformance.r4.checks import entries, require_outcome
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.searching import found
from tests.conformance.r4.spec import BUNDLE, TRANSACTION, TRANSACTION_RULES

if TYPE_CHECKING:
    from typing import Any

    from tests.conformance.r4.world import World

T = "transaction"


def count(world: World, number: str) -> int:
    """Return how many people carry a chart number of this run."""
    return len(found(world, f"Patient?identifier={{chart}}|{number}", scoped=False))


def weight(world: World, subject: str, **more: Any) -> dict[str, Any]:
    """Return a body weight that names its subject by any reference."""
    return {**world.new_weight({"id": "x"}, **more), "subject": {"reference": subject}}


@case("transaction-creates", TRANSACTION)
def test_what_is_created_is_read(world: World) -> None:
    first, second = world.new_patient(), world.new_patient()
    answers = done(world, T, post(first), post(second))
    assert [status(one) for one in answers] == [201, 201]
    for given, answer in zip((first, second), answers, strict=True):
        assert core(world.client.get(place(world, answer)).json()) == core(given)


@case("transaction-response", BUNDLE)
def test_an_answer_tells_place_version_and_time(world: World) -> None:
    (answer,) = done(world, T, post(world.new_patient()))
    response = answer["response"]
    read = world.client.get(place(world, answer)).json()
    assert response["etag"] == f'W/"{read["meta"]["versionId"]}"'
    assert response["lastModified"]
    assert f"/_history/{read['meta']['versionId']}" in response["location"]


@case("transaction-references", TRANSACTION_RULES)
def test_references_between_entries_are_rewritten(world: World) -> None:
    person, visit = urn(), urn()
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": person},
    }
    observation = weight(world, person, encounter={"reference": visit})
    # The one that refers comes first: the order in the Bundle means nothing.
    answers = done(
        world, T, post(observation), post(encounter, visit), post(world.new_patient(), person)
    )
    places = [place(world, one) for one in answers]
    assert [one.partition("/")[0] for one in places] == ["Observation", "Encounter", "Patient"]
    read = world.client.get(places[0]).json()
    assert read["subject"]["reference"] == places[2]
    assert read["encounter"]["reference"] == places[1]
    assert found(world, f"Observation?patient={places[2]}", scoped=False) == [places[0]]


@case("transaction-reference-in-text", TRANSACTION_RULES)
def test_references_in_extensions_are_rewritten_too(world: World) -> None:
    person, other = urn(), urn()
    extension = [{"url": "https://tasuki.example/with", "valueReference": {"reference": other}}]
    answers = done(
        world,
        T,
        post(world.new_patient(extension=extension), person),
        post(world.new_patient(), other),
    )
    read = world.client.get(place(world, answers[0])).json()
    reference = read["extension"][0]["valueReference"]["reference"]
    assert reference == place(world, answers[1])


@case("transaction-relative-reference", TRANSACTION_RULES)
def test_a_reference_to_what_is_there_stays(world: World) -> None:
    person = f"Patient/{world.patient()['id']}"
    (answer,) = done(world, T, post(weight(world, person)))
    assert world.client.get(place(world, answer)).json()["subject"]["reference"] == person


@case("transaction-all-or-nothing", TRANSACTION)
def test_one_bad_entry_undoes_all(world: World) -> None:
    number = f"t-nothing-{world.run}"
    bad = {**world.new_patient(number), "birthDate": "yesterday"}
    answer = sent(world, T, post(world.new_patient(number)), post(bad))
    require_outcome(answer)
    assert count(world, number) == 0
    (good,) = done(world, T, post(world.new_patient(number)))
    assert status(good) == 201
    assert count(world, number) == 1


@case("transaction-late-failure", TRANSACTION)
def test_a_stale_update_undoes_the_creation_before_it(world: World) -> None:
    number = f"t-stale-{world.run}"
    made = world.patient()
    old = f'W/"{made["meta"]["versionId"]}"'
    assert world.client.put(f"Patient/{made['id']}", {**made, "active": True}).status_code == 200
    answer = sent(
        world, T, post(world.new_patient(number)), put({**made, "active": False}, if_match=old)
    )
    require_outcome(answer, (412, 409))
    assert count(world, number) == 0
    assert world.client.get(f"Patient/{made['id']}").json()["active"] is True


@case("transaction-failed-delete", TRANSACTION)
def test_a_failure_undoes_the_deletion_before_it(world: World) -> None:
    made = world.patient()
    gone = entry("DELETE", f"Patient/{made['id']}")
    bad = {**world.new_patient(), "gender": "favourite"}
    require_outcome(sent(world, T, gone, post(bad)))
    assert world.client.get(f"Patient/{made['id']}").json() == made


@case("transaction-failed-names-entry", TRANSACTION)
def test_a_failure_names_the_entry(world: World) -> None:
    bad = {**world.new_patient(), "birthDate": "yesterday"}
    outcome = require_outcome(sent(world, T, post(world.new_patient()), post(bad)))
    assert "entry[1]" in str(outcome["issue"])
    assert "birthDate" in str(outcome["issue"])


@case("transaction-updates", TRANSACTION)
def test_updates_and_their_answers(world: World) -> None:
    made = world.patient()
    (answer,) = done(world, T, put({**made, "birthDate": "1955-05-05"}))
    assert status(answer) == 200
    read = world.client.get(f"Patient/{made['id']}").json()
    assert read["birthDate"] == "1955-05-05"
    assert answer["response"]["etag"] == f'W/"{read["meta"]["versionId"]}"'


@case("transaction-if-match", TRANSACTION)
def test_an_update_of_the_version_that_was_seen(world: World) -> None:
    made = world.patient()
    etag = f'W/"{made["meta"]["versionId"]}"'
    (answer,) = done(world, T, put({**made, "active": True}, if_match=etag))
    assert status(answer) == 200
    assert world.client.get(f"Patient/{made['id']}").json()["active"] is True


@case("transaction-deletes", TRANSACTION)
def test_deletions(world: World) -> None:
    made = world.patient()
    (answer,) = done(world, T, entry("DELETE", f"Patient/{made['id']}"))
    assert status(answer) in (200, 204)
    require_outcome(world.client.get(f"Patient/{made['id']}"), (404, 410))


@case("transaction-reads-last", TRANSACTION_RULES)
def test_a_read_sees_what_the_transaction_wrote(world: World) -> None:
    made = world.patient()
    read, written = done(
        world,
        T,
        entry("GET", f"Patient/{made['id']}"),
        put({**made, "birthDate": "1977-07-07"}),
    )
    assert (status(read), status(written)) == (200, 200)
    assert read["resource"]["birthDate"] == "1977-07-07"


@case("transaction-deletes-first", TRANSACTION_RULES)
def test_deletions_come_before_creations(world: World) -> None:
    """A conditional creation does not find what the same transaction deletes.

    R4 lets a transaction fail where identities overlap; then nothing may have changed.
    """
    number = f"t-order-{world.run}"
    made = world.patient(number)
    condition = f"identifier={world.chart}|{number}"
    answer = sent(
        world,
        T,
        post(world.new_patient(number), if_none_exist=condition),
        entry("DELETE", f"Patient/{made['id']}"),
    )
    if answer.status_code == 200:
        created, deleted = answer.json()["entry"]
        assert (status(created), status(deleted)) in ((201, 204), (201, 200))
        assert place(world, created) != f"Patient/{made['id']}"
        assert count(world, number) == 1
    else:
        require_outcome(answer)
        assert world.client.get(f"Patient/{made['id']}").json() == made


@case("transaction-search", TRANSACTION)
def test_a_search_within_a_transaction(world: World) -> None:
    person = f"Patient/{world.patient()['id']}"
    searched, created = done(
        world,
        T,
        entry("GET", f"Observation?patient={person}"),
        post(weight(world, person)),
    )
    assert (status(searched), status(created)) == (200, 201)
    matches = entries([searched["resource"]], "match")
    assert [f"Observation/{one['resource']['id']}" for one in matches] == [place(world, created)]


@case("transaction-same-resource-twice", TRANSACTION_RULES)
def test_two_entries_for_one_resource_are_refused(world: World) -> None:
    made = world.patient()
    require_outcome(sent(world, T, put({**made, "active": True}), put({**made, "active": False})))
    require_outcome(
        sent(world, T, put({**made, "active": True}), entry("DELETE", f"Patient/{made['id']}"))
    )
    assert world.client.get(f"Patient/{made['id']}").json() == made


@case("transaction-same-full-url", BUNDLE)
def test_two_entries_with_one_full_url_are_refused(world: World) -> None:
    number, same = f"t-url-{world.run}", urn()
    given = world.new_patient(number)
    require_outcome(sent(world, T, post(given, same), post(given, same)))
    assert count(world, number) == 0
    assert status(done(world, T, post(given, same))[0]) == 201


@case("transaction-dangling", TRANSACTION_RULES)
def test_a_reference_to_no_entry_is_refused(world: World) -> None:
    number = f"t-dangling-{world.run}"
    answer = sent(world, T, post(world.new_patient(number)), post(weight(world, urn())))
    require_outcome(answer)
    assert count(world, number) == 0
    assert status(done(world, T, post(world.new_patient(number)))[0]) == 201


@case("transaction-empty", TRANSACTION)
def test_an_empty_transaction_is_done(world: World) -> None:
    answer = world.client.post("", {"resourceType": "Bundle", "type": T})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["type"], told.get("entry", [])) == ("transaction-response", [])


@case("transaction-wrong-type", TRANSACTION)
def test_a_bundle_that_asks_for_nothing_is_refused(world: World) -> None:
    for kind in ("collection", "searchset", "favourite"):
        require_outcome(world.client.post("", bundle(kind, post(world.new_patient()))))
    require_outcome(world.client.post("", world.new_patient()))


@case("transaction-no-request", BUNDLE)
def test_an_entry_without_a_request_is_refused(world: World) -> None:
    number = f"t-request-{world.run}"
    answer = sent(world, T, post(world.new_patient(number)), {"resource": world.new_patient()})
    require_outcome(answer, names="entry[1]")
    assert count(world, number) == 0


@case("transaction-prefer-minimal", TRANSACTION)
def test_a_minimal_answer_has_no_resources(world: World) -> None:
    number = f"t-minimal-{world.run}"
    answer = world.client.post(
        "", bundle(T, post(world.new_patient(number))), prefer="return=minimal"
    )
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["entry"]
    assert "resource" not in one
    assert status(one) == 201
    assert count(world, number) == 1


@case("transaction-prefer-representation", TRANSACTION)
def test_a_whole_answer_has_the_resources(world: World) -> None:
    given = world.new_patient()
    answer = world.client.post("", bundle(T, post(given)), prefer="return=representation")
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["entry"]
    assert one["resource"] == world.client.get(place(world, one)).json()
    assert core(one["resource"]) == core(given)
