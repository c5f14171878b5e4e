"""What a person was not told stays out of the list of who looked at their record, too.

That somebody looked is told; of what, only where the person may know that it is there.
JP-CLINS tags: https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.access.base import AtTheGate, targets_through
from tasuki.shared.clinical.disclosure import is_for_the_person
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.references import parse_reference

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource

Key = tuple[str, str]


class Untold(AtTheGate):
    """Taking out of audit events what would tell of it."""

    async def without_untold(self, events: Sequence[Resource]) -> list[Resource]:
        """Return the events, without the entities that the person may not know of."""
        named = {key for event in events for one in event.get("entity", ()) if (key := _key(one))}
        untold = {key async for key in self._untold(named)}
        return [_without(event, untold) for event in events]

    async def _untold(
        self, named: Iterable[Key], way: frozenset[Key] = frozenset()
    ) -> AsyncIterator[Key]:
        by_type: dict[str, list[str]] = {}
        for type_, id_ in sorted(named):
            by_type.setdefault(type_, []).append(id_)
        for type_, ids in by_type.items():
            live = {one.id: one for one in await self._unit.by_ids(type_, ids)}
            for id_ in ids:
                last = live.get(id_) or await self._before_deletion(type_, id_)
                if last is not None and await self._is_untold(last, way):
                    yield type_, id_

    async def _is_untold(self, last: Stored, way: frozenset[Key]) -> bool:
        said = parse_resource(last.body or b"{}")
        if not is_for_the_person(said):
            return True
        way = way | {(last.type, last.id)}  # they may be about each other in a circle
        about = targets_through(said) - way
        return bool(about) and bool([key async for key in self._untold(about, way)])

    async def _before_deletion(self, type_: str, id_: str) -> Stored | None:
        head = await self._unit.head(type_, id_)
        return head and await self._unit.version(type_, id_, head.version - 1)


def _key(entity: dict[str, Any]) -> Key | None:
    reference = parse_reference(str(entity.get("what", {}).get("reference", "")))
    if reference is None or not reference.type or not reference.id:
        return None
    return reference.type, reference.id


def _without(event: Resource, untold: set[Key]) -> Resource:
    if not untold or "entity" not in event:
        return event
    return {**event, "entity": [one for one in event["entity"] if _key(one) not in untold]}
