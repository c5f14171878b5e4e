"""Cases our own server refuses on purpose, each with the reason. Reviewed: nothing slips in here.

A case in this list is not skipped: its probe must be refused with 4xx and an OperationOutcome.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "update-creates": "the server assigns every id (ADR 5)",
        # RiskAssessment is not served, and no type that is has a parameter of type number.
        **dict.fromkeys(
            ("number-eq", "number-gt", "number-lt", "number-between", "number-exponent"),
            "RiskAssessment is not a type of this exchange",
        ),
        "chain-missing": "`:missing` cannot end a chain (docs/api/fhir/search.md)",
    }
)
