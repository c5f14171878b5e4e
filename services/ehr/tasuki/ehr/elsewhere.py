"""What other regions hold of a person: the locator first, then every holder at the same time.

The caller's token is exchanged for each region (RFC 8693), so that the clinician stays the subject
there; each region decides and audits for itself. A slow one never delays the rest beyond its time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from tasuki.ehr.answered import read_everything
from tasuki.ehr.settings import Region
from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.rest.service import OVERRIDE_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.ehr.settings import EhrSettings
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock

# A service acts for no patient of its own when it asks where records are.
LOCATE_PURPOSE = "HOPERAT"
# Medicines may be named by a Medication that is about nobody.
ALSO = ("Medication",)


class Tokens(Protocol):
    """Gets tokens for other services; `tasuki.shared.access.client.TokenClient` does."""

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        """Return a token of the service's own."""
        ...

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        """Return a token in which the caller's person stays the subject."""
        ...


class Outside(Protocol):
    """The outside as this needs it; `tasuki.shared.rest.neighbours.Neighbours` is one."""

    @property
    def http(self) -> httpx2.AsyncClient:
        """The client for calls to others."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Tokens for them."""
        ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Asks the locator and the other regions."""

    settings: EhrSettings
    near: Outside
    clock: Clock

    async def sources(
        self, caller: Caller, tokens: Sequence[str], types: Sequence[str]
    ) -> list[SourceRecords]:
        """Return at least one source per other region, whatever became of asking it.

        Without the locator, or without a token to ask it with, nobody can say who holds what: that
        is unknown, not none.
        """
        regions = self.settings.regions
        try:
            handles = await self._located(tokens) if tokens and regions else None
        except (Fault, httpx2.HTTPError, OSError, TimeoutError):
            handles = None
        if handles is None:
            return [_without(region, SourceState.UNREACHABLE) for region in regions]
        asked = [
            self._of_region(
                caller, region, [h for code, h in handles if code == region.code], types
            )
            for region in regions
        ]
        found = [source for sources in await asyncio.gather(*asked) for source in sources]
        known = {region.code for region in (*regions, self.settings.region)}
        strange = sorted({code for code, _ in handles} - known)
        return [*found, *(_without(_strange(code), SourceState.UNREACHABLE) for code in strange)]

    async def _located(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        async with asyncio.timeout(self.settings.answer_seconds):
            url = self.settings.locator_url
            token = await self.near.tokens.client_credentials("tasuki/locate", url, LOCATE_PURPOSE)
            body = {
                "resourceType": "Parameters",
                "parameter": [{"name": "token", "valueString": one} for one in tokens],
            }
            answer = await self.near.http.post(
                f"{url}/$locate",
                content=render(body),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/fhir+json",
                },
            )
        if answer.status_code != httpx2.codes.OK:
            raise _no_locator()
        return _handles(parse_resource(answer.content))

    async def _of_region(
        self, caller: Caller, region: Region, handles: Sequence[str], types: Sequence[str]
    ) -> list[SourceRecords]:
        if not handles:
            return [_without(region, SourceState.NONE)]
        return list(
            await asyncio.gather(
                *(self._asked(caller, region, handle, types) for handle in handles)
            )
        )

    async def _asked(
        self, caller: Caller, region: Region, handle: str, types: Sequence[str]
    ) -> SourceRecords:
        try:
            async with asyncio.timeout(self.settings.answer_seconds):
                return await self._answered(caller, region, handle, types)
        except (Fault, httpx2.HTTPError, OSError, TimeoutError):
            return _without(region, SourceState.UNREACHABLE)

    async def _answered(
        self, caller: Caller, region: Region, handle: str, types: Sequence[str]
    ) -> SourceRecords:
        scope = " ".join(f"user/{type_}.rs" for type_ in (*types, *ALSO))
        token = await self.near.tokens.exchange(caller.token, region.base_url, scope)
        headers = {"Authorization": f"Bearer {token}", "X-Request-ID": caller.request_id}
        if caller.override is not None:  # named again: each region decides whether it holds there
            headers[OVERRIDE_HEADER] = caller.override
        answer = await self.near.http.get(
            f"{region.base_url}/Patient/{handle}/$everything",
            params={"_type": ",".join([*types, *ALSO])},
            headers=headers,
        )
        if answer.status_code != httpx2.codes.OK:
            state = _STATES.get(answer.status_code, SourceState.UNREACHABLE)
            return _without(region, state)
        answered = read_everything(answer.content)
        return SourceRecords(
            source=f"ehr/{region.code}",
            title_ja=region.title_ja,
            title_en=region.title_en,
            kind="hospital",
            state=SourceState.ANSWERED,
            as_of=self.clock.now(),
            resources=answered.resources,
            unreadable=answered.unreadable,
            withheld_types=answered.withheld_types,
        )


# HTTP status of another region's answer to what it says about the person's record there.
_STATES = {
    403: SourceState.WITHHELD,
    # The locator said it holds somebody; deleted since, or hidden as if there were nothing.
    404: SourceState.NONE,
    410: SourceState.NONE,
}


def _handles(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        found = [
            {part["name"]: part for part in parameter["part"]}
            for parameter in parameters.get("parameter") or ()
            if parameter["name"] == "holder"
        ]
        return [(str(one["region"]["valueCode"]), str(one["handle"]["valueId"])) for one in found]
    except (KeyError, TypeError) as error:
        raise _no_locator() from error


def _no_locator() -> Fault:
    return Fault(Category.UNAVAILABLE, "the locator does not answer")


def _strange(code: str) -> Region:
    """Return a region this one was not told of."""
    return Region(code=code, base_url="", title_ja=code, title_en=code)


def _without(region: Region, state: SourceState) -> SourceRecords:
    return SourceRecords(
        source=f"ehr/{region.code}",
        title_ja=region.title_ja,
        title_en=region.title_en,
        kind="hospital",
        state=state,
        as_of=None,
    )
