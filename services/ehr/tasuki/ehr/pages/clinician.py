"""Who is signed in on the clinicians' pages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from tasuki.shared.access.principal import Role
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.service import ServiceDep
from tasuki.shared.web.session import SignedIn, SignInNeeded, caller_for

if TYPE_CHECKING:
    from tasuki.shared.access.rulings import Caller


async def clinician(request: Request, session: SignedIn, service: ServiceDep) -> Caller:
    """Return the signed-in clinician as a caller, with a token to be exchanged elsewhere.

    Raises:
        Fault: FORBIDDEN for any other role.
        SignInNeeded: The sign-in was ended elsewhere.
    """
    caller = caller_for(request, session, service.ids)
    if caller.principal.role is not Role.CLINICIAN:
        raise Fault(Category.FORBIDDEN, "These pages are for clinicians.")
    try:
        token = await session.access_token()
    except Fault as fault:
        if fault.category is Category.UNAUTHENTICATED:
            raise SignInNeeded(request.url.path if request.method == "GET" else "") from fault
        # The sign-in service is down: our own record is shown, and the others as not reached.
        token = ""
    return replace(caller, token=token)


ClinicianDep = Annotated["Caller", Depends(clinician)]
