from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.web.fakes import FakeCopies, FakeIssuer, party

from tasuki.shared.clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.shared.web.sign_in import RelyingParty


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def issuer(clock: FixedClock) -> FakeIssuer:
    return FakeIssuer(clock)


@pytest.fixture
def copies() -> FakeCopies:
    return FakeCopies()


@pytest.fixture
def relying(issuer: FakeIssuer, copies: FakeCopies, tmp_path: Path) -> RelyingParty:
    return party(issuer, copies, tmp_path, idle=timedelta(minutes=15))
