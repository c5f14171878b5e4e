"""What `$everything` is asked for, by the query or by a Parameters resource.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tasuki.shared.access.whole import LARGEST_PAGE, Wanted
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.dates import EARLIEST, LATEST, Interval, interval
from tasuki.shared.fhir.types import OWNERSHIP, SERVED_TYPES
from tasuki.shared.rest.bodies import resource_body
from tasuki.shared.rest.pairs import asked_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fastapi import Request

    from tasuki.shared.access.scopes import ScopeSet
    from tasuki.shared.rest.service import FhirService

MAX_BODY = 64 * 1024
PAGE = "_page"  # of our own next links
VALUES: Mapping[str, str] = MappingProxyType(
    {
        "start": "valueDate",
        "end": "valueDate",
        "_since": "valueInstant",
        "_type": "valueCode",
        "_count": "valueInteger",
    }
)
_PAGE = re.compile(r"(?P<pages>[0-9a-f-]{36})\.(?P<number>[1-9][0-9]{0,6})")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        query: The parameters again, for the self link.
        page: The pages' name and the page's number, where one of our own links was followed.
    """

    query: str
    wanted: Wanted
    page: tuple[str, int] | None = None


async def asked_of(request: Request, service: FhirService, scopes: ScopeSet) -> Asked:
    """Return what a request asks for; without `_type`, the types the token has scopes for.

    Raises:
        Fault: INVALID, NOT_SUPPORTED for a parameter that is not known.
    """
    pairs = [pair for pair in await _pairs(request) if pair[0] != "_format"]
    query = urlencode(pairs)
    if any(name == PAGE for name, _ in pairs):
        return Asked(query, Wanted(()), _page(pairs))
    unknown = [name for name, _ in pairs if name not in VALUES]
    once = [name for name, _ in pairs if name != "_type"]
    if unknown or len(once) > len(set(once)):
        raise Fault(
            Category.INVALID,
            f"$everything takes {', '.join(VALUES)}, each of them once; _type more often",
        )
    given = dict(pairs)
    types, around = _types([value for name, value in pairs if name == "_type"], service, scopes)
    wanted = Wanted(
        types=types,
        around=around,
        since=_since(given.get("_since")),
        care=_care(given.get("start"), given.get("end")),
        count=_count(given.get("_count")),
    )
    return Asked(query, wanted)


async def _pairs(request: Request) -> list[tuple[str, str]]:
    pairs = asked_pairs(request)
    if request.method == "GET" or request.headers.get("content-length", "0") == "0":
        return pairs
    body = await resource_body(request, MAX_BODY)
    given = body.get("parameter", [])
    if body["resourceType"] != "Parameters" or not isinstance(given, list):
        raise Fault(Category.INVALID, "the body is not a Parameters")
    return [*pairs, *(_parameter(place, one) for place, one in enumerate(given))]


def _parameter(place: int, given: Any) -> tuple[str, str]:
    at = (f"Parameters.parameter[{place}]",)
    name = given.get("name") if isinstance(given, dict) else None
    if not isinstance(name, str) or name not in VALUES:
        raise Fault(Category.INVALID, f"a parameter is none of {', '.join(VALUES)}", at=at)
    value = given.get(VALUES[name])
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise Fault(Category.INVALID, f"{name} needs a {VALUES[name]}", at=at)
    return name, str(value)


def _page(pairs: Sequence[tuple[str, str]]) -> tuple[str, int]:
    match = _PAGE.fullmatch(pairs[0][1]) if len(pairs) == 1 else None
    if match is None:
        raise Fault(Category.INVALID, "_page is not one of our links")
    return match["pages"], int(match["number"])


def _types(
    given: Sequence[str], service: FhirService, scopes: ScopeSet
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """Return the types of the person's own, with the Patient, and those about nobody."""
    named = [name for some in given for name in some.split(",") if name]
    if any(name not in SERVED_TYPES for name in named):
        raise Fault(Category.INVALID, "_type names a resource type Tasuki does not know")
    if not named:
        every = [name for name in service.types if scopes.allows(name, "r")]
        return tuple(dict.fromkeys(["Patient", *every])), None
    # Of a type that is not kept here there is nothing, which is the truth.
    wanted = [name for name in named if name in service.types]
    own = [name for name in wanted if OWNERSHIP[name].element is not None]
    around = [name for name in wanted if not OWNERSHIP[name].required]
    return tuple(dict.fromkeys(["Patient", *own])), tuple(dict.fromkeys(around))


def _since(given: str | None) -> datetime | None:
    if given is None:
        return None
    held = interval(given.replace(" ", "+")) if "T" in given else None
    if held is None:
        raise Fault(Category.INVALID, "_since takes an instant", at=("_since",))
    return held.start


def _care(start: str | None, end: str | None) -> Interval | None:
    if start is None and end is None:
        return None
    first = None if start is None else interval(start)
    last = None if end is None else interval(end)
    if (start is not None and first is None) or (end is not None and last is None):
        raise Fault(Category.INVALID, "start and end take a date, such as 2026-01-05")
    asked = Interval(
        EARLIEST if first is None else first.start, LATEST if last is None else last.end
    )
    if asked.start >= asked.end:
        raise Fault(Category.INVALID, "start is after end", at=("start",))
    return asked


def _count(given: str | None) -> int | None:
    if given is None:
        return None
    if _COUNT.fullmatch(given) is None:
        raise Fault(Category.INVALID, "_count takes a number from 1 on", at=("_count",))
    return min(int(given), LARGEST_PAGE)
