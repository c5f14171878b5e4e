"""Whether somebody is known at the consent service shows in no refusal, and no refusal makes them known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.consent.test_proxies import CONSENT
from tests.integration.overrides.world import BASE

from tasuki.shared.access.principal import Role
from tasuki.shared.access.scopes import parse_scopes

if TYPE_CHECKING:
    import httpx2
    from tests.integration.overrides.world import World

pytestmark = pytest.mark.anyio

MINE = {**CONSENT, "patient": {"reference": "Patient/me"}}
ALL = parse_scopes("patient/*.cruds user/*.cruds")
BOUND = (
    ("doctor", {"scopes": ALL}, 404),
    ("doctor", {"scopes": ALL, "role": Role.NURSE}, 404),
    ("doctor", {"scopes": ALL, "role": Role.PROXY, "purpose": "FAMRQT"}, 404),
    ("resident", {"scopes": parse_scopes("patient/Observation.rs")}, 403),
)


async def said(world: World, token: str, id_: str = "") -> httpx2.Response:
    """Try to record something, or a further version of it, for the person a token is bound to."""
    method, path = ("PUT", f"Consent/{id_}") if id_ else ("POST", "Consent")
    return await world.http.request(
        method,
        f"{BASE}/fhir/{path}",
        json={**MINE, "id": id_} if id_ else MINE,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
    )


@pytest.mark.parametrize(("who", "over", "status"), BOUND)
async def test_a_refusal_tells_nobody_who_is_known_here(
    world: World, who: str, over: dict[str, Any], status: int
) -> None:
    """The PHR was asked first: "it does not answer" came of those only who had never been here."""
    bound = replace(world.verifier.known[who], patient="Patient/me", **over)
    world.verifier.known["bound"] = bound
    world.around.down = True
    never_here = [await said(world, "bound", id_) for id_ in ("", "c1")]
    world.around.down = False
    await world.mine()
    world.around.down = True
    here = [await said(world, "bound", id_) for id_ in ("", "c1")]
    assert [one.status_code for one in (*never_here, *here)] == [status] * 4
    assert [one.text for one in never_here] == [one.text for one in here]


@pytest.mark.parametrize(("who", "over", "status"), BOUND)
async def test_a_refusal_makes_nobody_known(
    world: World, who: str, over: dict[str, Any], status: int
) -> None:
    bound = replace(world.verifier.known[who], patient="Patient/me", **over)
    world.verifier.known["bound"] = bound
    for id_ in ("", "c1"):
        assert (await said(world, "bound", id_)).status_code == status
    async with world.store.unit() as unit:
        assert await unit.head("Patient", "me") is None
    assert (await said(world, "resident")).status_code == 201
