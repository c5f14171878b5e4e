"""Opening, renewing and closing declarations: ruled on, signed, written and recorded at once.

The API and the officer's pages both go through here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tasuki.consent.declaration_json import write_declaration
from tasuki.consent.declarations import (
    Declaration,
    close_declaration,
    open_declaration,
    renew_declaration,
)
from tasuki.consent.places import Places, places_of_today
from tasuki.consent.signing import (
    Untrusted,
    Verified,
    read_stored,
    signature_of,
    verify_declaration,
    write_signed,
)
from tasuki.consent.stored_declarations import stored_declarations
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole, DataClass
from tasuki.shared.access.principal import Role
from tasuki.shared.access.records import NOBODY, Method, NewVersion
from tasuki.shared.access.refusals import forbidden, out_of_scope
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import render
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.signing.keys import DeclarationKeys
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import RecordStore, Stored, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

SCOPE = "tasuki/declare"
DEFAULT_LENGTH = timedelta(days=7)


class Draft(BaseModel):
    """What an officer fills in."""

    model_config = ConfigDict(extra="forbid")

    areas: list[Annotated[str, Field(max_length=6)]] = Field(min_length=1, max_length=2_000)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    roles: frozenset[ActorRole] = frozenset({ActorRole.NURSE, ActorRole.CLINICIAN})
    classes: frozenset[DataClass] = EMERGENCY_CLASSES
    authority: str = Field(min_length=1, max_length=200)
    legal_basis: str = Field(min_length=1, max_length=500)
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version of a declaration, as the consent service holds it.

    Attributes:
        signed: The compact JWS; None for one from before declarations were signed.
        verified: None where its signature counts nowhere: unsigned, or by a withdrawn key.
    """

    declaration: Declaration
    signed: str | None
    verified: Verified | None

    def written(self) -> dict[str, Any]:
        """Return it as the API says it."""
        return write_declaration(self.declaration) | {
            "signed": self.signed,
            "counts": self.verified is not None,
            "key_id": None if self.verified is None else self.verified.key_id,
        }


@dataclass(frozen=True, slots=True)
class Declaring:
    """What the consent service declares with.

    Attributes:
        keys: None where no key file is set: then nothing can be declared, and nothing counts.
    """

    store: RecordStore
    desk: Desk
    keys: DeclarationKeys | None
    clock: Clock
    ids: IdSource

    async def open(
        self, caller: Caller, draft: Draft, *, id_: str | None = None
    ) -> tuple[Held, Places]:
        """Open a declaration; return it, and which codes of merged municipalities were replaced.

        Raises:
            Fault: FORBIDDEN, STRUCTURE; CONFLICT where one of this id is there already;
                UNAVAILABLE where no key is set.
        """
        role = officer(caller)
        places = places_of_today(draft.areas)
        now = self.clock.now()
        start = draft.start or now
        made = open_declaration(
            Declaration(
                id=id_ or self.ids.new(),
                version=1,
                areas=places.areas,
                start=start,
                end=draft.end or start + DEFAULT_LENGTH,
                roles=draft.roles,
                classes=draft.classes,
                authority=draft.authority,
                legal_basis=draft.legal_basis,
                drill=draft.drill,
                opened_by=caller.principal.subject,
                recorded_at=now,
            ),
            by_role=role,
            known=lambda code: municipality(code) is not None,
        )
        async with self.store.unit() as unit:
            return await self._write(unit, made, caller), places

    async def renew(self, caller: Caller, id_: str, end: datetime) -> Held:
        """Let a declaration end later.

        Raises:
            Fault: FORBIDDEN, NOT_FOUND, CONFLICT, STRUCTURE; UNAVAILABLE where no key is set.
        """
        role = officer(caller)
        async with self.store.unit() as unit:
            made = renew_declaration(
                await _current(unit, id_),
                end=end,
                at=self.clock.now(),
                by=caller.principal.subject,
                by_role=role,
            )
            return await self._write(unit, made, caller)

    async def close(self, caller: Caller, id_: str) -> Held:
        """End a declaration now.

        Raises:
            Fault: FORBIDDEN, NOT_FOUND, CONFLICT; UNAVAILABLE where no key is set.
        """
        role = officer(caller)
        async with self.store.unit() as unit:
            made = close_declaration(
                await _current(unit, id_),
                at=self.clock.now(),
                by=caller.principal.subject,
                by_role=role,
            )
            return await self._write(unit, made, caller)

    async def held(self, unit: Unit) -> list[Held]:
        """Return the newest version of every declaration.

        Raises:
            Fault: TOO_COSTLY, as `stored_declarations`.
        """
        return [self._held(document) for document in await stored_declarations(unit)]

    async def counting(self, unit: Unit) -> tuple[Declaration, ...]:
        """Return those whose signature counts, as every other service sees them."""
        return tuple(
            one.verified.declaration for one in await self.held(unit) if one.verified is not None
        )

    def _held(self, document: Mapping[str, Any]) -> Held:
        try:
            signed = signature_of(document)
        except Untrusted:
            return Held(read_stored(document), None, None)
        if self.keys is None:
            return Held(read_stored(document), signed, None)
        try:
            verified = verify_declaration(
                signed, self.keys.public, self.clock.now(), issuer=self.keys.issuer
            )
        except Untrusted:
            return Held(read_stored(document), signed, None)
        return Held(verified.declaration, signed, verified)

    async def _write(self, unit: Unit, made: Declaration, caller: Caller) -> Held:
        if self.keys is None:
            raise Fault(Category.UNAVAILABLE, "No key to sign declarations with is set here.")
        document = write_signed(made, self.keys.sign(made))
        await unit.write(
            [
                NewVersion(
                    type="Declaration",
                    id=made.id,
                    owner=NOBODY,
                    expected=made.version - 1,
                    at=made.recorded_at,
                    method=Method.POST if made.version == 1 else Method.PUT,
                    body=render(document),
                )
            ]
        )
        policy = f"declaration/{made.id}/{made.version}"
        await unit.record([self.desk.entry(caller, Action.DECLARE, Outcome.PERMITTED, policy)])
        return self._held(document)


def officer(caller: Caller) -> ActorRole:
    """Return the officer's role, for a caller who is one and has the scope to declare.

    Raises:
        Fault: FORBIDDEN.
    """
    if not caller.principal.scopes.has(SCOPE):
        raise out_of_scope(SCOPE)
    if caller.principal.role is not Role.OFFICER:
        raise forbidden("role-may-not-declare")
    return ActorRole.OFFICER


async def _current(unit: Unit, id_: str) -> Declaration:
    head: Stored | None = await unit.head_for_update("Declaration", id_)
    if head is None or head.body is None:
        raise Fault(Category.NOT_FOUND, "no such declaration")
    return read_stored(json.loads(head.body))
