"""history of an instance, of a type and of the whole server.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.cursors import Asked
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.dates import interval
from tasuki.shared.fhir.primitives import PRIMITIVES
from tasuki.shared.rest.answers import bundle, fhir, history_entry
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.pairs import asked_text, read_pairs
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.histories import Page
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource

INSTANCE_ROUTES = APIRouter()
ROUTES = APIRouter()

DEFAULT_COUNT = 100
MAX_COUNT = 1_000
PAGE = "_page"  # the name of a next page, in our own links
_KNOWN = frozenset({"_since", "_at", "_count", "_sort", "_format", "_pretty", PAGE})
_MAX_COUNT_DIGITS = 9


@INSTANCE_ROUTES.get("/{type_}/{id_}/_history")
async def history(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the versions of a resource, newest first."""
    require_place(service, type_, id_)
    return await _answer(request, service, caller, (type_, id_))


@ROUTES.get("/{type_}/_history")
async def history_of_type(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the versions of all resources of a type that this caller may see, newest first."""
    require_type(service, type_)
    return await _answer(request, service, caller, (type_, None))


@ROUTES.get("/_history")
async def history_of_all(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the versions of all resources that this caller may see, newest first."""
    return await _answer(request, service, caller, (None, None))


async def _answer(
    request: Request, service: FhirService, caller: Caller, of: tuple[str | None, str | None]
) -> Response:
    require_acceptable(request)
    async with service.gate.enter(caller, still=True) as records:
        made = await history_bundle(records, service, of, asked_text(request))
    return fhir(made)


async def history_bundle(
    records: Records, service: FhirService, of: tuple[str | None, str | None], query: str
) -> Resource:
    """Return a page of a history as a Bundle.

    Args:
        records: What the caller may do.
        service: Where.
        of: Type and id; None for all.
        query: The query string.

    Raises:
        Fault: INVALID for a parameter that is not understood; as `Histories.history`.
    """
    given = _parameters(query)
    if PAGE in given:
        path = _asked(of, {}).path
        page = await records.history_after(given[PAGE], path, service.types)
    else:
        page = await records.history(_asked(of, given), service.types)
    return _bundle(service, page, query)


def _bundle(service: FhirService, page: Page, query: str) -> Resource:
    url = f"{service.base_url}/{page.asked.path}"
    links = [{"relation": "self", "url": f"{url}?{query}" if query else url}]
    if page.more is not None:
        links.append({"relation": "next", "url": f"{url}?{urlencode({PAGE: page.more})}"})
    total = {} if page.total is None else {"total": page.total}
    entries = [history_entry(version, service.base_url) for version in page.versions]
    return bundle("history", entries, **total, link=links)


def _parameters(query: str) -> dict[str, str]:
    pairs = read_pairs(query)
    given = dict(pairs)
    if len(given) < len(pairs):
        raise Fault(Category.INVALID, "a parameter of a history stands there once")
    if given.keys() - _KNOWN:
        raise Fault(
            Category.INVALID, "a history has the parameters _since, _at, _count and _sort only"
        )
    if PAGE in given and given.keys() - {PAGE, "_format", "_pretty"}:
        raise Fault(Category.INVALID, "follow a next link as it is")
    if given.get("_sort", "-_lastUpdated") != "-_lastUpdated":
        raise Fault(Category.NOT_SUPPORTED, "a history is sorted by -_lastUpdated", at=("_sort",))
    return given


def _asked(of: tuple[str | None, str | None], given: dict[str, str]) -> Asked:
    since = current = None
    if "_since" in given:
        since = interval(given["_since"])
        if since is None or PRIMITIVES["instant"](given["_since"]) is not None:
            raise _no_time("_since", "an instant such as 2026-01-05T09:00:00%2B09:00")
    if "_at" in given:
        current = interval(given["_at"])
        if current is None:
            raise _no_time("_at", "a date or dateTime such as 2026-01 or 2026-01-05T00:00:00Z")
    return Asked(
        type=of[0],
        id=of[1],
        since=None if since is None else since.start,
        current=None if current is None else (current.start, current.end),
        count=_count(given.get("_count")),
    )


def _count(text: str | None) -> int:
    if text is None:
        return DEFAULT_COUNT
    known = text.isascii() and text.isdigit() and len(text) <= _MAX_COUNT_DIGITS
    if not known or int(text) == 0:
        raise Fault(Category.INVALID, "_count must be a number from 1", at=("_count",))
    return min(int(text), MAX_COUNT)


def _no_time(name: str, example: str) -> Fault:
    return Fault(Category.INVALID, f"{name} must be {example}", at=(name,))
