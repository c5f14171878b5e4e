"""What is kept of a set beside its members: whose it is, who sent it, when, and what it holds.

It lies sealed under the person's key as a record of the type Bundle, which no interaction serves,
and it is found by the identifier of the set. A deleted set is remembered by the version before its
deletion, so that what was sent earlier and comes later does not revive it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from tasuki.shared.access.sets.named import Named
from tasuki.shared.fhir.jp.systems import BUNDLE_IDENTIFIER
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.jp.collection import Collection
    from tasuki.shared.fhir.json import Resource

Key: TypeAlias = tuple[str, str]
Moments: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class KnownSet:
    """What is kept of a set.

    Attributes:
        id: Ours, of the record that keeps it.
        head: The newest version of that record.
        members: (type, id) of what the set holds; none once it was deleted.
        sent: When what is kept was changed last, and made; None where there never was a set.
    """

    id: str
    head: Stored | None
    sender: str
    members: tuple[Key, ...]
    sent: Moments | None


class SetRecords(Named):
    """Reading and making the records of sets."""

    async def known_set(self, identifier: str, source: str) -> KnownSet:
        """Return what is kept of a set, for this unit to change."""
        key = ("Bundle", identifier)
        id_ = (await self._unit.source_ids(source, [key]))[key]
        head = await self._unit.head_for_update("Bundle", id_)
        last = head
        if head is not None and head.deleted:
            last = await self._unit.version("Bundle", id_, head.version - 1)
        if last is None or last.body is None:
            return KnownSet(id_, head, "", (), None)
        kept = parse_resource(last.body)
        members = tuple((str(type_), str(one)) for type_, one in kept["members"])
        return KnownSet(id_, head, str(kept["sender"]), members, _moments(kept))

    async def newer_is_here(self, owner: str, sent: Moments) -> bool:
        """Return whether any set about this person is newer."""
        records = await self._unit.of_owner(owner, ["Bundle"])
        return any(_moments(parse_resource(one.body or b"{}")) > sent for one in records)

    def set_record(self, sent: Collection, members: Sequence[Key]) -> Resource:
        """Return the record of a set that now holds these."""
        return {
            "resourceType": "Bundle",
            "identifier": {"system": BUNDLE_IDENTIFIER, "value": sent.identifier},
            "sender": self.sender(),
            "sent": [moment.isoformat() for moment in sent.sent],
            "members": [list(member) for member in members],
        }

    def sender(self) -> str:
        """Return whose the sets are that this caller sends."""
        principal = self._caller.principal
        return principal.organization or principal.client_id


def _moments(kept: Resource) -> Moments:
    changed, made = (datetime.fromisoformat(text) for text in kept["sent"])
    return changed, made
