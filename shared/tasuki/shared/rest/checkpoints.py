"""Signed heads of the audit log for its witnesses, and their cosignatures back.

A head tells how much is done here, second by second, so it is for those who may follow the feed
anyway. The keys it is checked with are public. Forms: https://c2sp.org/tlog-witness (the answer to
`$checkpoint` is the body of an add-checkpoint request), https://c2sp.org/signed-note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Query, Request, Response

from tasuki.shared.access.refusals import out_of_scope
from tasuki.shared.audit.checkpoint import MAX_NOTE_BYTES, BadCheckpoint
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.answers import NO_STORE
from tasuki.shared.rest.bodies import bounded_body, require_media_type
from tasuki.shared.rest.feed import MAX_POSITION, SCOPE
from tasuki.shared.rest.service import CallerDep, ServiceDep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tasuki.shared.access.ledger import Ledger
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.rest.service import FhirService

ROUTES = APIRouter()
PLAIN = "text/plain; charset=utf-8"


@ROUTES.get("/$checkpoint")
async def checkpoint(
    service: ServiceDep, caller: CallerDep, old: int = Query(0, ge=0, le=MAX_POSITION)
) -> Response:
    """Return the newest signed head of the audit log, proven to extend the first `old` records."""
    await _require(service, caller)
    return await checkpoint_answer(service.store.ledger, old)


@ROUTES.post("/$cosignature")
async def cosignature(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Keep what a known witness signed on a head of this log."""
    await _require(service, caller)
    return await taken(request, service.store.ledger, service.witnesses)


@ROUTES.get("/$log-keys")
async def log_keys(service: ServiceDep) -> Response:
    """Return the keys that heads and cosignatures of this service are checked with; public."""
    return keys_answer(service.store.ledger)


async def checkpoint_answer(ledger: Ledger, old: int) -> Response:
    """Return the answer to `$checkpoint`.

    Raises:
        Fault: NOT_FOUND before the first record is sealed.
    """
    found = await ledger.checkpoint(old)
    if found is None:
        raise Fault(Category.NOT_FOUND, "nothing is sealed yet")
    return Response(str(found), media_type=PLAIN, headers=NO_STORE)


async def taken(
    request: Request, ledger: Ledger, witnesses: Mapping[str, Ed25519PublicKey]
) -> Response:
    """Take the cosigned note in a request's body.

    Raises:
        Fault: INVALID where it is none, or signed by no witness known here.
    """
    require_media_type(request, frozenset({"text/plain"}))
    body = await bounded_body(request, MAX_NOTE_BYTES)
    try:
        await ledger.take(body.decode(), witnesses)
    except (BadCheckpoint, UnicodeDecodeError):
        raise Fault(
            Category.INVALID, "not a head of this log with the line of a witness known here"
        ) from None
    return Response(status_code=204, headers=NO_STORE)


def keys_answer(ledger: Ledger) -> Response:
    """Return the answer to `$log-keys`."""
    lines = "".join(f"{key}\n" for key in ledger.keys)
    return Response(lines, media_type=PLAIN)


async def _require(service: FhirService, caller: Caller) -> None:
    if not caller.principal.scopes.has(SCOPE):
        async with service.gate.enter(caller):  # so that the refusal leaves its leaf
            raise out_of_scope(SCOPE)
