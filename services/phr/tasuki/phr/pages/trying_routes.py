"""試してみる: what a choice would do, before it is made. Nothing is changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from tasuki.phr.pages.resident import Resident, ResidentDep
from tasuki.phr.pages.sharing_routes import municipality_of
from tasuki.phr.pages.trying import AS_IS, CHOICES, supposed, tried
from tasuki.phr.pages.wishes import ACTIONS, read_wishes
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.outcome import STATUS

if TYPE_CHECKING:
    from tasuki.phr.pages.wishes import Wishes

ROUTES = APIRouter()


@ROUTES.get("/sharing/try")
async def try_out(resident: ResidentDep, choice: Annotated[str, Query()] = AS_IS) -> Response:
    """Show who could see which records as things are, or after a choice."""
    if choice not in CHOICES:
        raise Fault(Category.INVALID, "There is no such choice.")
    try:
        return await _tried(resident, choice)
    except Fault as fault:
        if fault.category is Category.UNAUTHENTICATED:
            raise
        return resident.page(
            "trying.html", status=STATUS[fault.category], silent="sharing.silent", regions=()
        )


async def _tried(resident: Resident, choice: str) -> Response:
    token = await resident.session.access_token()
    consent, at = resident.door.consent, resident.service.clock.now()
    consents = await consent.consents(token, resident.patient)
    about = {
        "language": resident.words.language,
        "municipality": await municipality_of(resident),
    }
    saying = supposed(choice, resident.patient, consents, at)
    regions = await tried(consent, token, about, resident.door.regions, saying)
    choices = (AS_IS, *open_choices(read_wishes(consents, at)))
    return resident.page(
        "trying.html",
        silent=None,
        regions=regions,
        choice=choice,
        choices=choices,
        japanese=resident.words.language == "ja",
    )


def open_choices(wishes: Wishes) -> list[str]:
    """Return the choices that would change a wish as it holds."""
    return [name for name, (wish, wanted) in ACTIONS.items() if wishes.hold(wish) is not wanted]
