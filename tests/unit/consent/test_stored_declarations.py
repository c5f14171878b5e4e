"""All declarations or an error: too many to read must not look like none."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tasuki.consent.stored_declarations import MOST, stored_declarations
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from tasuki.shared.access.records import Unit


class _Held:
    """A unit that holds so many declarations, and answers `scan` as its contract says."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def scan(self, type_: str, limit: int) -> list[Any] | None:
        assert type_ == "Declaration"
        if self.count > limit:
            return None
        return [SimpleNamespace(body=b'{"id": "%d"}' % at) for at in range(self.count)]


@pytest.mark.parametrize("count", [0, 1, MOST])
def test_as_many_as_are_held(count: int) -> None:
    shown = asyncio.run(stored_declarations(cast("Unit", _Held(count))))
    assert [one["id"] for one in shown] == [str(at) for at in range(count)]


def test_too_many_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(Fault) as refused:
        asyncio.run(stored_declarations(cast("Unit", _Held(MOST + 1))))
    assert refused.value.category is Category.TOO_COSTLY
