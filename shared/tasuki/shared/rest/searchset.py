"""A search as a `searchset`: page by page over what was found the first time, never cut silently.

https://hl7.org/fhir/R4/http.html#paging
https://hl7.org/fhir/R4/search.html#return

Further pages come from the list of versions the first one found, laid aside for its caller: no match
is missed or shown twice while others write. Each page is ruled on anew and leaves its own leaves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.searching import Wanted
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource, verbatim
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.fhir.search import parse_query, parse_system_query, subset
from tasuki.shared.fhir.search.results import Results, read_result
from tasuki.shared.rest.answers import bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.searching import Hit
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Query
    from tasuki.shared.rest.pairs import Pairs
    from tasuki.shared.rest.service import FhirService

DEFAULT_COUNT = 100
MAX_COUNT = 1_000
MAX_BYTES = 4 * 1024 * 1024  # of the matches of one page; the next link tells of the rest
PAGE = "_page"
TYPE = "_type"
_PAGE = re.compile(r"([0-9a-f-]{36})\.([0-9]{1,9})")
_SHELF = "search"
# Some clients add these to every address, to a link as well.
_WITH_PAGE = frozenset({PAGE, "_count", "_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it came.

    Attributes:
        types: The types searched; more than one for a whole compartment or server.
        path: Where it was asked, below the base URL, e.g. `Patient/1/Observation`.
        patient: The Patient whose compartment it is.
    """

    types: tuple[str, ...]
    path: str
    pairs: Pairs
    lenient: bool = False
    patient: str | None = None
    several: bool = False


async def searchset(records: Records, service: FhirService, asked: Asked) -> Resource:
    """Return the page that is asked for: the first, or one that a link of ours names.

    Raises:
        Fault: As `parse_query` and `Records.find`; GONE for a page that is not kept any longer.
    """
    page = [value for name, value in asked.pairs if name == PAGE]
    if page:
        return await _further(records, service, asked, page)
    queries = queries_of(service, asked)
    wanted = Wanted(queries, asked.patient)
    hits = await records.find(wanted)
    results = queries[0].results
    if results.count == 0 or results.summary == "count":
        await records.leave_search_leaves(wanted, [], found=hits)
        counted = _Page([], [], total=len(hits), withheld=await records.kept_back(wanted))
        return _bundle(service, asked, queries[0], counted)
    shown = _fitting(hits, _count(results))
    page_of = _Page(shown, await records.included(shown, results.includes), total=len(hits))
    await records.leave_search_leaves(wanted, [*shown, *page_of.added], found=hits)
    page_of.withheld = await records.kept_back(wanted) | records.not_included
    if len(shown) < len(hits):
        rest = {
            "types": list(asked.types),
            "path": asked.path,
            "pairs": [list(pair) for pair in asked.pairs],
            "lenient": asked.lenient,
            "total": len(hits),
            "keys": [[*hit.key, hit.stored.version] for hit in hits[len(shown) :]],
        }
        page_of.next = f"{await records.lay_aside(_SHELF, rest)}.0"
    return _bundle(service, asked, queries[0], page_of)


@dataclass(slots=True)
class _Page:
    """One page: its matches, what is added to them, how many matches there are in all."""

    shown: Sequence[Hit]
    added: Sequence[Hit]
    total: int
    withheld: frozenset[str] = frozenset()
    here: str | None = None
    next: str | None = None


async def _further(
    records: Records, service: FhirService, asked: Asked, page: list[str]
) -> Resource:
    named = _PAGE.fullmatch(page[0])
    if named is None or not {name for name, _ in asked.pairs} <= _WITH_PAGE or len(page) > 1:
        raise Fault(Category.INVALID, "_page is not one of our links as it was given", at=(PAGE,))
    left = await records.taken_up(_SHELF, named[1])
    if left["path"] != asked.path:
        raise Fault(Category.INVALID, "_page belongs to another search", at=(PAGE,))
    first = Asked(
        tuple(left["types"]),
        asked.path,
        [(name, value) for name, value in left["pairs"]],
        left["lenient"],
        asked.patient,
        asked.several,
    )
    queries = queries_of(service, first)
    wanted = Wanted(queries, asked.patient)
    results = queries[0].results
    count = _page_size(asked, results)
    start = int(named[2])
    keys = [(type_, id_, version) for type_, id_, version in left["keys"]]
    asked_keys = keys[start : start + count]
    hits = await records.again(wanted, asked_keys)
    shown = _fitting(hits, count)
    added = await records.included(shown, results.includes)
    await records.leave_search_leaves(wanted, [*shown, *added])
    found = _Page(shown, added, total=left["total"], here=page[0])
    found.withheld = await records.kept_back(wanted) | records.not_included
    end = start + len(asked_keys)
    if len(shown) < len(hits):  # cut by bytes: go on with the first that did not fit
        cut = hits[len(shown)]
        end = start + asked_keys.index((*cut.key, cut.stored.version))
    if end < len(keys):
        found.next = f"{named[1]}.{end}"
    return _bundle(service, first, queries[0], found)


def queries_of(service: FhirService, asked: Asked) -> tuple[Query, ...]:
    """Return the search, read; one query for each type.

    Raises:
        Fault: As `parse_query`.
    """
    strict = not asked.lenient
    pairs = [pair for pair in asked.pairs if not (asked.several and pair[0] == TYPE)]
    if asked.several:
        return parse_system_query(asked.types, pairs, strict=strict, base=service.base_url)
    return (parse_query(asked.types[0], pairs, strict=strict, base=service.base_url),)


def _count(results: Results) -> int:
    return DEFAULT_COUNT if results.count is None else min(results.count, MAX_COUNT)


def _page_size(asked: Asked, results: Results) -> int:
    """Return how many a further page may hold: as many as the first, or as its own address says."""
    said = Results()
    for name, value in asked.pairs:
        said = read_result(said, "", name, value) or said
    return _count(said if said.count else results)


def _fitting(hits: Sequence[Hit], count: int) -> list[Hit]:
    """Return the first hits, as many as asked for, but at least one and no more than fit."""
    shown: list[Hit] = []
    size = 0
    for hit in hits[:count]:
        size += len(hit.stored.body or b"")
        if shown and size > MAX_BYTES:
            break
        shown.append(hit)
    return shown


def _bundle(service: FhirService, asked: Asked, query: Query, page: _Page) -> Resource:
    entries = [_entry(service, hit, "match", query.results) for hit in page.shown]
    entries += [_entry(service, hit, "include", None) for hit in page.added]
    notes = [f"withheld: {', '.join(sorted(page.withheld))}"] if page.withheld else []
    if query.ignored and page.here is None:
        notes.append(f"not understood, so ignored: {', '.join(query.ignored)}")
    entries += [{"resource": warning(note), "search": {"mode": "outcome"}} for note in notes]
    link = [_link(service, asked, query, "self", page.here)]
    if page.next is not None:
        link.append(_link(service, asked, query, "next", page.next))
    total = {} if query.results.total == "none" else {"total": page.total}
    return bundle("searchset", entries, **total, link=link)


def _entry(service: FhirService, hit: Hit, mode: str, results: Results | None) -> dict[str, Any]:
    stored = hit.stored
    body = stored.body or b"{}"
    whole = results is None or (results.summary in {None, "false"} and not results.elements)
    resource = verbatim(body) if whole or results is None else subset(parse_resource(body), results)
    return {
        "fullUrl": f"{service.base_url}/{stored.type}/{stored.id}",
        "resource": resource,
        "search": {"mode": mode},
    }


def _link(
    service: FhirService, asked: Asked, query: Query, relation: str, page: str | None
) -> dict[str, str]:
    url = f"{service.base_url}/{asked.path}".rstrip("/")
    if page is not None:
        return {"relation": relation, "url": f"{url}?{PAGE}={page}"}
    words = query.canonical()
    if asked.several:
        types = [f"{TYPE}={value}" for name, value in asked.pairs if name == TYPE]
        words = "&".join([*types, words]) if words else "&".join(types)
    return {"relation": relation, "url": f"{url}?{words}" if words else url}
