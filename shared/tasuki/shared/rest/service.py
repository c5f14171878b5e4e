"""What the routes of one FHIR service stand on, and who is calling."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import Depends, Request

from tasuki.shared.access.dpop import Shown
from tasuki.shared.access.purposes import BTG, CARE, may_ask
from tasuki.shared.access.rulings import Caller
from tasuki.shared.access.tokens import not_valid
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.tls import certificate_thumbprint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tasuki.shared.access.gate import Gate
    from tasuki.shared.access.issuers import Verifier
    from tasuki.shared.access.records import RecordStore
    from tasuki.shared.clock import Clock
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.ids import IdSource

Check: TypeAlias = "Callable[[Resource], tuple[Fault, ...]]"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
OVERRIDE_HEADER = "X-Emergency-Override"


@dataclass(frozen=True, slots=True)
class FhirService:
    """One FHIR base URL.

    Attributes:
        title: For the CapabilityStatement.
        base_url: Absolute, without a trailing slash; what references and links are made of.
        issuer: The authorization server's URL.
        max_body: Largest request body in bytes.
        max_entries: Most entries of one Bundle.
        checks: Rules beyond R4, e.g. those of a country; each returns faults with their places.
        checks_bind: Whether what is created and updated must meet them.
        witnesses: Who may cosign heads of the audit log: keys by name.
    """

    title: str
    base_url: str
    issuer: str
    types: Sequence[str]
    gate: Gate
    store: RecordStore
    verifier: Verifier
    clock: Clock
    ids: IdSource
    max_body: int
    max_entries: int
    checks: tuple[Check, ...] = ()
    checks_bind: bool = False
    witnesses: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)

    @property
    def binding_checks(self) -> tuple[Check, ...]:
        """The rules beyond R4 that what is written must meet."""
        return self.checks if self.checks_bind else ()


def service_of(request: Request) -> FhirService:
    """Return the service the request's app was made for."""
    service: FhirService = request.app.state.fhir
    return service


async def the_service(request: Request) -> FhirService:
    """Return what `service_of` does; a dependency that is no coroutine would go to a thread."""
    return service_of(request)


async def caller_of(request: Request) -> Caller:
    """Return who calls a FHIR service; see `caller_with`."""
    service = service_of(request)
    return await caller_with(service.verifier, service.ids)(request)


def caller_with(verifier: Verifier, ids: IdSource) -> Callable[[Request], Awaitable[Caller]]:
    """Return what tells who calls.

    The returned function raises the fault UNAUTHENTICATED without a valid bearer token.
    """

    async def caller(request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "dpop") or not token:
            raise not_valid()
        certificate = certificate_thumbprint(request.scope)
        if scheme.lower() == "bearer" and certificate is None:
            principal = await verifier.verify(token.strip())
        elif scheme.lower() == "bearer" and certificate is not None:
            principal = await verifier.verify_over_tls(token.strip(), certificate)
        else:
            principal = await verifier.verify_bound(token.strip(), shown_with(request))
        given = request.headers.get("x-request-id", "")
        known = Caller(
            principal=principal,
            request_id=given if _REQUEST_ID.fullmatch(given) else ids.new(),
            address=request.client.host if request.client else None,
            token=token.strip(),
        )
        named = request.headers.getlist(OVERRIDE_HEADER)
        return under_override(known, *named) if named else known

    return caller


def shown_with(request: Request) -> Shown:
    """Return the proofs that came with a request."""
    return Shown(tuple(request.headers.getlist("dpop")), request.method, request.url.path)


def under_override(caller: Caller, *named: str) -> Caller:
    """Return the caller acting under an emergency override of this id; the gate knows if it holds.

    Raises:
        Fault: INVALID for what is no one id; FORBIDDEN where role or purpose have no such thing.
    """
    if len(named) != 1 or not _ID.fullmatch(named[0]):
        raise Fault(Category.INVALID, f"{OVERRIDE_HEADER} takes the id of one override")
    principal = caller.principal
    if principal.purpose not in CARE or not may_ask(principal.role, BTG):
        raise Fault(Category.FORBIDDEN, "this caller cannot act under an emergency override")
    return replace(caller, principal=replace(principal, purpose=BTG), override=named[0])


ServiceDep = Annotated[FhirService, Depends(the_service)]
CallerDep = Annotated[Caller, Depends(caller_of)]
