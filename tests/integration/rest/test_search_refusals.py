"""Searches that are refused, each with its status and in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import issue

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "能登 花子"}]}


async def test_an_unknown_search_parameter_is_400(house: House) -> None:
    answer = await house.get("/Organization?nonsense=1")
    assert answer.status_code == 400
    (told,) = answer.json()["issue"]
    assert told["code"] == "invalid"
    assert told["expression"] == ["nonsense"]
    assert told["diagnostics"].startswith("unknown search parameter nonsense; known: _id, ")


async def test_lenient_search_says_what_it_ignored(house: House) -> None:
    id_ = await house.create({"resourceType": "Organization", "name": "病院"})
    answer = await house.get(
        f"/Organization?nonsense=1&_id={id_}&other:exact=x", headers={"Prefer": "handling=lenient"}
    )
    assert answer.status_code == 200
    found = answer.json()
    assert found["total"] == 1
    assert found["link"] == [
        {"relation": "self", "url": f"https://noto.example/Organization?_id={id_}"}
    ]
    assert [entry["search"]["mode"] for entry in found["entry"]] == ["match", "outcome"]
    assert found["entry"][1]["resource"] == {
        "resourceType": "OperationOutcome",
        "issue": [
            issue(
                "incomplete",
                "not understood, so ignored: nonsense, other:exact",
                severity="warning",
            )
        ],
    }


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_id=%00", 400),
        ("name=a%00b", 400),
        ("_count=-1", 400),
        ("_page=0", 400),
        ("_page=1&_page=2", 400),
        ("_page=" + "1" * 5000, 400),
        ("_page=²", 400),
        ("&".join("name=x" for _ in range(101)), 400),
        ("_include=Observation:patient", 400),
        ("_has:Observation:encounter:code=x", 400),
        ("general-practitioner.nonsense=x", 400),
        ("_page=00000000-0000-4000-8000-000000000000.0", 410),
        ("_format=xml", 406),
    ],
)
async def test_searches_that_are_not_done_are_refused(
    house: House, query: str, status: int
) -> None:
    answer = await house.get(f"/Patient?{query}")
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
