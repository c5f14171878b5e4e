"""What a person has said is for apps that they gave it to: a token without the scope learns none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.consent.test_proxies import ALL, CONSENT, QUESTION, ask, said, token

if TYPE_CHECKING:
    from tests.integration.consent.world import World

pytestmark = pytest.mark.anyio

__all__ = ["said"]
NOT_ALL = ("openid", "patient/Observation.rs", "patient/Consent.cu", "patient/Consent.rs?status=x")


@pytest.mark.parametrize("scope", NOT_ALL)
async def test_what_would_be_decided_is_for_who_may_see_what_was_said(
    said: tuple[World, str],
    scope: str,
) -> None:
    """The answer names Consents and rules: any app of the resident's was told them."""
    at, id_ = said
    answer = await ask(at, "POST", "/decide", QUESTION, token=token(at, scope=scope))
    assert answer.status_code == 403
    assert id_ not in answer.text
    assert "Consent.s" in answer.text
    supposing = {**QUESTION, "supposed": [CONSENT]}
    answer = await ask(at, "POST", "/decide", supposing, token=token(at, scope=scope))
    assert answer.status_code == 403
    for enough in (ALL, "patient/Consent.s"):
        answer = await ask(at, "POST", "/decide", QUESTION, token=token(at, scope=enough))
        assert answer.status_code == 200
        assert id_ in answer.text
