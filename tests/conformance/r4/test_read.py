"""read, vread, HEAD and conditional read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Case, Probe, Refused, case, cases
from tests.conformance.r4.checks import (
    require_fhir,
    require_outcome,
    require_status,
    require_subsetted,
)
from tests.conformance.r4.checks import without_server_parts as core
from tests.conformance.r4.spec import (
    CONDITIONAL_READ,
    DELETE,
    ELEMENTS,
    HEAD,
    MIME,
    READ,
    RESOURCE,
    SUMMARY,
    VERSIONING,
    VREAD,
)
from tests.conformance.r4.world import DATA, FILES, TAGS

if TYPE_CHECKING:
    from typing import Any

    from tests.conformance.r4.world import World

GIVEN: dict[str, dict[str, Any]] = {
    label: resource
    for name in FILES
    for label, resource in json.loads((DATA / name).read_text("utf-8")).items()
    if resource["resourceType"] != "RiskAssessment"  # served by few
}


@cases([Case(f"read-{label}", READ, (GIVEN[label]["resourceType"],)) for label in GIVEN])
def test_what_was_written_is_read(world: World, case: Case) -> None:
    label = case.id.removeprefix("read-")
    given = json.loads(world.filled_json(json.dumps(GIVEN[label], ensure_ascii=False)))
    answer = world.client.get(world.places[label])
    read = require_status(answer, 200)
    assert read["resourceType"] == given["resourceType"]
    assert f"{read['resourceType']}/{read['id']}" == world.places[label]
    tags = [*given.get("meta", {}).get("tag", ()), {"system": TAGS, "code": world.run}]
    wanted = core({**given, "meta": {**given.get("meta", {}), "tag": tags}})
    assert core(read) == wanted


@case("read-headers", READ)
def test_a_read_tells_version_and_time(world: World) -> None:
    answer = world.client.get(world.places["hanako"])
    meta = require_status(answer, 200)["meta"]
    assert answer.headers["etag"] == f'W/"{meta["versionId"]}"'
    told = parsedate_to_datetime(answer.headers["last-modified"])
    updated = datetime.fromisoformat(meta["lastUpdated"])
    assert abs(told - updated) < timedelta(seconds=1)


@case("read-meta", RESOURCE)
def test_meta_has_what_the_server_owns(world: World) -> None:
    meta = require_status(world.client.get(world.places["w1"]), 200)["meta"]
    assert meta["versionId"]
    assert datetime.fromisoformat(meta["lastUpdated"]).tzinfo is not None


@case("vread-every-version", VREAD)
def test_every_version_stays_readable(world: World) -> None:
    first = world.patient(birthDate="1950-01-01")
    place = f"Patient/{first['id']}"
    answer = world.client.put(place, {**first, "birthDate": "1951-02-02"})
    second = require_status(answer, 200)
    assert first["meta"]["versionId"] != second["meta"]["versionId"]
    for version, birth in ((first, "1950-01-01"), (second, "1951-02-02")):
        number = version["meta"]["versionId"]
        read = world.client.get(f"{place}/_history/{number}")
        body = require_status(read, 200)
        assert (body["birthDate"], body["meta"]["versionId"]) == (birth, number)
        assert read.headers["etag"] == f'W/"{number}"'
    assert require_status(world.client.get(place), 200)["birthDate"] == "1951-02-02"


@case("vread-deleted", VREAD)
def test_a_version_before_the_deletion_stays_readable(world: World) -> None:
    made = world.patient(birthDate="1950-01-01")
    place = f"Patient/{made['id']}"
    assert world.client.delete(place).status_code in (200, 204)
    read = world.client.get(f"{place}/_history/{made['meta']['versionId']}")
    assert require_status(read, 200)["birthDate"] == "1950-01-01"
    require_outcome(world.client.get(place), (404, 410))


@case("read-deleted", DELETE)
def test_what_was_deleted_is_gone(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    assert world.client.get(place).status_code == 200
    assert world.client.delete(place).status_code in (200, 204)
    require_outcome(world.client.get(place), (410, 404))


MISSING = [
    Refused("read-unknown-id", Probe("GET", "Patient/nobody-{run}"), (404,), READ),
    Refused("read-unknown-type", Probe("GET", "Favourite/1"), (404,), READ),
    Refused("read-id-of-other-type", Probe("GET", "Patient/{w1:id}"), (404,), READ),
    Refused("read-type-case", Probe("GET", "patient/{hanako:id}"), (404,), READ),
    Refused("read-long-id", Probe("GET", "Patient/" + "a" * 65), (404, 400), READ),
    Refused("vread-unknown-version", Probe("GET", "{hanako}/_history/999999"), (404,), VREAD),
    Refused("vread-no-version", Probe("GET", "{hanako}/_history/none"), (404, 400), VREAD),
    Refused("history-unknown-id", Probe("GET", "Patient/nobody-{run}/_history"), (404,), READ),
    Refused("read-xml", Probe("GET", "{hanako}", headers=(("Accept", "application/fhir+xml"),)),
            (406,), MIME),
    Refused("read-turtle", Probe("GET", "{hanako}", headers=(("Accept", "text/turtle"),)), (406,),
            MIME),
    Refused("read-format-xml", Probe("GET", "{hanako}?_format=xml"), (406,), MIME),
]  # fmt: skip
JSON_ONLY = {"read-xml", "read-turtle", "read-format-xml"}


@cases(MISSING)
def test_what_is_not_there_is_said(world: World, case: Refused) -> None:
    answer = world.send(case.probe)
    if case.id in JSON_ONLY and answer.status_code == 200:
        # A server that has this format may use it; then it must not be JSON.
        assert "json" not in answer.headers["content-type"]
        return
    require_outcome(answer, case.statuses)


ACCEPTED = {
    "accept-fhir-json": ("application/fhir+json", ""),
    "accept-json": ("application/json", ""),
    "accept-any": ("*/*", ""),
    "accept-charset": ("application/fhir+json; charset=utf-8", ""),
    "accept-version": ("application/fhir+json; fhirVersion=4.0", ""),
    "accept-list": ("text/html;q=0.1, application/fhir+json", ""),
    "format-json": ("*/*", "?_format=json"),
    "format-media-type": ("*/*", "?_format=application/fhir%2Bjson"),
    "format-over-accept": ("text/html", "?_format=json"),
}


@cases([Case(id_, MIME) for id_ in ACCEPTED])
def test_json_is_answered_to_whoever_takes_it(world: World, case: Case) -> None:
    accept, query = ACCEPTED[case.id]
    answer = world.client.get(world.places["hanako"] + query, accept=accept)
    assert answer.status_code == 200, answer.text
    assert "json" in answer.headers["content-type"]
    assert answer.json() == world.seeded["hanako"]


HEADS = {
    "head-read": "{hanako}",
    "head-vread": "{hanako}/_history/{version}",
    "head-metadata": "metadata",
    "head-search": "Patient?_id={hanako:id}",
    "head-history": "{hanako}/_history",
}


@cases([Case(id_, HEAD) for id_ in HEADS])
def test_a_head_is_a_get_without_the_body(world: World, case: Case) -> None:
    version = world.seeded["hanako"]["meta"]["versionId"]
    path = world.path(HEADS[case.id].replace("{version}", version))
    got, head = world.client.get(path), world.client.ask("HEAD", path)
    assert (got.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    require_fhir(head)
    for name in ("etag", "last-modified"):
        assert head.headers.get(name) == got.headers.get(name)
    assert got.json()["resourceType"] != "Patient" or "etag" in got.headers


@case("head-unknown", HEAD)
def test_a_head_of_what_is_not_there(world: World) -> None:
    answer = world.client.ask("HEAD", f"Patient/nobody-{world.run}")
    assert (answer.status_code, answer.content) == (404, b"")
    assert world.client.ask("HEAD", world.places["hanako"]).headers["etag"]


NOT_CHANGED = {"cread-same-version": True, "cread-other-version": False}


@cases([Case(id_, CONDITIONAL_READ) for id_ in NOT_CHANGED])
def test_a_read_unless_the_version_is_the_same(world: World, case: Case) -> None:
    same = NOT_CHANGED[case.id]
    etag = world.client.get(world.places["hanako"]).headers["etag"]
    given = etag if same else 'W/"no-such-version"'
    answer = world.client.get(world.places["hanako"], if_none_match=given)
    if same and world.declares("Patient.conditionalRead"):
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    else:
        assert require_status(answer, 200) == world.seeded["hanako"]


@case("cread-several-versions", CONDITIONAL_READ)
def test_a_read_unless_one_of_several_versions(world: World) -> None:
    etag = world.client.get(world.places["taro"]).headers["etag"]
    answer = world.client.get(world.places["taro"], if_none_match=f'W/"no-such", {etag}')
    if world.declares("Patient.conditionalRead"):
        assert (answer.status_code, answer.content) == (304, b"")
    else:
        assert require_status(answer, 200) == world.seeded["taro"]


SINCE = {"cread-not-modified": timedelta(days=1), "cread-modified": timedelta(days=-1)}


@cases([Case(id_, CONDITIONAL_READ) for id_ in SINCE])
def test_a_read_if_modified(world: World, case: Case) -> None:
    updated = parsedate_to_datetime(world.client.get(world.places["taro"]).headers["last-modified"])
    # A time to come is to be ignored (RFC 9110), so "since" is the very last change.
    since = updated if SINCE[case.id] > timedelta() else updated + SINCE[case.id]
    given = format_datetime(since, usegmt=True)
    answer = world.client.get(world.places["taro"], if_modified_since=given)
    if since == updated and world.declares("Patient.conditionalRead"):
        assert (answer.status_code, answer.content) == (304, b"")
    else:
        assert require_status(answer, 200) == world.seeded["taro"]


@case("etag-changes", VERSIONING)
def test_the_etag_changes_with_the_version(world: World) -> None:
    made = world.patient()
    place = f"Patient/{made['id']}"
    before = world.client.get(place).headers["etag"]
    put = world.client.put(place, {**made, "active": True})
    after = world.client.get(place).headers["etag"]
    assert put.headers["etag"] == after != before


PARTS = {
    "read-elements": ("_elements=birthDate", "birthDate", "name", ELEMENTS),
    "read-summary-text": ("_summary=text", "id", "name", SUMMARY),
}


@cases([Case(id_, PARTS[id_][3]) for id_ in PARTS])
def test_a_part_of_one_resource_is_marked_as_one(world: World, case: Case) -> None:
    """R4 lets a server answer with the whole; what is a part must say so."""
    query, kept, left_out, _ = PARTS[case.id]
    whole = world.seeded["hanako"]
    assert left_out in whole
    read = require_status(world.client.get(f"{world.places['hanako']}?{query}"), 200)
    assert read[kept] == whole[kept]
    assert read["meta"]["versionId"] == whole["meta"]["versionId"]
    if read != whole or world.client.target.is_ours:
        require_subsetted(read)
        assert left_out not in read


@case("read-summary-false", SUMMARY)
def test_no_summary_is_the_whole(world: World) -> None:
    answer = world.client.get(f"{world.places['hanako']}?_summary=false")
    assert require_status(answer, 200) == world.seeded["hanako"]
