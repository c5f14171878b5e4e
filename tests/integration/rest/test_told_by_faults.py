"""What a fault tells of a record is told, so it stands in that person's audit log.

That something was deleted (410), is another version or matches several (412), or that a `test` of a
patch holds (422 when it does not): each answers a question about somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import leaves

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATCH = {"Content-Type": "application/json-patch+json"}


def _condition(patient: str, text: str = "胃癌") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "identifier": [{"system": "urn:x", "value": "1"}],
        "code": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }


@pytest.fixture
async def known(house: House) -> tuple[str, list[str]]:
    """A person with two conditions."""
    patient = await house.create({"resourceType": "Patient"})
    return patient, [await house.create(_condition(patient)) for _ in range(2)]


@pytest.mark.parametrize(
    ("asked", "headers", "body", "told"),
    [
        ("GET /Condition/{gone}", {}, None, (410, "read")),
        ("GET /Condition/{gone}/_history/2", {}, None, (410, "vread")),
        ("GET /Condition/{gone}/$meta", {}, None, (410, "read")),
        ("DELETE /Condition/{here}", {"If-Match": 'W/"7"'}, None, (412, "delete")),
        ("DELETE /Patient/{patient}", {}, None, (409, "delete")),
        (
            "PATCH /Condition/{here}",
            PATCH,
            [{"op": "test", "path": "/code/text", "value": "胃炎"}],
            (422, "update"),
        ),
        (
            "PATCH /Condition?identifier=urn:x|1&patient={patient}",
            PATCH,
            [{"op": "test", "path": "/code/text", "value": "胃炎"}],
            (422, "update"),
        ),
    ],
)
async def test_it_stands_in_the_log(
    house: House,
    known: tuple[str, list[str]],
    asked: str,
    headers: dict[str, str],
    body: object,
    told: tuple[int, str],
) -> None:
    patient, (here, gone) = known
    await house.ask("DELETE", f"/Condition/{gone}")
    before = len(await leaves(house, patient))
    method, _, path = asked.partition(" ")
    place = path.format(here=here, gone=gone, patient=patient)
    more = {} if body is None else {"json": body}
    answer = await house.ask(method, place, token="clinician", headers=headers, **more)
    assert answer.status_code == told[0], answer.text
    made = (await leaves(house, patient))[:-before]
    assert told[1] in {one["subtype"][0]["code"] for one in made}
    assert {one["outcome"] for one in made} == {"4"}
    assert "clinician-1" in str(made)


async def test_that_several_match_is_told_of_them(
    house: House, known: tuple[str, list[str]]
) -> None:
    patient, _ = known
    before = len(await leaves(house, patient))
    headers = {"If-None-Exist": "identifier=urn:x|1"}
    body = _condition(patient)
    answer = await house.post("/Condition", json=body, headers=headers, token="clinician")
    assert answer.status_code == 412
    (told,) = (await leaves(house, patient))[:-before]
    assert (told["outcome"], told["subtype"][0]["code"]) == ("4", "search")


async def test_a_condition_asked_in_a_transaction_that_is_refused_is_told(house: House) -> None:
    """Who may read but not write could ask by conditional reference, and let the rest be refused."""
    patient = await house.create({"resourceType": "Patient"})
    await house.create(_condition(patient))
    other = await house.create({"resourceType": "Patient"})
    house.grant("asker", "user/*.rs")
    before = len(await leaves(house, patient))
    asking = {
        **_condition(other),
        "identifier": [{"system": "urn:x", "value": "2"}],
        "evidence": [{"detail": [{"reference": "Condition?identifier=urn:x|1"}]}],
    }
    entry = {"resource": asking, "request": {"method": "POST", "url": "Condition"}}
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await house.post("/", json=body, token="asker")).status_code == 403
    made = (await leaves(house, patient))[:-before]
    assert {one["subtype"][0]["code"] for one in made} >= {"search"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/$changes"),
        ("GET", "/$disclosures?token=00"),
        ("GET", "/$quarantine"),
        ("GET", "/$meta"),
        ("POST", "/Observation/$validate"),
        ("POST", "/"),
        ("GET", "/Patient/$export"),
    ],
)
async def test_a_token_without_the_scope_leaves_a_leaf(
    house: House, method: str, path: str
) -> None:
    house.grant("nothing", "user/Flag.d")
    before = await house.world.count("audit_leaf")
    entry = {
        "resource": {"resourceType": "Patient"},
        "request": {"method": "POST", "url": "Patient"},
    }
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = await house.ask(
        method, path, token="nothing", headers={"Prefer": "respond-async"}, json=body
    )
    assert answer.status_code == 403, answer.text
    assert await house.world.count("audit_leaf") == before + 1
