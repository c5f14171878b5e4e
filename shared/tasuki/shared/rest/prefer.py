"""What a writer wants back: the resource, nothing, or words.

https://hl7.org/fhir/R4/http.html#ops, https://www.rfc-editor.org/rfc/rfc7240
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
    """Return what `Prefer: return=` asks for; None where it says nothing known.

    A preference is no demand: what is not understood is ignored, as RFC 7240 says.
    """
    known = {one.value.lower(): one for one in Wanted}
    for preference in ",".join(request.headers.getlist("prefer")).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "return":
            return known.get(value.strip().strip('"').lower())
    return None
