"""A consent service that is spoilt is found out, at every door it is spoilt at.

Without these, doors at which nothing is looked at would pass as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request  # noqa: TC002 - the framework reads it
from tests.access.consent_callers import AT_THE_CONSENT_SERVICE
from tests.access.consent_matrix import visited

from tasuki.consent import (
    consent_routes,
    disclosure_routes,
    feed_routes,
    override_routes,
    review_routes,
    told_routes,
)
from tasuki.consent.officer import routes as officer_routes
from tasuki.consent.overrides.override import Override
from tasuki.consent.room import ConsentRoomDecider
from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.rulings import Caller, Ruling
from tasuki.shared.access.scopes import ScopeSet
from tasuki.shared.audit.proof_bundle import note_of
from tasuki.shared.rest import resources
from tasuki.shared.rest.service import ServiceDep  # noqa: TC001 - the framework reads it
from tasuki.shared.web.session import SignedIn, caller_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.access.consent_world import ConsentWorld

    Spoil = Callable[[ConsentWorld, pytest.MonkeyPatch], None]

pytestmark = pytest.mark.anyio

SENT = (
    *("resident, own record", "resident, another's", "resident, results alone", "service"),
    *("proxy, family", "proxy by law, all scopes", "clinician", "clinician, bound to them"),
    *("clinician, overrides, other region", "privacy", "hospital", "service, warnings alone"),
)
CALLERS = [one for one in AT_THE_CONSENT_SERVICE if one.name in SENT]


async def _nothing(*_: object) -> None:
    return None


def a_decider_that_permits_everything(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    async def rule(*_: object) -> Ruling:
        return Ruling.permit("all")

    patch.setattr(ConsentRoomDecider, "rule", rule)


def a_refusal_that_tells(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    async def hidden(gate: AtTheGate, interaction: Any, owner: str, *types: str) -> Ruling:
        ruling = await real(gate, interaction, owner, *types)
        return Ruling.refuse("spoilt") if ruling.hidden else ruling

    real = AtTheGate.ruling
    patch.setattr(AtTheGate, "ruling", hidden)


def scopes_that_nobody_asks_for(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AtTheGate, "require_scope", lambda *_: None)


def words_that_nobody_asks_for(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ScopeSet, "has", lambda *_: True)


def contexts_that_nobody_asks_for(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ScopeSet, "contexts", lambda *_: frozenset({"system"}))


def what_is_told_later_told_at_once(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Override, "hidden_at", lambda *_: False)


def heads_of_what_is_not_told(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    def heads(entries: Any, events: Any) -> Any:
        del events
        return {note_of(one): one for one in entries if note_of(one) is not None}

    patch.setattr(disclosure_routes, "_heads", heads)


def a_feed_that_forgets_nothing(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    real = feed_routes._body
    patch.setattr(feed_routes, "_body", lambda version, _: real(version, None))


def a_person_who_is_anybody(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(told_routes, "_require", _nothing)


def a_colleague_who_is_anybody(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(override_routes, "_require", _nothing)


def a_phr_that_is_asked_first(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(consent_routes, "_require_may", _nothing)


def types_that_are_not_looked_at(_: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resources, "require_type", lambda *_: None)


async def _anybody(request: Request, session: SignedIn, service: ServiceDep) -> Caller:
    return caller_for(request, session, service.ids)


async def _any_officer(request: Request, session: SignedIn) -> officer_routes.Officer:
    state = request.app.state
    return officer_routes.Officer(request, session, state.declaring, state.proposals)


def pages_for_anybody(world: ConsentWorld, patch: pytest.MonkeyPatch) -> None:
    reviewing = world.pages["overrides"].dependency_overrides
    declaring = world.pages["officer"].dependency_overrides
    patch.setitem(reviewing, review_routes.officer, _anybody)
    patch.setitem(declaring, officer_routes.officer_of, _any_officer)


SPOILT: Mapping[Spoil, tuple[str, ...]] = {
    a_decider_that_permits_everything: (
        "read",
        "history",
        "vread",
        "search",
        "search of everybody",
    ),
    a_refusal_that_tells: ("read", "history"),
    scopes_that_nobody_asks_for: ("what would be decided", "who looked"),
    words_that_nobody_asks_for: ("feed", "declarations, warnings, heads"),
    contexts_that_nobody_asks_for: ("the log about somebody",),
    what_is_told_later_told_at_once: (
        *("who looked", "overrides of oneself", "answers to an override"),
    ),
    heads_of_what_is_not_told: ("who looked",),
    a_feed_that_forgets_nothing: ("feed",),
    a_person_who_is_anybody: ("overrides of oneself", "answers to an override"),
    a_colleague_who_is_anybody: ("colleagues",),
    a_phr_that_is_asked_first: ("write",),
    types_that_are_not_looked_at: ("what is not served",),
    pages_for_anybody: ("review pages", "officer's pages"),
}


# What shows of few people, and to themselves alone.
THEIR_OWN = (
    heads_of_what_is_not_told,
    what_is_told_later_told_at_once,
    types_that_are_not_looked_at,
)


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
async def test_a_spoilt_consent_service_is_found_out(
    consenting: ConsentWorld, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(consenting, monkeypatch)
    if spoil in THEIR_OWN:
        judge = await visited(consenting, 99, SPOILT[spoil], callers=CALLERS[:1])
    else:
        judge = await visited(consenting, 2, SPOILT[spoil], callers=CALLERS)
    assert {one.cell[0] for one in judge.leaks()} == set(SPOILT[spoil])
