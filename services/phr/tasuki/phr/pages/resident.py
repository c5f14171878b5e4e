"""What every page of the resident's door stands on: whose record it is, and who is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from tasuki.phr.pages.acting import Acting, acting_of
from tasuki.phr.settings import Region
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Caller
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.service import FhirService, service_of
from tasuki.shared.web.session import SignedIn, caller_for, web_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasuki.phr.pages.consent_client import ConsentClient
    from tasuki.shared.web.sessions import Session
    from tasuki.shared.web.words import Words


@dataclass(frozen=True, slots=True)
class Door:
    """What the pages reach beside their own records."""

    consent: ConsentClient
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Resident:
    """The resident who is signed in, or whose proxy is, on one page.

    Attributes:
        patient: Their Patient here, `Patient/…`.
        acting: The proxy, where one is signed in for them.
    """

    request: Request
    session: Session
    service: FhirService
    door: Door
    patient: str
    acting: Acting | None = None

    @property
    def id(self) -> str:
        """The logical id of their Patient."""
        return self.patient.removeprefix("Patient/")

    @property
    def caller(self) -> Caller:
        """Who asks at the gate."""
        return caller_for(self.request, self.session, self.service.ids)

    @property
    def words(self) -> Words:
        """The words in their language."""
        return web_of(self.request).pages.words(self.request)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Return a page."""
        pages = web_of(self.request).pages
        return pages.render(self.request, template, status=status, acting=self.acting, **context)

    def url(self, path: str) -> str:
        """Return the address of another of our pages."""
        return f"{web_of(self.request).pages.base}{path}"


async def resident_of(request: Request, session: SignedIn) -> Resident:
    """Return the resident who is signed in.

    Raises:
        Fault: FORBIDDEN for anybody else, and for an account no record belongs to.
    """
    principal = session.principal
    if principal.role is not Role.RESIDENT or not (principal.patient or "").startswith("Patient/"):
        raise Fault(Category.FORBIDDEN, "This account is not linked to a resident's record.")
    return _resident(request, session)


async def person_of(request: Request, session: SignedIn) -> Resident:
    """Return the resident who is signed in, or for whom a proxy is.

    Raises:
        Fault: As `resident_of`.
    """
    principal = session.principal
    if principal.role is not Role.PROXY or not (principal.patient or "").startswith("Patient/"):
        return await resident_of(request, session)
    return _resident(request, session, acting_of(principal))


async def wisher_of(request: Request, session: SignedIn) -> Resident:
    """Return the resident who is signed in, or for whom somebody is who says their wishes by law.

    Raises:
        Fault: As `resident_of`; FORBIDDEN for every other proxy.
    """
    person = await person_of(request, session)
    if person.acting is not None and not person.acting.wishes:
        raise Fault(Category.FORBIDDEN, "Only the person decides who may see.")
    return person


def _resident(request: Request, session: Session, acting: Acting | None = None) -> Resident:
    door, patient = request.app.state.door, session.principal.patient or ""
    return Resident(request, session, service_of(request), door, patient, acting)


ResidentDep = Annotated[Resident, Depends(resident_of)]
"""For pages that are the person's alone: who looked, overrides, taking an entry back."""

PersonDep = Annotated[Resident, Depends(person_of)]
WisherDep = Annotated[Resident, Depends(wisher_of)]
