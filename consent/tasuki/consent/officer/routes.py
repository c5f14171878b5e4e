"""The officer's pages. A feed proposes; the officer fills in, looks again, and opens.

Every step works without a script. Nothing is opened by the first press: what is about to be signed
is shown once more, municipality by municipality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from tasuki.consent.declaring import Declaring
from tasuki.consent.officer.form import (
    CLASSES,
    MOST_DAYS,
    ROLES,
    Typed,
    days_of,
    draft_of,
    line_of,
    name_of,
    typed_from,
    typed_in,
    understood,
)
from tasuki.consent.officer.views import (
    ProposedLine,
    at,
    declared_lines,
    proposed_line,
    proposed_lines,
)
from tasuki.consent.warnings.desk import Proposals
from tasuki.consent.warnings.held import HeldProposal, State
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import Unit
from tasuki.shared.access.rulings import Caller
from tasuki.shared.faults import Category, Fault
from tasuki.shared.web.session import SEE_OTHER, CheckedForm, SignedIn, caller_for, web_of

if TYPE_CHECKING:
    from tasuki.shared.web.sessions import Session

ROUTES = APIRouter()
DONE = frozenset({"opened", "renewed", "closed", "dismissed"})
LONGEST_WORDS = 500
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class Officer:
    """The officer who is signed in, on one page."""

    request: Request
    session: Session
    declaring: Declaring
    proposals: Proposals

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return caller_for(self.request, self.session, self.declaring.ids)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Return a page."""
        return web_of(self.request).pages.render(self.request, template, status=status, **context)

    def home(self, done: str) -> Response:
        """Send the browser to the first page, which says what was done."""
        url = f"{web_of(self.request).pages.base}/?done={done}"
        return RedirectResponse(url, SEE_OTHER, headers={"Cache-Control": "no-store"})


async def officer_of(request: Request, session: SignedIn) -> Officer:
    """Return the officer who is signed in.

    Raises:
        Fault: FORBIDDEN for anybody else.
    """
    if session.principal.role is not Role.OFFICER:
        raise Fault(Category.FORBIDDEN, "Only an officer may declare.")
    state = request.app.state
    return Officer(request, session, state.declaring, state.proposals)


OfficerDep = Annotated[Officer, Depends(officer_of)]


@ROUTES.get("/")
async def home(officer: OfficerDep) -> Response:
    """Show what is proposed and what is declared."""
    async with officer.declaring.store.unit() as unit:
        held = await officer.declaring.held(unit)
        proposals = await _proposals(officer, unit)
    now = officer.declaring.clock.now()
    waiting, others = proposed_lines(proposals or (), now)
    done = officer.request.query_params.get("done", "")
    return officer.page(
        "home.html",
        flooded=proposals is None,
        waiting=waiting,
        others=others,
        declared=declared_lines(held, now),
        days=range(1, MOST_DAYS + 1),
        done=done if done in DONE else "",
    )


@ROUTES.get("/open")
async def begin(officer: OfficerDep, proposal: str = "") -> Response:
    """Show the form, filled from a proposal where one is named."""
    if not proposal:
        return await _form(officer, Typed())
    return await _form(officer, typed_from(await officer.proposals.one(proposal)))


@ROUTES.post("/open")
async def look_again(officer: OfficerDep, form: CheckedForm) -> Response:
    """Show what would be signed, or what is wrong with the form; nothing is opened yet."""
    typed = typed_in(form)
    filled = understood(typed)
    if filled.places is None or form.get("edit"):
        return await _form(officer, typed, filled.problems)
    now = officer.declaring.clock.now()
    codes = sorted(filled.places.areas)
    return officer.page(
        "confirm.html",
        typed=replace(typed, areas="\n".join(map(line_of, codes))),
        places=[(code, name_of(code)) for code in codes],
        replaced=[(old, name_of(new)) for old, new in sorted(filled.places.replaced.items())],
        end=at(now + timedelta(days=int(typed.days))),
        source=await _source(officer, typed),
        once=officer.declaring.ids.new(),
    )


@ROUTES.post("/declare")
async def declare(officer: OfficerDep, form: CheckedForm) -> Response:
    """Sign and open what was shown."""
    typed = typed_in(form)
    filled = understood(typed)
    if filled.places is None:
        return await _form(officer, typed, filled.problems)
    if typed.proposal:
        await officer.proposals.one(typed.proposal)
    draft = draft_of(typed, filled, officer.declaring.clock.now())
    # The id was given when the page was made: pressed twice, it is one declaration.
    made, _ = await officer.declaring.open(officer.caller, draft, id_=_once(form.get("once", "")))
    if typed.proposal:
        await officer.proposals.decide(
            officer.caller, typed.proposal, State.USED, declaration=made.declaration.id
        )
    return officer.home("opened")


@ROUTES.post("/declarations/{id_}/renew")
async def renew(id_: str, officer: OfficerDep, form: CheckedForm) -> Response:
    """Let a declaration end so many days from now."""
    days = days_of(form.get("days", ""))
    if days is None:
        raise Fault(Category.INVALID, "Between one and seven days.")
    end = officer.declaring.clock.now() + timedelta(days=days)
    await officer.declaring.renew(officer.caller, id_, end)
    return officer.home("renewed")


@ROUTES.post("/declarations/{id_}/close")
async def close(id_: str, officer: OfficerDep, _: CheckedForm) -> Response:
    """End a declaration now."""
    await officer.declaring.close(officer.caller, id_)
    return officer.home("closed")


@ROUTES.post("/proposals/{id_}/dismiss")
async def dismiss(id_: str, officer: OfficerDep, form: CheckedForm) -> Response:
    """Dismiss a proposal with words."""
    words = form.get("words", "")
    if not 0 < len(words) <= LONGEST_WORDS:
        raise Fault(Category.INVALID, "Say in a few words why.")
    await officer.proposals.decide(officer.caller, id_, State.DISMISSED, words=words)
    return officer.home("dismissed")


async def _source(officer: Officer, typed: Typed) -> ProposedLine | None:
    if not typed.proposal:
        return None
    held = await officer.proposals.one(typed.proposal)
    return proposed_line(held, officer.declaring.clock.now())


def _once(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Fault(Category.INVALID, "The form is not one of ours.")
    return text


async def _proposals(officer: Officer, unit: Unit) -> list[HeldProposal] | None:
    """Return the proposals; None where they are too many: a flood must not stop an officer."""
    try:
        return await officer.proposals.all(unit)
    except Fault as fault:
        if fault.category is not Category.TOO_COSTLY:
            raise
        return None


async def _form(
    officer: Officer, typed: Typed, problems: tuple[tuple[str, str, str], ...] = ()
) -> Response:
    return officer.page(
        "draft.html",
        status=422 if problems else 200,
        typed=typed,
        source=await _source(officer, typed),
        problems=problems,
        wrong_fields={name for name, _, _ in problems},
        roles=ROLES,
        classes=CLASSES,
        days=range(1, MOST_DAYS + 1),
    )
