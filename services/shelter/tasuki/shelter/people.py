"""The people the desk knows: one sealed record for each, rebuilt whenever something said changes.

Entries of several holders are one person where they share a token. Rebuilding goes by tokens, so
it joins people, parts them, and removes those of whom nothing is left; doing it twice changes
nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tasuki.consent.client import read_held_consent
from tasuki.consent.keeping import FEED as CONSENTS
from tasuki.shared.access.records import Method, NewVersion
from tasuki.shared.clock import today_in_japan
from tasuki.shelter.building import build_record
from tasuki.shelter.entries import SourceEntry, feed_name
from tasuki.shelter.person_record import TYPE, PersonRecord
from tasuki.shelter.wishes import refuses_shelters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.shared.access.records import RecordStore, Stored, Unit
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shelter.settings import Holder


class People:
    """Keeps the records of people in step with what the holders and the residents say."""

    def __init__(
        self,
        store: RecordStore,
        holders: Sequence[Holder],
        policy: ImplicitPolicy,
        *,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._holders = {holder.name: holder for holder in holders}
        self._policy = policy
        self._clock = clock
        self._ids = ids

    async def rebuild(self, tokens: Iterable[str]) -> None:
        """Bring everybody with one of these tokens up to date, in one transaction."""
        left = frozenset(tokens)
        if not left:
            return
        async with self._store.unit() as unit:
            await unit.lock("people")
            versions: list[NewVersion] = []
            while left:
                token = min(left)
                taken = frozenset(version.id for version in versions)
                done, made = await self._rebuilt(unit, token, taken)
                versions.extend(made)
                left -= done | {token}
            # At once: no two of them share a token or, by `taken`, a record.
            await unit.write(versions)

    async def _rebuilt(
        self, unit: Unit, token: str, taken: frozenset[str]
    ) -> tuple[frozenset[str], list[NewVersion]]:
        """Return all tokens of the person with this one, and what is to be written for them.

        Where one person turns out to be two, the first keeps the record (it is in `taken`), and
        the other gets a new one.
        """
        tokens, entries = await gathered(unit, tuple(self._holders), {token})
        existing = [one for one in await _existing(unit, tokens) if one.id not in taken]
        live = [stored for stored in existing if not stored.deleted]
        if not entries:
            # Nobody says anything under this token; who only has tokens without entries goes.
            gone = [stored for stored in live if not await self._still_told(unit, stored)]
            return tokens, [_removal(stored, self._clock) for stored in gone]
        kept = next(iter(live or existing), None)
        others = [stored for stored in live if kept is not None and stored.id != kept.id]
        made = await self._version(unit, kept, entries)
        return tokens, [made, *(_removal(stored, self._clock) for stored in others)]

    async def _still_told(self, unit: Unit, stored: Stored) -> bool:
        tokens = PersonRecord.from_bytes(stored.body).tokens if stored.body else ()
        _, entries = await gathered(unit, tuple(self._holders), tokens)
        return bool(entries)

    async def _version(
        self, unit: Unit, kept: Stored | None, entries: tuple[SourceEntry, ...]
    ) -> NewVersion:
        now = self._clock.now()
        person = self._ids.new() if kept is None else kept.id
        # By token and not by person: a new person's tokens are not written yet.
        consents = [
            read_held_consent(json.loads(copy.body)).held_for(person)
            for copy in await unit.copies_under([CONSENTS], record_tokens(entries))
        ]
        record = build_record(
            entries,
            self._holders,
            today=today_in_japan(self._clock),
            built_at=now,
            refused=refuses_shelters(person, consents, self._policy, at=now),
        )
        before = PersonRecord.from_bytes(kept.body) if kept is not None and kept.body else None
        return NewVersion(
            type=TYPE,
            id=person,
            owner=person,
            expected=0 if kept is None else kept.version,
            at=now,
            method=Method.PUT,
            body=record.to_bytes(),
            person_keys=record.keys,
            superseded_person_keys=() if before is None else before.keys,
            network_tokens=record.tokens,
        )


async def gathered(
    unit: Unit, holders: Sequence[str], tokens: Iterable[str]
) -> tuple[frozenset[str], tuple[SourceEntry, ...]]:
    """Return all entries that hang together with these tokens, and all their tokens."""
    known: set[str] = set(tokens)
    asked: set[str] = set()
    entries: dict[tuple[str, str], SourceEntry] = {}
    feeds = [feed_name(holder) for holder in holders]
    while fresh := known - asked:
        asked |= fresh
        for copy in await unit.copies_under(feeds, sorted(fresh)):
            entry = SourceEntry.from_bytes(copy.body)
            entries[(entry.holder, entry.owner)] = entry
            known.update(entry.tokens)
    return frozenset(known), tuple(entries[key] for key in sorted(entries))


def record_tokens(entries: Iterable[SourceEntry]) -> tuple[str, ...]:
    """Return the tokens of several entries, each once."""
    return tuple(sorted({token for entry in entries for token in entry.tokens}))


async def _existing(unit: Unit, tokens: Iterable[str]) -> list[Stored]:
    """Return the records of people with any of these tokens, removed ones too, by id."""
    ids = await unit.owners_of_tokens(sorted(tokens))
    return await unit.heads(TYPE, ids)


def _removal(stored: Stored, clock: Clock) -> NewVersion:
    """Return the deletion; the tokens stay, so that who looked is still told to the person."""
    before = PersonRecord.from_bytes(stored.body) if stored.body else None
    return NewVersion(
        type=TYPE,
        id=stored.id,
        owner=stored.owner,
        expected=stored.version,
        at=clock.now(),
        method=Method.DELETE,
        body=None,
        superseded_person_keys=() if before is None else before.keys,
        network_tokens=() if before is None else before.tokens,
    )
