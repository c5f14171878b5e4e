"""search-type by GET and POST, in pages that are never cut silently.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.bodies import bounded_body, require_acceptable, require_media_type
from tasuki.shared.rest.resources import require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.reading import Opened
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Query

ROUTES = APIRouter()
FORM = frozenset({"application/x-www-form-urlencoded"})
MAX_FORM = 64 * 1024  # bytes of a POSTed search
MAX_PARAMETERS = 100
DEFAULT_COUNT = 100
MAX_COUNT = 1_000
PAGE = "_page"  # 1-based page number in our own next links


@ROUTES.get("/{type_}")
async def search(type_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the matches this caller may see, as a searchset."""
    require_type(service, type_)
    require_acceptable(request)
    return await answer(service, caller, type_, request.url.query, _lenient(request))


@ROUTES.post("/{type_}/_search")
async def search_by_post(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return what the same search by GET would; the form and the query string count together."""
    require_type(service, type_)
    require_acceptable(request)
    require_media_type(request, FORM)
    form = (await bounded_body(request, MAX_FORM)).decode("utf-8", "replace")
    both = "&".join(part for part in (request.url.query, form) if part)
    return await answer(service, caller, type_, both, _lenient(request))


def _lenient(request: Request) -> bool:
    return "handling=lenient" in request.headers.get("prefer", "").replace(" ", "")


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=False, max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise Fault(
            Category.INVALID, f"a search may have {MAX_PARAMETERS} parameters at most"
        ) from error
    if any("\x00" in part for pair in pairs for part in pair):
        raise Fault(Category.INVALID, "a search parameter holds the character U+0000")
    return pairs


async def answer(
    service: FhirService, caller: Caller, type_: str, text: str, lenient: bool
) -> Response:
    """Return the searchset for a query string."""
    pairs = _pairs(text)
    page = _page([value for name, value in pairs if name == PAGE])
    query = parse_query(
        type_,
        [pair for pair in pairs if pair[0] != PAGE],
        strict=not lenient,
        base=service.base_url,
    )
    if query.includes:
        raise Fault(Category.NOT_SUPPORTED, "_include and _revinclude are not supported yet")
    async with service.gate.enter(caller) as records:
        matches = await records.search(query)
    return fhir(_searchset(service, query, matches, page))


def _page(given: list[str]) -> int:
    if not given:
        return 1
    if len(given) > 1 or re.fullmatch(r"[1-9][0-9]{0,5}", given[0]) is None:
        raise Fault(Category.INVALID, "_page is not one of our links")
    return int(given[0])


def _searchset(service: FhirService, query: Query, matches: list[Opened], page: int) -> Resource:
    count = DEFAULT_COUNT if query.count is None else min(query.count, MAX_COUNT)
    shown = matches[(page - 1) * count : page * count]
    entries = [
        {
            "fullUrl": f"{service.base_url}/{one.stored.type}/{one.stored.id}",
            "resource": one.resource,
            "search": {"mode": "match"},
        }
        for one in shown
    ]
    if query.ignored:
        entries.append(
            {
                "resource": warning(f"not understood, so ignored: {', '.join(query.ignored)}"),
                "search": {"mode": "outcome"},
            }
        )
    links = [_link(service, query, "self", page)]
    if page * count < len(matches) and count:
        links.append(_link(service, query, "next", page + 1))
    return bundle("searchset", entries, total=len(matches), link=links)


def _link(service: FhirService, query: Query, relation: str, page: int) -> dict[str, str]:
    asked = query.canonical()
    if page > 1:
        asked = f"{asked}&{PAGE}={page}" if asked else f"{PAGE}={page}"
    url = f"{service.base_url}/{query.resource_type}"
    return {"relation": relation, "url": f"{url}?{asked}" if asked else url}
