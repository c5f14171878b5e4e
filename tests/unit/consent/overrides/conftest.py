"""One override and variations of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.overrides.override import Override

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
def made_of() -> Callable[..., Override]:
    """Build from what differs: `made_of(reason=BreakGlassReason.LAW)`."""

    def build(**over: Any) -> Override:
        whole: dict[str, Any] = {
            "id": "0a1b2c3d-0000-4000-8000-000000000001",
            "version": 1,
            "person": "person-1",
            "holder": "noto",
            "patient": "p1",
            "subject": "doctor-1",
            "region": "noto",
            "reason": BreakGlassReason.LIFE,
            "text": "unconscious",
            "opened_at": AT,
            "ends_at": AT + HOUR,
        }
        return Override(**{**whole, **over})

    return build
