"""`$validate`: is this content sound, and could it be written?

https://hl7.org/fhir/R4/resource-operation-validate.html

The answer is 200 with an OperationOutcome whenever the question could be answered, also when the
answer is no. "No fault was found" says what was looked at and what was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from tasuki.shared.access.refusals import Refused, out_of_scope
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.characters import character_faults, private_use_paths
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.my_number import my_number_faults
from tasuki.shared.fhir.outcome import information, outcome
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import made_relative, require_acceptable
from tasuki.shared.rest.conditions import version_in
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.service import CallerDep, FhirService, ServiceDep
from tasuki.shared.rest.validate.question import Mode, Question, question_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.fhir.json import Resource

ROUTES = APIRouter()
BASE_PROFILE = "http://hl7.org/fhir/StructureDefinition/"
NO_FAULT = (
    "No fault was found. Checked: structure, types, cardinality, formats, characters and the code "
    "lists R4 closes{more}. Not checked: profiles, terminologies, where references lead."
)
OWN_RULES = ", and the rules of this server"
NOT_HELD = (
    "this server does not hold the profile that was asked for, so whether the resource meets it is "
    "unknown"
)
COULD = {
    Mode.CREATE: "As things are now it could be created.",
    Mode.UPDATE: "As things are now the update would be accepted.",
    Mode.DELETE: "As things are now it could be deleted. Its content was not looked at.",
}


@ROUTES.post("/{type_}/$validate")
async def validate_content(
    type_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Say what is wrong with a resource that is not here yet."""
    require_type(service, type_)
    require_acceptable(request)
    await _require_some_scope(service, caller, type_)
    question = await question_of(request, service.max_body)
    if question.mode in (Mode.UPDATE, Mode.DELETE):
        raise Fault(Category.INVALID, "this mode is asked of [type]/[id]/$validate", at=("mode",))
    resource = _content(question, type_)
    found = await _content_faults(service, resource)
    if question.mode is Mode.CREATE and not found:
        async with service.gate.enter(caller) as records:
            found = await _rehearsed(
                records.could_create(made_relative(resource, service.base_url))
            )
    return _answer(service, question, type_, resource, found)


@ROUTES.get("/{type_}/{id_}/$validate")
async def validate_stored(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Say what is wrong with a resource as it is stored, or whether it could be deleted."""
    return await _of_instance(type_, id_, request, service, caller)


@ROUTES.post("/{type_}/{id_}/$validate")
async def validate_change(
    type_: str, id_: str, request: Request, service: ServiceDep, caller: CallerDep
) -> Response:
    """Say what is wrong with a further version of a resource."""
    return await _of_instance(type_, id_, request, service, caller)


async def _of_instance(
    type_: str, id_: str, request: Request, service: FhirService, caller: Caller
) -> Response:
    require_place(service, type_, id_)
    require_acceptable(request)
    question = await question_of(request, service.max_body)
    seen = version_in(request.headers.get("if-match"))
    if question.mode is Mode.CREATE:
        raise Fault(Category.INVALID, "this mode is asked of [type]/$validate", at=("mode",))
    resource: Resource | None = None
    found: tuple[Fault, ...] = ()
    if question.mode is Mode.UPDATE or question.resource is not None:
        resource = _content(question, type_)
        found = (*await _content_faults(service, resource), *_named_otherwise(resource, id_))
    async with service.gate.enter(caller) as records:
        stored = await records.read(type_, id_)
        if question.mode is Mode.DELETE:
            found = await _rehearsed(records.could_delete(type_, id_, if_match=seen))
        elif question.mode is Mode.UPDATE and resource is not None and not found:
            ready = made_relative(resource, service.base_url)
            found = await _rehearsed(records.could_update(id_, ready, if_match=seen))
    if resource is None:
        resource = parse_resource(stored.body or b"{}")
        if question.mode is not Mode.DELETE:
            found = await _content_faults(service, resource)
    return _answer(service, question, type_, resource, found)


async def _require_some_scope(service: FhirService, caller: Caller, type_: str) -> None:
    """Refuse who may neither create nor read this type: nothing of theirs is to be looked at."""
    if not any(caller.principal.scopes.allows(type_, letter) for letter in "cr"):
        async with service.gate.enter(caller):  # so that the refusal leaves its leaf
            raise out_of_scope(f"{type_}.c or {type_}.r")


def _content(question: Question, type_: str) -> Resource:
    """Return the resource of a question, which must be of the type in the path."""
    if question.resource is None:
        raise Fault(Category.INVALID, "a resource to validate is missing", at=("resource",))
    if question.resource.get("resourceType") != type_:
        raise Fault(Category.INVALID, f"the resource is not a {type_}", at=("resourceType",))
    return question.resource


async def _content_faults(service: FhirService, resource: Resource) -> tuple[Fault, ...]:
    """Return every fault of the content, looked for off the event loop."""

    def look() -> tuple[Fault, ...]:
        ours = (*character_faults(resource), *my_number_faults(resource))
        of_r4 = (*ours, *validate(resource))
        # The rules of a service may count on R4's structure.
        return of_r4 or tuple(fault for check in service.checks for fault in check(resource))

    return await to_thread.run_sync(look)


def _named_otherwise(resource: Resource, id_: str) -> tuple[Fault, ...]:
    if resource.get("id") == id_:
        return ()
    return (Fault(Category.STRUCTURE, "the id in the body is not the id in the path", at=("id",)),)


async def _rehearsed(asked: Awaitable[None]) -> tuple[Fault, ...]:
    """Return why it would fail; who may not do it at all is refused as by the thing itself."""
    try:
        await asked
    except Refused:
        raise
    except Fault as fault:
        return fault.faults if isinstance(fault, Faults) else (fault,)
    return ()


def _answer(
    service: FhirService,
    question: Question,
    type_: str,
    resource: Resource,
    found: tuple[Fault, ...],
) -> Response:
    if question.profile is not None and not _is_base_of(type_, question.profile):
        found = (*found, Fault(Category.NOT_SUPPORTED, NOT_HELD, at=("profile",)))
    issues = [*outcome(*found)["issue"], *_warnings(resource)]
    if not found:
        issues += information(_all_well(service, question))["issue"]
    return fhir({"resourceType": "OperationOutcome", "issue": issues})


def _is_base_of(type_: str, profile: str) -> bool:
    return profile in (BASE_PROFILE + type_, f"{BASE_PROFILE}{type_}|4.0.1")


def _warnings(resource: Resource) -> list[dict[str, Any]]:
    return [
        {
            "severity": "warning",
            "code": "informational",
            "diagnostics": "holds private use characters, which only their sender can show",
            "expression": [path],
        }
        for path in private_use_paths(resource)
    ]


def _all_well(service: FhirService, question: Question) -> str:
    looked = NO_FAULT.format(more=OWN_RULES if service.checks else "")
    if question.mode is Mode.DELETE:
        return COULD[Mode.DELETE]
    could = COULD.get(question.mode) if question.mode else None
    return looked if could is None else f"{looked} {could}"
