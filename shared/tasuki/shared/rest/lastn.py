"""`Observation/$lastn`: the most recent Observations of each kind.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import verbatim
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.answers import bundle, fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.pairs import asked_pairs
from tasuki.shared.rest.parameters import posted_parameters
from tasuki.shared.rest.resources import require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.pairs import Pairs

ROUTES = APIRouter()
MAX = "max"
MOST = 1_000
PLAIN = frozenset({"_format", "_id", "_lastUpdated", "_profile", "_security", "_tag"})
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")


@ROUTES.get("/Observation/$lastn")
async def lastn(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the latest `max` Observations of each code, of the patient asked for."""
    require_acceptable(request)
    return await _answer(service, caller, asked_pairs(request))


@ROUTES.post("/Observation/$lastn")
async def lastn_by_post(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return what the same question by GET would; the query and the Parameters count together."""
    require_acceptable(request)
    pairs = [*asked_pairs(request), *await posted_parameters(request)]
    return await _answer(service, caller, pairs)


async def _answer(service: FhirService, caller: Caller, pairs: Pairs) -> Response:
    require_type(service, "Observation")
    most = _most([value for name, value in pairs if name == MAX])
    asked = [pair for pair in pairs if pair[0] != MAX]
    query = parse_query("Observation", asked, strict=True, base=service.base_url)
    if len(query.subject_ids() or ()) != 1:
        raise Fault(
            Category.INVALID, "$lastn needs one patient: patient=Patient/{id}", at=("patient",)
        )
    if not {name for name, _ in asked if name.startswith("_")} <= PLAIN:
        raise Fault(
            Category.NOT_SUPPORTED,
            "$lastn gives all of its answer whole and in an order of its own, without _count,"
            " _sort, _include and the like",
        )
    async with service.gate.enter(caller, still=True) as records:
        shown = await records.last_observations(query, most)
    entries = [
        {
            "fullUrl": f"{service.base_url}/{one.type}/{one.id}",
            "resource": verbatim(one.body or b""),
            "search": {"mode": "match"},
        }
        for one in shown
    ]
    url = f"{service.base_url}/Observation/$lastn?{urlencode(pairs)}"
    return fhir(
        bundle("searchset", entries, total=len(entries), link=[{"relation": "self", "url": url}])
    )


def _most(given: Sequence[str]) -> int:
    if not given:
        return 1
    if len(given) > 1 or _NUMBER.fullmatch(given[0]) is None or int(given[0]) > MOST:
        raise Fault(Category.INVALID, f"max takes a number from 1 to {MOST:,}", at=(MAX,))
    return int(given[0])
