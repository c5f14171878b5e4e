"""Bulk export: asked for, waited for, fetched, deleted."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.r4.cases import Case, Probe, case, cases
from tests.conformance.r4.checks import require_outcome
from tests.conformance.r4.spec import ASYNC, EXPORT

if TYPE_CHECKING:
    import httpx2
    from tests.conformance.r4.world import World

NEEDS = "operation:export"
OF_PATIENTS = "Patient.operation:export"
ASYNCHRONOUS = (("Prefer", "respond-async"),)
PROBE = Probe("GET", "$export", headers=ASYNCHRONOUS)
PATIENTS = Probe("GET", "Patient/$export", headers=ASYNCHRONOUS)
WAIT = 120.0  # seconds until an export must be ready
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export: its manifest, and the resources of its files by type."""

    accepted: httpx2.Response
    manifest: dict[str, Any]
    files: dict[str, list[dict[str, Any]]]


def start(world: World, path: str) -> httpx2.Response:
    return world.client.get(world.path(path), prefer="respond-async")


def finished(world: World, accepted: httpx2.Response) -> httpx2.Response:
    """Ask until the export is ready; a server may tell us to slow down."""
    assert accepted.status_code == 202, f"{accepted.status_code} {accepted.text}"
    status = accepted.headers["content-location"]
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        answer = world.client.get(status, accept="application/json")
        if answer.status_code not in (202, 429):
            return answer
        time.sleep(PAUSE)
    raise AssertionError(f"the export is not ready after {WAIT:.0f} seconds")


def exported(world: World, path: str) -> Exported:
    accepted = start(world, path)
    answer = finished(world, accepted)
    assert answer.status_code == 200, answer.text
    manifest = answer.json()
    files: dict[str, list[dict[str, Any]]] = {}
    for one in manifest["output"]:
        files.setdefault(one["type"], []).extend(lines(world, one["url"]))
    return Exported(accepted, manifest, files)


def lines(world: World, url: str) -> list[dict[str, Any]]:
    answer = world.client.get(url, accept="application/fhir+ndjson")
    assert answer.status_code == 200, answer.text
    assert "ndjson" in answer.headers["content-type"]
    return [json.loads(line) for line in answer.text.split("\n") if line.strip()]


def since(world: World) -> str:
    """Return when this run began to write: what others hold is not asked for."""
    return str(world.seeded["city"]["meta"]["lastUpdated"])


@pytest.fixture(scope="session")
def whole(world: World) -> Exported:
    return exported(world, f"$export?_type=Patient,Observation,Condition&_since={since(world)}")


@case("export-accepted", ASYNC, NEEDS, probe=PROBE)
def test_an_export_is_accepted(world: World) -> None:
    accepted = start(world, f"$export?_type=Patient&_since={since(world)}")
    assert accepted.status_code == 202, accepted.text
    status = accepted.headers["content-location"]
    assert status.startswith(("http://", "https://"))
    assert finished(world, accepted).status_code == 200
    world.client.delete(status)


@case("export-manifest", EXPORT, NEEDS, probe=PROBE)
def test_the_manifest_says_what_there_is(request: pytest.FixtureRequest, world: World) -> None:
    whole = _whole(request)
    manifest = whole.manifest
    assert {"transactionTime", "request", "requiresAccessToken", "output", "error"} <= set(manifest)
    at = datetime.fromisoformat(manifest["transactionTime"])
    assert at >= datetime.fromisoformat(since(world))
    assert "$export" in manifest["request"]
    assert {one["type"] for one in manifest["output"]} == {"Patient", "Observation", "Condition"}
    for one in manifest["output"]:
        if "count" in one:
            assert one["count"] == len(lines(world, one["url"]))


CONTENTS = {
    "export-patients": ("Patient", "hanako taro jiro umi marie"),
    "export-observations": (
        "Observation",
        "w1 w2 w3 bp1 bp2 a1c smoke memo pulse panel tw jw",
    ),
    "export-conditions": ("Condition", "pressure sugar bone"),
}


@cases([Case(id_, EXPORT, (NEEDS,), PROBE) for id_ in CONTENTS])
def test_the_files_hold_the_resources(
    request: pytest.FixtureRequest, world: World, case: Case
) -> None:
    type_, wanted = CONTENTS[case.id]
    held = {one["id"]: one for one in _whole(request).files[type_]}
    assert {one["resourceType"] for one in held.values()} == {type_}
    assert len(held) == len(_whole(request).files[type_]), "a resource comes twice"
    for label in wanted.split():
        assert held[f"{world.places[label]:id}"] == world.seeded[label]


@case("export-since", EXPORT, NEEDS, probe=PROBE)
def test_an_export_of_what_changed(world: World) -> None:
    time.sleep(0.02)
    made = world.patient()
    later = made["meta"]["lastUpdated"]
    told = exported(world, f"$export?_type=Patient&_since={later}")
    ids = {one["id"] for one in told.files["Patient"]}
    assert made["id"] in ids
    assert ids.isdisjoint({f"{world.places[label]:id}" for label in ("hanako", "umi")})


@case("export-of-patients", EXPORT, OF_PATIENTS, probe=PATIENTS)
def test_an_export_of_all_patients(world: World) -> None:
    query = f"_type=Patient,AllergyIntolerance&_since={since(world)}"
    told = exported(world, f"Patient/$export?{query}")
    assert set(told.files) == {"Patient", "AllergyIntolerance"}
    ids = {one["id"] for one in told.files["AllergyIntolerance"]}
    assert ids >= {f"{world.places[label]:id}" for label in ("penicillin", "soba")}


@case("export-delete", EXPORT, NEEDS, probe=PROBE)
def test_a_deleted_export_is_gone(world: World) -> None:
    accepted = start(world, f"$export?_type=Patient&_since={since(world)}")
    answer = finished(world, accepted)
    assert answer.status_code == 200, answer.text
    status = accepted.headers["content-location"]
    assert world.client.delete(status).status_code == 202
    require_outcome(world.client.get(status, accept="application/json"), (404, 410))
    for one in answer.json()["output"]:
        assert world.client.get(one["url"]).status_code in (404, 410)


@case("export-not-asynchronous", EXPORT, NEEDS, probe=PROBE)
def test_an_export_must_be_asked_for_asynchronously(world: World) -> None:
    require_outcome(world.client.get("$export?_type=Patient"), (400,))


WRONG = {
    "export-unknown-type": "$export?_type=Favourite",
    "export-bad-since": "$export?_since=yesterday",
    "export-unknown-format": "$export?_outputFormat=text/csv",
    "export-unknown-parameter": "$export?favourite=tea",
}


@cases([Case(id_, EXPORT, (NEEDS,), PROBE) for id_ in WRONG])
def test_a_wrong_export_is_refused(world: World, case: Case) -> None:
    path = world.path(WRONG[case.id])
    headers = {"prefer": "respond-async, handling=strict"}
    require_outcome(world.client.get(path, **headers), (400,))


@case("export-without-token", EXPORT, NEEDS, probe=PROBE)
def test_the_files_are_not_for_everybody(request: pytest.FixtureRequest, world: World) -> None:
    manifest = _whole(request).manifest
    url = manifest["output"][0]["url"]
    answer = world.client.ask("GET", url, headers={"Authorization": "", "Accept": "*/*"})
    if manifest["requiresAccessToken"]:
        assert answer.status_code in (401, 403)
    else:
        assert answer.status_code == 200
    assert lines(world, url)


def _whole(request: pytest.FixtureRequest) -> Exported:
    # Asked for here and not by name: a server without export must not fail for it in setup.
    made: Exported = request.getfixturevalue("whole")
    return made
