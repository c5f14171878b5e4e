"""A script of any origin may call with a token of its own, and a browser sends nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.rest.house import BASE

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

APP = {"Origin": "https://app.example"}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_browser_may_ask_for_what_the_interactions_need(house: House, method: str) -> None:
    asked = {
        **APP,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, if-match, prefer, dpop",
    }
    answer = await house.http.options(f"{BASE}/Patient/1", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_an_answer_can_be_read_with_its_version_and_a_refusal_too(house: House) -> None:
    id_ = await house.create({"resourceType": "Patient"})
    answer = await house.get(f"/Patient/{id_}", headers=APP)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')
    refused = await house.http.get(f"{BASE}/Patient/{id_}", headers=APP)
    assert refused.status_code == 401
    for one in (answer, refused):
        assert one.headers["access-control-allow-origin"] == "*"
        assert "ETag" in one.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in one.headers


async def test_a_header_the_api_does_not_know_is_not_asked_for(house: House) -> None:
    asked = {
        **APP,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-forwarded-for",
    }
    assert (await house.http.options(f"{BASE}/Patient/1", headers=asked)).status_code == 400


async def test_who_comes_from_no_other_origin_sees_no_difference(house: House) -> None:
    id_ = await house.create({"resourceType": "Patient"})
    answer = await house.get(f"/Patient/{id_}")
    assert not [name for name in answer.headers if name.startswith("access-control")]
