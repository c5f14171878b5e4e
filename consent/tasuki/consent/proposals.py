"""May a warning feed propose disaster mode? It may propose; only a person opens it.

The words are those of the feeds: JMA XML `Control/Status` with `Head/InfoType`, and L-Alert (EDXL-DE)
`distributionStatus` with `distributionType`. A drill, an exercise, a test, a word we do not know and
a pair out of two feeds propose nothing.

https://xml.kishou.go.jp/tec_material.html
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proposal(StrEnum):
    """What a feed suggests to an officer."""

    OPEN = "open"
    WITHDRAW = "withdraw"


_PROPOSALS: Mapping[tuple[str, str], Proposal] = MappingProxyType(
    {
        ("通常", "発表"): Proposal.OPEN,
        ("通常", "訂正"): Proposal.OPEN,
        ("通常", "取消"): Proposal.WITHDRAW,
        ("Actual", "Report"): Proposal.OPEN,
        ("Actual", "Update"): Proposal.OPEN,
        ("Actual", "Cancel"): Proposal.WITHDRAW,
    }
)


def may_propose(status: str, info_type: str) -> Proposal | None:
    """Return what a feed document may propose; None for drills, tests and unknown words."""
    return _PROPOSALS.get((status.strip(), info_type.strip()))
