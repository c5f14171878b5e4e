"""What a caller prefers: which answer to a write, how strictly a search is read, and when.

https://hl7.org/fhir/R4/http.html#ops, https://hl7.org/fhir/R4/search.html#lenient,
https://www.rfc-editor.org/rfc/rfc7240

A preference is no demand: what is not understood is ignored, as RFC 7240 says.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request


class Wanted(Enum):
    """The body of the answer to a write."""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OUTCOME = "OperationOutcome"


def wanted(request: Request) -> Wanted | None:
    """Return what `Prefer: return=` asks for; None where it says nothing known."""
    known = {one.value.lower(): one for one in Wanted}
    return known.get(_preferences(request).get("return", ""))


def lenient(request: Request) -> bool:
    """Return whether what a search does not understand may be ignored."""
    return _preferences(request).get("handling") == "lenient"


def asynchronous(request: Request) -> bool:
    """Return whether the answer may come later, from another place."""
    return "respond-async" in _preferences(request)


def _preferences(request: Request) -> dict[str, str]:
    """Return values by name, of all lines of the header; of one given twice the first counts."""
    found: dict[str, str] = {}
    for preference in ",".join(request.headers.getlist("prefer")).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"').lower())
    return found
