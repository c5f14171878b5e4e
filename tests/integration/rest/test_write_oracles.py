"""Who may not write learns from the refusal nothing that reading would not tell them.

With the real consent decision: in a region nobody but a hospital writes, so every one of these is
refused; the refusal must not be another one because something is there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.test_untold import NEVER, Bedside, condition, ward
from tests.store.gate import principal

from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

__all__ = ["ward"]

PATCH = {"Content-Type": "application/json-patch+json"}
Body = dict[str, Any]


@pytest.fixture
async def beside(ward: House) -> Bedside:
    patient = await ward.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
    await ward.resident(patient)
    return Bedside(ward, patient)


def _transaction(resource: Body) -> Body:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


def _provenance(target: str) -> Body:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }


def _parameters(mode: str, resource: Body | None = None) -> Body:
    given: list[Body] = [{"name": "mode", "valueCode": mode}]
    if resource is not None:
        given.append({"name": "resource", "resource": resource})
    return {"resourceType": "Parameters", "parameter": given}


def knocks(patient: str, id_: str) -> list[tuple[str, str, Any, dict[str, str]]]:
    """Return requests that name a Condition by its id, each of which writes."""
    own = {**condition(patient), "id": id_}
    target = f"Condition/{id_}"
    meta = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {}}]}
    test = [{"op": "test", "path": "/code/text", "value": "x"}]
    linked = {**condition(patient), "evidence": [{"detail": [{"reference": target}]}]}
    return [
        ("PUT", f"/{target}", own, {}),
        ("PUT", f"/{target}", own, {"If-Match": 'W/"9"'}),
        ("PATCH", f"/{target}", test, PATCH),
        ("DELETE", f"/{target}", None, {}),
        ("POST", f"/{target}/$meta-add", meta, {}),
        ("POST", f"/{target}/$validate", _parameters("delete"), {}),
        ("POST", f"/{target}/$validate", _parameters("update", own), {}),
        ("POST", "/Provenance", _provenance(target), {}),
        ("POST", "/Provenance/$validate", _parameters("create", _provenance(target)), {}),
        ("POST", "/", _transaction(_provenance(target)), {}),
        ("POST", "/", _transaction(linked), {}),
        ("POST", "/", {**_transaction(linked), "type": "batch"}, {}),
    ]


async def _answers(house: House, patient: str, id_: str, token: str) -> list[tuple[int, Any]]:
    told = []
    for method, path, body, headers in knocks(patient, id_):
        more = {} if body is None else {"json": body}
        answer: httpx2.Response = await house.ask(
            method, path, token=token, headers=headers, **more
        )
        told.append((answer.status_code, answer.json() if answer.content else None))
    return told


async def test_what_the_patient_was_not_told_is_as_absent_to_writing(beside: Bedside) -> None:
    house, patient = beside.house, beside.patient
    hidden = await house.create(condition(patient, "UNINFORMED"))
    gone = await house.create(condition(patient, "UNINFORMED"))
    await house.ask("DELETE", f"/Condition/{gone}")
    never = await _answers(house, patient, NEVER, f"resident-{patient}")
    for id_ in (hidden, gone):
        told = await _answers(house, patient, id_, f"resident-{patient}")
        for asked, one, other in zip(knocks(patient, "id"), told, never, strict=True):
            assert one == other, asked[:2]


async def test_a_stranger_s_record_is_as_absent_to_writing(beside: Bedside) -> None:
    house, patient = beside.house, beside.patient
    there = await house.create(condition(patient))
    other = await house.create({"resourceType": "Patient"})
    await house.resident(other)
    hospital = principal(Role.HOSPITAL, scopes="system/*.cruds")
    house.verifier.known["foreign"] = replace(hospital, region="kaga")
    house.verifier.known["copying"] = replace(
        principal(Role.SERVICE, scopes="system/*.cruds"), purpose="TREAT"
    )
    for token in (f"resident-{other}", "foreign", "copying"):
        told = await _answers(house, patient, there, token)
        never = await _answers(house, patient, NEVER, token)
        for asked, one, absent in zip(knocks(patient, "id"), told, never, strict=True):
            assert one == absent, (token, asked[:2])


async def test_what_may_be_read_is_refused_openly(beside: Bedside) -> None:
    there = await beside.house.create(condition(beside.patient))
    for token in (f"resident-{beside.patient}", "clinician"):
        answer = await beside.house.ask("DELETE", f"/Condition/{there}", token=token)
        assert answer.status_code == 403
