"""Whom a Consent binds: the resident's Patient in the PHR, with the tokens other regions know.

This service holds no names. For each resident it keeps a bare Patient with the PHR's id and the
network tokens the PHR makes of the identity it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from tasuki.consent.overrides.book import TYPE as OVERRIDE
from tasuki.consent.overrides.book import read
from tasuki.consent.overrides.book import version_of as version_of_override
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import Method, NewVersion
from tasuki.shared.access.writing import instant, version_of
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, parse_resource, render

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.shared.access.records import RecordStore, Stored, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock
    from tasuki.shared.rest.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Persons:
    """Knows residents by their PHR id."""

    store: RecordStore
    near: Neighbours
    phr_url: str
    clock: Clock

    async def known(self, caller: Caller) -> str:
        """Return the id of the resident who calls, knowing their newest tokens from now on.

        Raises:
            Fault: FORBIDDEN where the caller is not bound to a person; UNAVAILABLE where the PHR
                does not answer and the resident has never been here.
        """
        patient = caller.principal.patient
        if patient is None:
            raise Fault(Category.FORBIDDEN, "this account is not linked to a person's record")
        return await self.registered(caller, patient)

    async def registered(self, caller: Caller, patient: str) -> str:
        """Return the id of a resident (`Patient/…` in the PHR), knowing their newest tokens.

        The resident's own call is passed on as theirs; a registrar's is ours.
        """
        person = patient.removeprefix("Patient/")
        try:
            tokens = await self._tokens(caller, patient)
        except (Fault, httpx2.HTTPError, OSError) as error:
            if await self._is_here(person):
                return person
            raise Fault(
                Category.UNAVAILABLE, "the PHR, which knows who you are, does not answer now"
            ) from error
        await self._keep(person, tokens)
        return person

    async def _tokens(self, caller: Caller, patient: str) -> tuple[str, ...]:
        tokens = self.near.tokens
        principal = caller.principal
        # A proxy has no business with the tokens: of whom they act for we ask in our own name.
        if principal.patient == patient and principal.role is not Role.PROXY:
            token = await tokens.exchange(caller.token, self.phr_url, "patient/Patient.r")
        else:
            token = await tokens.client_credentials("system/Patient.rs", self.phr_url, "HOPERAT")
        answer = await self.near.http.get(
            f"{self.phr_url}/{patient}/$network-tokens",
            headers={"Authorization": f"Bearer {token}", "X-Request-ID": caller.request_id},
        )
        if answer.status_code != httpx2.codes.OK:
            raise Fault(Category.UNAVAILABLE, "the PHR does not answer")
        return tuple(sorted(str(token) for token in parse(answer.content)["tokens"]))

    async def _is_here(self, person: str) -> bool:
        async with self.store.unit() as unit:
            return await unit.head("Patient", person) is not None

    async def _keep(self, person: str, tokens: tuple[str, ...]) -> None:
        async with self.store.unit() as unit:
            await unit.lock("person", person)
            head = await unit.head("Patient", person)
            if head is not None and await unit.tokens_of_owner(person) == tokens:
                return
            expected = 0 if head is None else head.version
            at = self.clock.now()
            meta = {"versionId": str(expected + 1), "lastUpdated": instant(at)}
            await unit.write(
                [
                    NewVersion(
                        type="Patient",
                        id=person,
                        owner=person,
                        expected=expected,
                        at=at,
                        method=Method.PUT,
                        body=render({"resourceType": "Patient", "id": person, "meta": meta}),
                        network_tokens=tokens,
                    ),
                    # Said again, for followers who knew nobody under the new tokens before.
                    *(_again(one, at) for one in await unit.of_owner(person, ["Consent"])),
                    *(await self._open_overrides(unit, person)),
                ]
            )

    async def _open_overrides(self, unit: Unit, person: str) -> list[NewVersion]:
        now = self.clock.now()
        held = [read(one.body or b"") for one in await unit.of_owner(person, [OVERRIDE])]
        return [
            version_of_override(one.model_copy(update={"version": one.version + 1}), self.clock)
            for one in held
            if one.open_at(now)
        ]


def _again(consent: Stored, at: datetime) -> NewVersion:
    resource = parse_resource(consent.body or b"{}")
    return version_of(resource, consent.id, consent.owner, consent, at=at)
