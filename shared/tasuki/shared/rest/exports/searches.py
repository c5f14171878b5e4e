"""A search whose answer may come later: all its matches as NDJSON files, asked for like an export.

https://hl7.org/fhir/R4/async.html
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.searching import Wanted
from tasuki.shared.fhir.outcome import warning
from tasuki.shared.rest.searchset import PAGE, Asked, queries_of

if TYPE_CHECKING:
    from tasuki.shared.access.exports.jobs import Job
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService


def may_come_later(service: FhirService, asked: Asked) -> bool:
    """Return whether this search can be answered by files: with whole resources, from the first.

    Raises:
        Fault: As `parse_query`: a search that is wrong is refused at once.
    """
    if any(name == PAGE for name, _ in asked.pairs):
        return False
    results = queries_of(service, asked)[0].results
    whole = results.summary in {None, "false"} and not results.elements
    return whole and results.count != 0


def told(asked: Asked) -> dict[str, Any]:
    """Return the search as a job keeps it."""
    return asdict(asked)


async def answer_search(service: FhirService, caller: Caller, job: Job) -> None:
    """Do the search of a job, and keep what it finds as its files."""
    kept = job.search or {}
    pairs = [(name, value) for name, value in kept["pairs"]]
    asked = Asked(**{**kept, "types": tuple(kept["types"]), "pairs": pairs})
    queries = queries_of(service, asked)
    wanted = Wanted(queries, asked.patient)
    async with service.gate.enter(caller, still=True) as records:
        hits = await records.find(wanted)
        added = await records.included(hits, queries[0].results.includes)
        withheld = sorted(await records.kept_back(wanted) | records.not_included)
        notes = [warning(f"withheld: {', '.join(withheld)}")] if withheld else []
        # What is shown leaves its leaf when it is fetched; how much there is, is told now.
        await records.leave_search_leaves(wanted, [], found=[*hits, *added])
        await records.keep_found(job, [hit.stored for hit in (*hits, *added)], notes)
