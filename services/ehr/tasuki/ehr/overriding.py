"""Emergency overrides as a region's pages need them: asked of the consent service as the clinician.

What is open is known from the region's own snapshot, so that the pages say what the gate obeys.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.overrides.grant import Grant
    from tasuki.ehr.settings import EhrSettings
    from tasuki.shared.access.records import RecordStore
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock

SCOPE = "tasuki/override"
LOOK_SECONDS = 0.1
LOOKS = 30  # so long a page waits until an override just opened, or ended, has come by the feed
OTHERS_SECONDS = 0.5  # the other regions hear of it at the same time as we do, give or take
_CATEGORIES = {
    400: Category.NOT_SUPPORTED,  # what is sent here is well formed
    403: Category.FORBIDDEN,
    404: Category.NOT_FOUND,
    409: Category.CONFLICT,
    422: Category.STRUCTURE,
    429: Category.TOO_MANY,
}


class Outside(Protocol):
    """The outside as this needs it; `tasuki.shared.rest.neighbours.Neighbours` is one."""

    @property
    def http(self) -> httpx2.AsyncClient:
        """The client for calls to others."""
        ...

    @property
    def tokens(self) -> Exchanging:
        """Tokens for them."""
        ...


class Exchanging(Protocol):
    """Gets tokens in which the caller's person stays the subject."""

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        """Return one for another service."""
        ...


@dataclass(frozen=True, slots=True)
class Overriding:
    """Opens, ends and knows the overrides of the region's clinicians."""

    settings: EhrSettings
    near: Outside
    snapshot: KeptSnapshot
    clock: Clock

    async def own(self, store: RecordStore, caller: Caller, patient: str) -> Grant | None:
        """Return the caller's open override of a patient of this region; None for none."""
        now = self.clock.now()
        async with store.unit() as unit:
            held = await self.snapshot.overrides(unit, patient)
        own = [one for one in held if one.subject == caller.principal.subject and one.ends_at > now]
        return max(own, key=lambda one: one.ends_at, default=None)

    async def open(
        self, store: RecordStore, caller: Caller, patient: str, draft: Mapping[str, object]
    ) -> None:
        """Open one, and wait for it to come by the feed.

        Raises:
            Fault: As the consent service refuses; UNAVAILABLE where it does not answer.
        """
        body = {"holder": self.settings.region.code, "patient": patient, **draft}
        await self._asked("POST", "", caller, body)
        # Where it has not come by then: it is open; the page says what it can show, and offers to
        # ask again.
        for _ in range(LOOKS):
            if await self.own(store, caller, patient) is not None:
                await asyncio.sleep(OTHERS_SECONDS)
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self, store: RecordStore, caller: Caller, patient: str) -> None:
        """End the caller's override of a patient; nothing happens where there is none."""
        grant = await self.own(store, caller, patient)
        if grant is None:
            return
        await self._asked("POST", f"/{grant.id}/stop", caller, {})
        for _ in range(LOOKS):
            if await self.own(store, caller, patient) is None:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def waiting(self, caller: Caller, code: str) -> dict[str, Any]:
        """Return the open override a colleague has read out the code of."""
        return await self._asked("GET", f"/waiting/{code}", caller)

    async def agree(self, caller: Caller, id_: str) -> dict[str, Any]:
        """Agree as the second person."""
        return await self._asked("POST", f"/{id_}/agree", caller, {"restricted": True})

    async def _asked(
        self, method: str, path: str, caller: Caller, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        base = self.settings.consent_url
        url = f"{base.removesuffix('/fhir')}/overrides{path}"
        try:
            token = await self.near.tokens.exchange(caller.token, base, SCOPE)
            answer = await self.near.http.request(
                method,
                url,
                content=None if body is None else render(dict(body)),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "X-Request-ID": caller.request_id,
                },
            )
        except (httpx2.HTTPError, OSError) as error:
            raise _no_answer() from error
        if answer.is_success:
            told: dict[str, Any] = parse(answer.content)
            return told
        category = _CATEGORIES.get(answer.status_code)
        if category is None:
            raise _no_answer()
        raise Fault(category, "The consent service did not do it.")


def _no_answer() -> Fault:
    return Fault(Category.UNAVAILABLE, "the consent service does not answer")
