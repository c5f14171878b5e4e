from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.phr.deciding import AT

from tasuki.phr.pages.words import WORDS
from tasuki.shared.web.words import Words

if TYPE_CHECKING:
    from datetime import datetime


@pytest.fixture
def now() -> datetime:
    return AT


@pytest.fixture
def ja() -> Words:
    return Words(WORDS, "ja")


@pytest.fixture
def en() -> Words:
    return Words(WORDS, "en")
