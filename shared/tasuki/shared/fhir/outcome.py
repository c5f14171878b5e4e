"""OperationOutcome: faults as FHIR says them.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault, Faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.fhir.json import Resource

# https://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_CODES: Mapping[Category, str] = MappingProxyType(
    {
        Category.INVALID: "invalid",
        Category.STRUCTURE: "structure",
        Category.NOT_SUPPORTED: "not-supported",
        Category.UNAUTHENTICATED: "login",
        Category.FORBIDDEN: "forbidden",
        Category.NOT_FOUND: "not-found",
        Category.GONE: "deleted",
        Category.CONFLICT: "conflict",
        Category.PRECONDITION: "conflict",
        Category.TOO_LARGE: "too-long",
        Category.TOO_COSTLY: "too-costly",
        Category.TOO_MANY: "throttled",
        Category.MEDIA_TYPE: "not-supported",
        Category.NOT_ACCEPTABLE: "not-supported",
        Category.UNAVAILABLE: "transient",
    }
)


def outcome(*faults: Fault) -> Resource:
    """Return the OperationOutcome of these faults, each an issue of severity `error`.

    A `Faults` gives one issue for each fault in it.
    """
    single = [inner for fault in faults for inner in _single(fault)]
    return _outcome([_error(fault) for fault in single])


def information(text: str) -> Resource:
    """Return an OperationOutcome that says all went well, in words."""
    return _outcome([_issue("information", "informational", text)])


def warning(text: str) -> Resource:
    """Return an OperationOutcome that warns of something the answer lacks or tolerated."""
    return _outcome([_issue("warning", "incomplete", text)])


def _single(fault: Fault) -> tuple[Fault, ...]:
    return fault.faults if isinstance(fault, Faults) else (fault,)


def _error(fault: Fault) -> Resource:
    issue = _issue("error", ISSUE_CODES[fault.category], fault.message)
    return {**issue, "expression": list(fault.at)} if fault.at else issue


def _issue(severity: str, code: str, text: str) -> Resource:
    return {"severity": severity, "code": code, "diagnostics": text}


def _outcome(issues: list[Resource]) -> Resource:
    return {"resourceType": "OperationOutcome", "issue": issues}
