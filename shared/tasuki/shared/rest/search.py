"""search-type, search of a compartment and search-system, by GET and by POST.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.reach import reaches_some
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.members import SEVERAL
from tasuki.shared.fhir.search.definitions import compartment_parameters
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable
from tasuki.shared.rest.exports.routes import answer_later
from tasuki.shared.rest.pairs import Pairs, asked_pairs, posted_pairs
from tasuki.shared.rest.prefer import lenient
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.searchset import TYPE, Asked, searchset
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from tasuki.shared.access.rulings import Caller

ROUTES = APIRouter()
SYSTEM = APIRouter()
COMPARTMENTS = APIRouter()
ALL = "*"


@SYSTEM.get("/")
async def search_system(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the matches among several types, which `_type` names."""
    require_acceptable(request)
    pairs = asked_pairs(request)
    return await _answer(request, service, caller, _of_system(service, pairs, request))


@SYSTEM.post("/_search")
async def search_system_by_post(
    request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return what the same search by GET would."""
    require_acceptable(request)
    pairs = await posted_pairs(request)
    return await _answer(request, service, caller, _of_system(service, pairs, request))


@COMPARTMENTS.get("/Patient/{id_}/{type_}")
async def search_compartment(
    id_: str, type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the matches within one person's record; `*` is every type of it."""
    require_acceptable(request)
    pairs = asked_pairs(request)
    asked = _of_compartment(service, caller, (id_, type_), pairs, request)
    return await _answer(request, service, caller, asked)


@COMPARTMENTS.post("/Patient/{id_}/{type_}/_search")
async def search_compartment_by_post(
    id_: str, type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return what the same search by GET would."""
    require_acceptable(request)
    pairs = await posted_pairs(request)
    asked = _of_compartment(service, caller, (id_, type_), pairs, request)
    return await _answer(request, service, caller, asked)


@ROUTES.get("/{type_}")
async def search(type_: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return the matches this caller may see, as a searchset."""
    require_acceptable(request)
    require_type(service, type_)
    asked = Asked((type_,), type_, asked_pairs(request), lenient(request))
    return await _answer(request, service, caller, asked)


@ROUTES.post("/{type_}/_search")
async def search_by_post(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return what the same search by GET would; the form and the query string count together."""
    require_acceptable(request)
    require_type(service, type_)
    asked = Asked((type_,), type_, await posted_pairs(request), lenient(request))
    return await _answer(request, service, caller, asked)


async def _answer(request: Request, service: FhirService, caller: Caller, asked: Asked) -> Response:
    later = await answer_later(request, service, caller, asked)
    if later is not None:
        return later
    async with service.gate.enter(caller, still=True) as records:
        found = await searchset(records, service, asked)
    return fhir(found)


def _of_system(service: FhirService, pairs: Pairs, request: Request) -> Asked:
    types = _named_types(service, pairs)
    if not types and not any(name == "_page" for name, _ in pairs):
        raise Fault(
            Category.INVALID,
            "a search of the whole server must name its types with _type, and what they share",
            at=(TYPE,),
        )
    return Asked(types, "", pairs, lenient(request), several=True)


def _of_compartment(
    service: FhirService,
    caller: Caller,
    place: tuple[str, str],
    pairs: Pairs,
    request: Request,
) -> Asked:
    id_, type_ = place
    require_place(service, "Patient", id_)
    path = f"Patient/{id_}/{type_}"
    is_lenient = lenient(request)
    if type_ != ALL:
        require_type(service, type_)
        if not _in_compartments(type_):
            raise Fault(Category.INVALID, "this type is not part of a person's record")
        return Asked((type_,), path, pairs, is_lenient, patient=id_)
    types = _named_types(service, pairs) or tuple(
        # What the token has no scope for is not asked for by a star.
        name
        for name in service.types
        if _in_compartments(name) and reaches_some(caller.principal.scopes, name, "s")
    )
    return Asked(types, path, pairs, is_lenient, patient=id_, several=True)


def _in_compartments(type_: str) -> bool:
    if type_ in SEVERAL:
        return False  # it is nobody's own: search it by `member`
    return type_ == "Patient" or bool(compartment_parameters(type_))


def _named_types(service: FhirService, pairs: Pairs) -> tuple[str, ...]:
    named = [one for name, value in pairs if name == TYPE for one in value.split(",")]
    if any(one not in service.types for one in named):
        raise Fault(Category.INVALID, "_type names a type that is not served here", at=(TYPE,))
    return tuple(dict.fromkeys(named))
