"""Steps of two people, of whom one acts for the other."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

from tests.integration.auth.authenticator import unpadded
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.world import RESIDENT, UNBOUND, Person, World, read_page, redirect_query

if TYPE_CHECKING:
    import httpx2

SON = UNBOUND
TERMS = {
    "name": "健一",
    "relationship": "adult-child",
    "person": "母 ようこ",
    "class_medicines": "yes",
    "class_contacts": "yes",
    "until": "2026-04-30",
}


async def posted(world: World, path: str, **form: str) -> httpx2.Response:
    """Send a form of the page of proxies, as whoever is signed in there."""
    page = await world.http.get(f"{world.issuer}/account/proxies")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    given = {"csrf": "" if csrf is None else unescape(csrf[1])} | form
    return await world.http.post(f"{world.issuer}/account/proxies{path}", data=given)


async def given(world: World, by: Person = RESIDENT, **changes: str | None) -> httpx2.Response:
    """Let somebody act for oneself, and return the page that comes."""
    await account_page(world, by)
    form = {name: value for name, value in (TERMS | changes).items() if value is not None}
    return await posted(world, "", **form)


async def code_of(world: World, by: Person = RESIDENT, **changes: str | None) -> str:
    """Return the code of a new offer."""
    page = await given(world, by, **changes)
    shown = re.search(r'<p class="big long">([0-9]{4} [0-9]{3} [0-9]{3})</p>', page.text)
    assert shown is not None, page.text
    return shown[1]


async def accepted(world: World, code: str, by: Person = SON) -> bool:
    """Type a code, and tell whether it began."""
    await account_page(world, by)
    answer = await posted(world, "/accept", code=code)
    assert answer.status_code in (303, 422)
    return answer.status_code == 303


async def paired(world: World, **changes: str | None) -> None:
    """Let the son act for the resident."""
    assert await accepted(world, await code_of(world, RESIDENT, **changes))


async def whom_page(world: World, person: Person = SON, **changes: str | None) -> httpx2.Response:
    """Sign in to an app up to the page that asks for whom."""
    world.clock.advance(timedelta(seconds=30))
    return await world.submit(await world.open_page(**changes), person)


def grants_on(page: httpx2.Response) -> dict[str, str]:
    """Return the choices of the page that asks for whom: shown name to value."""
    found = re.findall(r'name="acts_for" value="([^"]+)"(?: checked)?> ([^<]+)', page.text)
    return {name.strip(): value for value, name in found}


async def choose(world: World, page: httpx2.Response, whom: str) -> httpx2.Response:
    """Say for whom."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None, page.text
    read = read_page(page)
    form = {"csrf": read.csrf, "ticket": unescape(ticket[1]), "acts_for": whom}
    return await world.http.post(read.action, data=form)


async def tokens_for(
    world: World, person: str = "母 ようこ", **changes: str | None
) -> dict[str, Any]:
    """Sign in as the son, for somebody, and return the tokens."""
    page = await whom_page(world, SON, **changes)
    answer = await choose(world, page, grants_on(page)[person])
    assert answer.status_code == 303, answer.text
    redeemed = await world.redeem(redirect_query(answer)["code"])
    assert redeemed.status_code == 200, redeemed.text
    told: dict[str, Any] = redeemed.json()
    return told


def claims(token: str) -> dict[str, Any]:
    """Return what a token says."""
    read: dict[str, Any] = json.loads(unpadded(token.split(".")[1]))
    return read
