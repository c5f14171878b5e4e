"""`$meta`, `$meta-add` and `$meta-delete`: profiles, tags and security labels.

https://hl7.org/fhir/R4/resource-operation-meta.html

A change of meta is an update through the gate and makes a version, since versions are sealed whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from tasuki.shared.access.gate import Records
from tasuki.shared.access.reach import reaches_some
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable, require_valid, resource_body
from tasuki.shared.rest.conditions import version_in
from tasuki.shared.rest.parameters import posted_parameters
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()

LOOKED_AT = 2_000  # resources opened to tell what meta there is in a type or on the server
_LISTS = ("profile", "security", "tag")

Meta = dict[str, Any]


@ROUTES.get("/$meta")
@ROUTES.post("/$meta")
async def meta_of_all(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Return every profile, tag and label among what this caller may see."""
    types = [type_ for type_ in service.types if reaches_some(caller.principal.scopes, type_, "s")]
    if not types:
        # Asked at the gate, so that the refusal leaves its leaf.
        types = list(service.types)[:1]
    return await _summary(request, service, caller, types)


@ROUTES.get("/{type_}/$meta")
@ROUTES.post("/{type_}/$meta")
async def meta_of_type(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return every profile, tag and label among resources of a type this caller may see."""
    require_type(service, type_)
    return await _summary(request, service, caller, [type_])


@ROUTES.get("/{type_}/{id_}/$meta")
@ROUTES.post("/{type_}/{id_}/$meta")
async def meta(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Return the meta of a resource."""
    require_place(service, type_, id_)
    await _require_plain(request)
    async with service.gate.enter(caller) as records:
        found = await records.read(type_, id_)
    return _answer(_meta_in(found))


@ROUTES.post("/{type_}/{id_}/$meta-add")
async def meta_add(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Add profiles, tags and labels to a resource; those that are there stay as they are."""
    given = await _given(request, service, (type_, id_))
    seen = version_in(request.headers.get("if-match"))

    def change(resource: Resource) -> Resource:
        return _with_meta(resource, joined([resource.get("meta") or {}, given]))

    async with service.gate.enter(caller) as records:
        made = await records.patch(type_, id_, change, if_match=seen)
    return _answer(_meta_in(made))


@ROUTES.post("/{type_}/{id_}/$meta-delete")
async def meta_delete(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Take profiles, tags and labels from a resource; those that are not there are no fault."""
    given = await _given(request, service, (type_, id_))
    seen = version_in(request.headers.get("if-match"))

    def change(resource: Resource) -> Resource:
        return _with_meta(resource, without(resource.get("meta") or {}, given))

    async with service.gate.enter(caller) as records:
        made = await records.patch(type_, id_, change, if_match=seen)
    return _answer(_meta_in(made))


def joined(metas: Iterable[Meta]) -> Meta:
    """Return the profiles, tags and labels of all of these, each once: by system and code."""
    lists: dict[str, dict[object, Any]] = {name: {} for name in _LISTS}
    for one in metas:
        for name, held in lists.items():
            for item in one.get(name) or ():
                held.setdefault(_key(item), item)
    return {name: list(held.values()) for name, held in lists.items() if held}


def without(meta: Meta, taken: Meta) -> Meta:
    """Return the profiles, tags and labels of a meta that are not among those to be taken."""
    kept = {}
    for name in _LISTS:
        gone = {_key(item) for item in taken.get(name) or ()}
        left = [item for item in meta.get(name) or () if _key(item) not in gone]
        if left:
            kept[name] = left
    return kept


def _key(item: Any) -> object:
    return (item.get("system"), item.get("code")) if isinstance(item, dict) else item


def _with_meta(resource: Resource, lists: Meta) -> Resource:
    meta = dict(resource.get("meta") or {})
    for name in _LISTS:
        meta.pop(name, None)
        # Their extensions stand at the same places, which are others now.
        meta.pop(f"_{name}", None)
    changed = {**resource, "meta": {**meta, **lists}}
    require_valid(changed)
    return changed


async def _given(request: Request, service: FhirService, place: tuple[str, str]) -> Meta:
    """Return the one meta a request is about."""
    require_place(service, *place)
    require_acceptable(request)
    body = await resource_body(request, service.max_body)
    if body["resourceType"] != "Parameters":
        raise Fault(Category.INVALID, "the body must be Parameters", at=("resourceType",))
    require_valid(body)
    metas = [
        one["valueMeta"]
        for one in body.get("parameter") or ()
        if one.get("name") == "meta" and "valueMeta" in one
    ]
    if len(metas) != 1:
        raise Fault(
            Category.INVALID,
            "Parameters must have one parameter meta with a valueMeta",
            at=("meta",),
        )
    found: Meta = metas[0]
    return found


async def _require_plain(request: Request) -> None:
    require_acceptable(request)
    if request.method == "POST" and await posted_parameters(request):
        raise Fault(Category.INVALID, "$meta takes no parameters")


async def _summary(
    request: Request, service: FhirService, caller: CallerDep, types: Sequence[str]
) -> Response:
    await _require_plain(request)
    metas: list[Meta] = []
    async with service.gate.enter(caller) as records:
        for type_ in types:
            metas += await _metas(records, service, type_)
            if len(metas) > LOOKED_AT:
                raise _too_many()
    return _answer(joined(metas))


async def _metas(records: Records, service: FhirService, type_: str) -> list[Meta]:
    query = parse_query(type_, [], strict=True, base=service.base_url)
    try:
        found = await records.search(query)
    except Fault as fault:
        raise _too_many() if fault.category is Category.TOO_COSTLY else fault from None
    return [one.resource.get("meta") or {} for one in found]


def _too_many() -> Fault:
    return Fault(
        Category.TOO_COSTLY,
        f"what meta there is can be told of {LOOKED_AT:,} resources at most; ask of one",
    )


def _meta_in(stored: Stored) -> Meta:
    meta: Meta = parse_resource(stored.body or b"{}").get("meta") or {}
    return meta


def _answer(meta: Meta) -> Response:
    given = [{"name": "return", "valueMeta": meta}]
    # An empty Meta cannot be said in FHIR: no parameter is none.
    return fhir({"resourceType": "Parameters", **({"parameter": given} if meta else {})})
