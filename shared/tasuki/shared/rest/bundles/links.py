"""Links between the entries of a transaction, and to what is here, made to hold afterwards.

https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.shared.access.subjects import placed
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.linking import relinked
from tasuki.shared.fhir.references import parse_reference, walk_references
from tasuki.shared.rest.bundles.targets import Coming, bodies_of
from tasuki.shared.rest.conditions import criteria

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.gate import Records
    from tasuki.shared.access.subjects import Key
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.bundles.entries import Entry
    from tasuki.shared.rest.bundles.targets import Target
    from tasuki.shared.rest.service import FhirService

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)
_VERSIONED = re.compile(r"(.+)/_history/[A-Za-z0-9\-.]{1,64}", re.DOTALL)


class Links:
    """Renames the links of one Bundle."""

    def __init__(self, service: FhirService, targets: Sequence[Target]) -> None:
        self._base = service.base_url
        self._service = service
        self._targets = targets
        self._coming = {target.key for target in targets if target.entry.method != "DELETE"}
        self._named = {
            target.entry.full_url: target
            for target in targets
            if target.entry.full_url and target.entry.method != "DELETE"
        }
        self._found: dict[str, str] = {}
        self._versions: dict[Key, int] = {}

    async def linked(self, records: Records, ready: Mapping[Key, Entry]) -> dict[Key, Resource]:
        """Return the resources with all their links renamed, none of them leading nowhere.

        Raises:
            Fault: STRUCTURE for one that does; PRECONDITION where a conditional reference finds
                none or several; with the place.
        """
        await self._find(records, ready)
        linked = {
            key: self._renamed(entry, entry.resource)
            for key, entry in ready.items()
            if entry.resource is not None
        }
        wanted: dict[Key, str] = {}
        for key, resource in linked.items():
            self._require_leading(ready[key], resource, wanted)
        if not await records.all_exist(list(wanted)):
            for target, place in wanted.items():  # again one by one, to say which
                if not await records.all_exist([target]):
                    raise _nowhere(place)
        return linked

    async def _find(self, records: Records, ready: Mapping[Key, Entry]) -> None:
        """Find what conditional references lead to, and the versions of versioned ones."""
        coming = Coming(bodies_of(self._targets))
        for entry in ready.values():
            for path, holder in walk_references(entry.resource or {}):
                text = str(holder["reference"]).removeprefix(f"{self._base}/")
                if (match := _CONDITIONAL.fullmatch(text)) and text not in self._found:
                    with placed(f"{entry.place}.resource.{path}"):
                        self._found[text] = await self._one(records, coming, match)
                elif match := _VERSIONED.fullmatch(text):
                    await self._note_version(records, entry, match[1])

    async def _one(self, records: Records, coming: Coming, match: re.Match[str]) -> str:
        if match[1] not in self._service.types:
            raise Fault(Category.STRUCTURE, "this server has no such resource type")
        query = criteria(match[1], match[2], self._base)
        stored = await records.matched(query)
        found = coming.matching(query)
        if stored is not None and (stored.type, stored.id) not in self._coming - self._kept():
            found.add((stored.type, stored.id))
        if len(found) != 1:
            raise Fault(
                Category.PRECONDITION, "a conditional reference must find one resource exactly"
            )
        ((type_, id_),) = found
        return f"{type_}/{id_}"

    def _kept(self) -> set[Key]:
        return {target.key for target in self._targets if target.is_kept}

    async def _note_version(self, records: Records, entry: Entry, text: str) -> None:
        target = self._target(entry, text)
        if target is None or target.is_new or target.key in self._versions:
            return
        if target.is_kept and target.found is not None:
            self._versions[target.key] = target.found.version
        else:
            self._versions[target.key] = await records.next_version(*target.key)

    def _target(self, entry: Entry, text: str) -> Target | None:
        # A relative reference is read against the fullUrl of its own entry.
        root = entry.full_url.rpartition("/")[0].rpartition("/")[0]
        return self._named.get(text) or self._named.get(f"{root}/{text}")

    def _renamed(self, entry: Entry, resource: Resource) -> Resource:
        def reference(text: str) -> str | None:
            target = self._target(entry, text)
            if target is not None:
                return f"{target.entry.type}/{target.id}"
            own = text.removeprefix(f"{self._base}/")
            if own in self._found:
                return self._found[own]
            if (match := _VERSIONED.fullmatch(text)) and (target := self._target(entry, match[1])):
                version = self._versions.get(target.key, 1)
                return f"{target.entry.type}/{target.id}/_history/{version}"
            return own if own != text and parse_reference(own) is not None else None

        def uri(text: str) -> str | None:
            target = self._named.get(text)
            return None if target is None else f"{target.entry.type}/{target.id}"

        return relinked(resource, reference, uri)

    def _require_leading(self, entry: Entry, resource: Resource, wanted: dict[Key, str]) -> None:
        """Refuse a reference that is none; note those that lead to what must be here."""
        for path, holder in walk_references(resource):
            place = f"{entry.place}.resource.{path}"
            reference = parse_reference(str(holder["reference"]))
            if reference is None or not reference.type or not reference.id:
                raise _nowhere(place)
            key = (reference.type, reference.id)
            if reference.base is None and key not in self._coming:
                wanted.setdefault(key, place)


def _nowhere(place: str) -> Fault:
    return Fault(
        Category.STRUCTURE,
        "a reference leads nowhere: it is neither in the Bundle nor on this server",
        at=(place,),
    )
