"""The locator tells whoever holds the scope where a token is known, and nobody anything else.

Every caller, every token there is, alone and together with others: docs/api/locator/locate.md
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import FastAPI
from tests.access.callers import CALLERS, ISSUER, KEY, Caller, claims_of, signed

from tasuki.locator import app as locating
from tasuki.locator.pointers import Pointer, PointerCopy
from tasuki.locator.settings import Holder, LocatorSettings
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.opening import running, store_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tests.store.world import Server

pytestmark = pytest.mark.anyio

BASE = "https://desk.test/locator/fhir"
REGIONS = ("noto", "kaga")
NOBODY_S = "f" * 32
# Who is known where, under which tokens; the last was deleted again.
PEOPLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("noto", "n1", ("1" * 32,)),
    ("noto", "n2", ("2" * 32, "3" * 32)),
    ("kaga", "k1", ("1" * 32,)),
    ("kaga", "k3", ("3" * 32,)),
    ("kaga", "k4", ("4" * 32,)),
    ("kaga", "gone", ("5" * 32,)),
)
TOKENS = (*sorted({token for _, _, tokens in PEOPLE for token in tokens}), NOBODY_S)
LOCATES = tuple(
    replace(one, name=f"{one.name}, locating", scope=f"{one.scope} tasuki/locate")
    for one in CALLERS
)


@pytest.fixture
async def asked(server: Server, tmp_path: Path) -> AsyncIterator[Asked]:
    """A locator that has heard of everybody."""
    clock, tenant = FixedClock(), f"{tmp_path.name}-locator"
    FileKeyRing.create(tmp_path / "ring.json", [tenant])
    keys = {"keys": [{**KEY.as_dict(private=False), "kid": KEY.kid, "use": "sig"}]}
    (tmp_path / f"jwks-{tenant}-tokens.json").write_text(json.dumps(keys))
    settings = LocatorSettings(
        public_url=BASE,
        issuer=ISSUER,
        database_url=server.postgres.url("records_shared"),
        keys_database_url=server.postgres.url("keys_shared"),
        key_file=tmp_path / "ring.json",
        tenant=tenant,
        cache_folder=tmp_path,
        holders=tuple(Holder(code=one, base_url=f"https://desk.test/{one}") for one in REGIONS),
    )
    store = store_for(settings, clock=clock, ids=RandomIds(), links_people=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locating, "store_for", lambda *_, **__: store)
        app = locating.create_app(settings, clock=clock, ids=RandomIds())
    site = FastAPI()
    site.mount("/locator/fhir", app)
    transport = httpx2.ASGITransport(site)
    async with running(store), httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        for region in REGIONS:
            page = json.dumps({"epoch": "e1", "next": 9, "changes": changes(region)}).encode()
            await PointerCopy(region, store.replicas).apply(page, clock.now())
        yield Asked(http, clock)


class Asked:
    """The locator, to be asked by somebody."""

    def __init__(self, http: httpx2.AsyncClient, clock: FixedClock) -> None:
        self._http = http
        self._clock = clock

    async def by(self, caller: Caller, tokens: Sequence[str]) -> httpx2.Response:
        """Ask for these tokens."""
        bound = "p1" if caller.role == "resident" else None
        token = signed(claims_of(caller, caller.region or None, bound), BASE, self._clock)
        given = [{"name": "token", "valueString": one} for one in tokens]
        return await self._http.post(
            "/$locate",
            json={"resourceType": "Parameters", "parameter": given},
            headers={"Authorization": f"Bearer {token}"},
        )


def changes(region: str) -> list[dict[str, Any]]:
    """Return the feed of a region."""
    return [
        {
            "seq": number,
            "type": "Patient",
            "id": id_,
            "owner": id_,
            "version": 1,
            "deleted": id_ == "gone",
            "tokens": list(tokens),
        }
        for number, (of, id_, tokens) in enumerate(PEOPLE, start=1)
        if of == region
    ]


def known(tokens: Sequence[str]) -> set[tuple[str, str]]:
    """Return who is to be told of, as the plain model has it."""
    return {
        (region, id_)
        for region, id_, own in PEOPLE
        if id_ != "gone" and not set(own).isdisjoint(tokens)
    }


def told_in(answer: httpx2.Response) -> set[tuple[str, str]]:
    """Return who is told of."""
    parts = [one["part"] for one in answer.json().get("parameter", ())]
    return {(region["valueCode"], handle["valueId"]) for region, handle in parts}


QUESTIONS = [some for size in (1, 2, len(TOKENS)) for some in combinations(TOKENS, size) if some]


async def leaks(asked: Asked, callers: Sequence[Caller]) -> list[str]:
    """Return where more or less is told than the model has it."""
    found = []
    for caller in callers:
        for tokens in QUESTIONS[: len(TOKENS)] if "locate" not in caller.scope else QUESTIONS:
            answer = await asked.by(caller, tokens)
            if "tasuki/locate" in caller.scope:
                wrong = answer.status_code != 200 or told_in(answer) != known(tokens)
            else:
                wrong = answer.status_code != 403 or any(id_ in answer.text for _, id_, _ in PEOPLE)
            found += [f"{caller.name}: {answer.status_code} {answer.text}"] if wrong else []
    return found


async def test_where_somebody_is_known(asked: Asked, told: list[str]) -> None:
    callers = (*CALLERS, *LOCATES[::6])
    assert await leaks(asked, callers) == []
    told.append(f"locator: {len(callers)} callers, {len(QUESTIONS)} questions, 0 findings")


async def test_a_locator_that_tells_of_everybody_is_found_out(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everybody(*_: object) -> list[Pointer]:
        return [Pointer(region, id_) for region, id_, _ in PEOPLE]

    monkeypatch.setattr(locating, "located", everybody)
    assert len(await leaks(asked, LOCATES[:1])) == len(QUESTIONS)
