"""Parameters of an operation by POST: names with one plain value each, as the query has them.

https://hl7.org/fhir/R4/operations.html#executing
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Number
from tasuki.shared.rest.bodies import resource_body

if TYPE_CHECKING:
    from fastapi import Request

    from tasuki.shared.rest.pairs import Pairs

MAX_BODY = 64 * 1024  # bytes


async def posted_parameters(request: Request) -> Pairs:
    """Return the parameters in the body of a POST; none where there is no body.

    Raises:
        Fault: INVALID for a body that is no Parameters, and for a value that is not plain.
    """
    if request.headers.get("content-length") == "0":
        return []
    body = await resource_body(request, MAX_BODY)
    given = body.get("parameter", [])
    if body["resourceType"] != "Parameters" or not isinstance(given, list):
        raise Fault(Category.INVALID, "the body is not a Parameters", at=("resourceType",))
    return [_pair(place, one) for place, one in enumerate(given)]


def _pair(place: int, given: Any) -> tuple[str, str]:
    at = (f"Parameters.parameter[{place}]",)
    rest = dict(given) if isinstance(given, dict) else {}
    name, values = rest.pop("name", None), list(rest.items())
    if not isinstance(name, str) or len(values) != 1 or not values[0][0].startswith("value"):
        raise Fault(Category.INVALID, "a parameter has a name and one value", at=at)
    value = values[0][1]
    if isinstance(value, bool):
        return name, str(value).lower()
    if isinstance(value, Number):
        return name, value.text
    if not isinstance(value, (str, int)):
        raise Fault(Category.INVALID, "a parameter has one plain value", at=at)
    return name, str(value)
