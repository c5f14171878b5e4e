"""Searches and resources made up around real ones: no defect, no leak, refusals in outcomes."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import FILES, content_of, resources_of
from tests.exploring import SUPPRESSED
from tests.fuzz.served import PLANTED

from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.served import Served

pytestmark = pytest.mark.timeout(900)

FEW, MANY = 60, 2_000
AMOUNTS = [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.slow)]
TYPES = sorted(SERVED_TYPES)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["輪", "み", "ge1900", "ap1938-04", "lt9999", "urn:mrn|", "|", "x", "0", "-1"]),
    st.sampled_from(["true", "5.4|http://unitsofmeasure.org|kg", "a,b,,c", "\\,", "\\", "$", "*"]),
)
MODIFIERS = st.sampled_from(
    ["", "", "", ":exact", ":contains", ":missing", ":not", ":Patient", ":text", ":of-type", ":x"]
)
JUNK: list[Any] = [None, "", [], {}, True, -1, 1e300, 2**70, "\x00", "\ud800", "𠮷", "a" * 5_000]
JUNK += [[[]], {"reference": 5}, {"a": {"b": []}}, "javascript:x", "2026-13-40", "<b>", "../x"]


def _repeatedly(examples: int, run: Callable[[st.DataObject], None]) -> None:
    settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=SUPPRESSED,
    )(given(st.data())(run))()


def _require_no_leak(service: Served, answer: httpx2.Response, token: str) -> None:
    """Assert what holds of every answer; links repeat what was asked, so they are left out."""
    assert answer.status_code < 500, answer.text
    body = answer.json() if answer.content else {}
    if not answer.is_success:
        assert body["resourceType"] == "OperationOutcome"
        assert all(issue["diagnostics"] for issue in body["issue"])
    if token == "hospital":
        return
    body.pop("link", None)
    text = json.dumps(body, ensure_ascii=False)
    assert [planted for planted in PLANTED if planted in text] == []
    assert [id_ for _, id_ in service.ids if id_ in text] == []


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}


@pytest.mark.parametrize("examples", AMOUNTS)
def test_a_search_of_a_stranger_finds_nothing_of_others(service: Served, examples: int) -> None:
    def run(data: st.DataObject) -> None:
        type_ = data.draw(st.sampled_from(["Patient", "AllergyIntolerance", "Observation", *TYPES]))
        codes = [*search_parameters(type_), "_sort", "_count", "_elements", "_summary", "_page"]
        values = st.one_of(TEXTS, st.sampled_from([id_ for _, id_ in service.ids]))
        pairs = data.draw(
            st.lists(st.tuples(st.sampled_from(codes), MODIFIERS, values), max_size=3)
        )
        query = "&".join(
            f"{name}{modifier}={quote(value, errors='replace')}" for name, modifier, value in pairs
        )
        prefer = data.draw(st.sampled_from(["", "handling=lenient"]))
        answer = client.get(
            f"/{type_}?{query}", headers={**_headers(service.stranger), "Prefer": prefer}
        )
        _require_no_leak(service, answer, service.stranger)

    with httpx2.Client(base_url=service.base, timeout=60, trust_env=False) as client:
        _repeatedly(examples, run)


@cache
def _samples() -> list[dict[str, Any]]:
    files = [path for path in FILES if path.parent.name in ("jp-core", "jp-clins")]
    found = [one for path in files for _, one in resources_of(json.loads(content_of(path)))]
    return [one for one in found if one["resourceType"] in SERVED_TYPES]


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of everything inside a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (dict, list)):
            found += _spots(value[key])
    return found


def _made_up(data: st.DataObject, service: Served) -> dict[str, Any]:
    """Return a published resource, perhaps of the stranger's or of the planted person, mutated."""
    resource: dict[str, Any] = copy.deepcopy(data.draw(st.sampled_from(_samples())))
    about = {"reference": f"Patient/{data.draw(st.sampled_from([service.own, service.ids[0][1]]))}"}
    for element in ("subject", "patient", "beneficiary"):
        if element in resource:
            resource[element] = about
    references = [{"reference": f"{type_}/{id_}"} for type_, id_ in service.ids]
    for _ in range(data.draw(st.integers(0, 3))):
        container, key = data.draw(st.sampled_from(_spots(resource)))
        container[key] = copy.deepcopy(data.draw(st.sampled_from([*JUNK, *references])))
    return resource


@pytest.mark.parametrize("examples", AMOUNTS)
def test_a_made_up_resource_is_taken_or_refused_and_tells_nothing(
    service: Served, examples: int
) -> None:
    def run(data: st.DataObject) -> None:
        resource = _made_up(data, service)
        type_ = str(resource.get("resourceType"))[:80]
        planted = dict(service.ids).get(type_, "x")
        door = data.draw(st.sampled_from(["create", "validate", "update", "Bundle", "validate-id"]))
        method, path, body = "POST", f"/{quote(type_, errors='replace')}", resource
        if door.startswith("validate"):
            path += "/$validate" if door == "validate" else f"/{planted}/$validate"
            mode = data.draw(st.sampled_from(["create", "update", "delete", "profile"]))
            named = [
                {"name": "mode", "valueCode": mode},
                {"name": "resource", "resource": resource},
            ]
            if data.draw(st.booleans()):
                body = {"resourceType": "Parameters", "parameter": named}
        elif door == "update":
            method, path, body = "PUT", f"{path}/{planted}", {**resource, "id": planted}
        elif door == "Bundle":
            kind = data.draw(st.sampled_from(["transaction", "batch"]))
            request = {
                "method": data.draw(st.sampled_from(["POST", "PUT", "GET", "DELETE", *JUNK])),
                "url": data.draw(st.sampled_from([type_, f"{type_}/{planted}", *JUNK])),
            }
            entry = {"fullUrl": "urn:uuid:a", "resource": resource, "request": request}
            path, body = "/", {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        token = data.draw(st.sampled_from([service.stranger, "narrow"]))
        answer = client.request(method, path, content=json.dumps(body), headers=_headers(token))
        _require_no_leak(service, answer, token)

    with httpx2.Client(base_url=service.base, timeout=60, trust_env=False) as client:
        _repeatedly(examples, run)
        for type_, id_ in service.ids:
            kept = client.get(f"/{type_}/{id_}", headers=_headers("hospital"))
            assert kept.headers["etag"] == 'W/"1"'  # no stranger changed or deleted it


def test_what_is_planted_would_be_seen(service: Served) -> None:
    """Otherwise the tests above would pass whatever leaks."""
    with httpx2.Client(base_url=service.base, timeout=60, trust_env=False) as client:
        found = [
            client.get(f"/{type_}?_id={id_}", headers=_headers("hospital")).text
            for type_, id_ in service.ids
        ]
    assert [planted for planted in PLANTED if planted not in "".join(found)] == []
