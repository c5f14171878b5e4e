"""Whom a resource that is about to be written belongs to, and whether that person is here.

One resource or a whole transaction: the questions to the store are the same few.
https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasuki.shared.access.base import NOT_BY_THEMSELVES, AtTheGate
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.compartment import owner_of, owners_through
from tasuki.shared.fhir.members import members_of, require_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.json import Resource

Key = tuple[str, str]
"""Type and logical id."""


class Subjects(AtTheGate):
    """Whose record is written to."""

    async def all_exist(self, references: Sequence[Key]) -> bool:
        """Return whether every one of these is live here, as far as the caller may know.

        What the caller may not read counts as absent.
        """
        for type_ in sorted({type_ for type_, _ in references}):
            ids = sorted({id_ for of_type, id_ in references if of_type == type_})
            await self._unit.live(type_, ids)  # nobody deletes them before this unit ends
            found = await self._unit.by_ids(type_, ids)
            known = [one for one in found if await self._may_know(one)]
            if len(known) < len(ids):
                return False
        return True

    async def _may_know(self, live: Stored) -> bool:
        if live.owner == NOBODY and live.type not in NOT_BY_THEMSELVES:
            return True
        ruling = await self.ruling(Interaction.READ, live.owner, live.type)
        await self.look_through([live])
        return ruling.admits_stored(live)

    async def _owners(
        self, resources: Mapping[Key, Resource], places: Mapping[Key, str]
    ) -> dict[Key, str]:
        """Return whose record each of these belongs to; they may refer to each other.

        Args:
            resources: What is about to be written.
            places: Where each stands in the caller's input, for faults.

        Raises:
            Fault: STRUCTURE where one belongs to several people, or that cannot be told.
        """
        owners: dict[Key, str] = {}
        through: dict[Key, list[Key]] = {}
        for key, resource in resources.items():
            with placed(places.get(key, "")):
                owner = key[1] if key[0] == "Patient" else owner_of(resource)
                targets = [] if owner else [_key(text) for text in owners_through(resource)]
            if targets:
                through[key] = targets
            else:
                owners[key] = owner or NOBODY
        while through:
            ready = [key for key, targets in through.items() if not through.keys() & targets]
            if not ready:
                raise Fault(Category.STRUCTURE, "resources that are about each other in a circle")
            for key in ready:
                with placed(places.get(key, "")):
                    owners[key] = await self._owner_through(through.pop(key), owners)
        for key, owner in owners.items():
            if owner == NOBODY and key[0] == "Binary":
                # Without it nobody could say whom it is about, and everybody could read it.
                with placed(places.get(key, "")):
                    raise Fault(
                        Category.STRUCTURE,
                        "a Binary needs a securityContext that leads to a patient",
                        at=("Binary.securityContext",),
                    )
        return owners

    async def _require_members(
        self, resources: Mapping[Key, Resource], places: Mapping[Key, str]
    ) -> None:
        """Refuse a Group with members whom the caller may not write about, or who are not here."""
        coming = {id_ for type_, id_ in resources if type_ == "Patient"}
        for key, resource in resources.items():
            with placed(places.get(key, "")):
                require_members(resource)
                members = members_of(resource)
                for member in members:
                    await self.require(Interaction.CREATE, member, key[0])
                await self._ask_members(*key, members)
                wanted = sorted({*members} - coming)
                if len(await self._unit.live("Patient", wanted)) < len(wanted):
                    raise Fault(Category.STRUCTURE, "a member is not a patient of this server")

    async def _owner_through(self, targets: Sequence[Key], owners: Mapping[Key, str]) -> str:
        """Return whose record the targets belong to (Provenance, Binary)."""
        found = {
            owners[target] if target in owners else await self._owner_here(target)
            for target in targets
        }
        found.discard(NOBODY)
        if len(found) > 1:
            raise Fault(
                Category.NOT_SUPPORTED, "a resource about several people's records is not accepted"
            )
        return found.pop() if found else NOBODY

    async def _owner_here(self, target: Key) -> str:
        head = await self._unit.head(*target)
        if head is None or head.deleted or not await self._may_know(head):
            raise Fault(Category.STRUCTURE, "what this resource is about is not here")
        return head.owner

    async def _require_subjects(self, owners: Mapping[Key, str], places: Mapping[Key, str]) -> None:
        """Refuse subjects who are not here; asked only of whom the caller may write about."""
        coming = {id_ for type_, id_ in owners if type_ == "Patient"}
        wanted = {owner for (type_, _), owner in owners.items() if type_ != "Patient"}
        wanted -= coming | {NOBODY}
        live = await self._unit.live("Patient", sorted(wanted))
        for key, owner in owners.items():
            if key[0] == "Patient" or owner not in wanted or owner in live:
                continue
            with placed(places.get(key, "")):
                raise Fault(
                    Category.STRUCTURE,
                    "the subject is not a patient of this server",
                    at=(f"{key[0]}.subject",),
                )


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Say in faults that come from inside where in the caller's input they are."""
    try:
        yield
    except Fault as fault:
        if place:
            for one in fault.faults if isinstance(fault, Faults) else ():
                one.at = _placed(place, one.at)
            fault.at = _placed(place, fault.at)
        raise


def _placed(place: str, at: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{place}: {one}" for one in at) or (place,)


def _key(reference: str) -> Key:
    type_, _, id_ = reference.partition("/")
    return type_, id_.partition("/")[0]
