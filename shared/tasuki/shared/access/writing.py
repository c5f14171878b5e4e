"""Writing through the gate: who may, what the server owns of a resource, and one subject for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.derived import derive, person_keys
from tasuki.shared.access.records import NOBODY, Method, NewVersion, Stored
from tasuki.shared.access.refusals import not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.compartment import owner_of, owners_through
from tasuki.shared.fhir.json import parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.shared.fhir.json import Resource


SERVERS_OWN = frozenset({"versionId", "_versionId", "lastUpdated", "_lastUpdated"})
"""Elements of `meta` that are the server's, whatever a caller sends."""


class Writing(AtTheGate):
    """What a caller may write."""

    async def create(self, resource: Resource, *, id_: str | None = None) -> Stored:
        """Write the first version of a resource; `id_` only where our own code assigned one.

        Raises:
            Fault: FORBIDDEN; STRUCTURE where its subject is not here.
        """
        new_id = id_ or self._ids.new()
        owner, basis = await self._creatable(resource, new_id)
        stored = await self._append(resource, new_id, owner, None)
        entity = f"{stored.type}/{new_id}/_history/1"
        await self.leave_leaf(Action.CREATE, owner, (entity,), basis)
        return stored

    async def update(self, id_: str, resource: Resource, *, if_match: int | None) -> Stored:
        """Write a further version; `if_match` is the version the caller saw.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN; PRECONDITION where `if_match` is not the newest version;
                STRUCTURE where the subject would change.
        """
        head, basis = await self._updatable(id_, resource, if_match)
        stored = await self._append(resource, id_, head.owner, head)
        entity = f"{head.type}/{id_}/_history/{stored.version}"
        await self.leave_leaf(Action.UPDATE, head.owner, (entity,), basis)
        return stored

    async def delete(self, type_: str, id_: str, *, if_match: int | None = None) -> Stored | None:
        """Write a deletion and return it; None where it was deleted before.

        Raises:
            Fault: NOT_FOUND where there never was one, as for one the caller may not know of;
                FORBIDDEN; PRECONDITION; CONFLICT for a Patient whose record is not empty.
        """
        head, basis = await self._deletable(type_, id_, if_match)
        if head.body is None:
            return None
        version = NewVersion(
            type=type_,
            id=id_,
            owner=head.owner,
            expected=head.version,
            at=self._desk.clock.now(),
            method=Method.DELETE,
            body=None,
            superseded_person_keys=_superseded(head),
        )
        await self._unit.write([version])
        entity = f"{type_}/{id_}/_history/{version.version}"
        await self.leave_leaf(Action.DELETE, head.owner, (entity,), basis)
        return written(version)

    async def _creatable(self, resource: Resource, id_: str) -> tuple[str, str]:
        """Return whose record the new resource would be in, and on what basis; else refuse."""
        type_ = str(resource["resourceType"])
        self.require_scope(type_, Interaction.CREATE)
        owner = await self._owner_for(resource, id_)
        ruling = await self.require(Interaction.CREATE, owner, type_)
        await self._require_subject(owner, resource)
        return owner, ruling.basis

    async def _updatable(
        self, id_: str, resource: Resource, if_match: int | None
    ) -> tuple[Stored, str]:
        """Return the version that would be superseded, and on what basis; else refuse."""
        type_ = str(resource["resourceType"])
        self.require_scope(type_, Interaction.UPDATE)
        head = await self._unit.head_for_update(type_, id_)
        if head is None:
            raise not_found("absent", entities=(f"{type_}/{id_}",))
        ruling = await self.require(Interaction.UPDATE, head.owner, type_)
        self._require_seen(head, ruling.admits)
        _require_version(head, if_match)
        if await self._owner_for(resource, id_) != head.owner:
            raise Fault(
                Category.STRUCTURE,
                "the subject of a resource cannot change; delete it and create another",
                at=(f"{type_}.subject",),
            )
        await self._require_subject(head.owner, resource)
        return head, ruling.basis

    async def _deletable(self, type_: str, id_: str, if_match: int | None) -> tuple[Stored, str]:
        """Return the version that would be deleted, and on what basis; else refuse."""
        self.require_scope(type_, Interaction.DELETE)
        head = await self._unit.head_for_update(type_, id_)
        if head is None:
            raise not_found("absent", entities=(f"{type_}/{id_}",))
        ruling = await self.require(Interaction.DELETE, head.owner, type_)
        if head.body is not None:
            self._require_seen(head, ruling.admits)
            _require_version(head, if_match)
            if type_ == "Patient":
                await self._require_empty(id_)
        return head, ruling.basis

    async def all_exist(self, references: Sequence[tuple[str, str]]) -> bool:
        """Return whether every one of these (type, id) is live here, as far as the caller may know.

        What belongs to somebody the caller may not read counts as absent.
        """
        for type_ in {type_ for type_, _ in references}:
            ids = sorted({id_ for of_type, id_ in references if of_type == type_})
            await self._unit.live(type_, ids)  # nobody deletes them before this unit ends
            found = await self._unit.by_ids(type_, ids)
            known = [one for one in found if await self._may_know(one.owner, type_)]
            if len(known) < len(ids):
                return False
        return True

    async def _may_know(self, owner: str, type_: str) -> bool:
        return owner == NOBODY or (await self.ruling(Interaction.READ, owner, type_)).permitted

    async def _append(
        self, resource: Resource, id_: str, owner: str, head: Stored | None
    ) -> Stored:
        version = version_of(resource, id_, owner, head, at=self._desk.clock.now())
        await self._unit.write([version])
        return written(version)

    async def _owner_for(self, resource: Resource, id_: str) -> str:
        if resource["resourceType"] == "Patient":
            return id_
        owner = owner_of(resource) or await self._owner_through(owners_through(resource))
        if owner == NOBODY and resource["resourceType"] == "Binary":
            # Without it nobody could say whom it is about, and everybody could read it.
            raise Fault(
                Category.STRUCTURE,
                "a Binary needs a securityContext that leads to a patient",
                at=("Binary.securityContext",),
            )
        return owner

    async def _require_subject(self, owner: str, resource: Resource) -> None:
        """Refuse a subject who is not here; asked only of whom the caller may write about."""
        if owner == NOBODY or resource["resourceType"] == "Patient":
            return
        if not await self._unit.live("Patient", [owner]):
            raise Fault(
                Category.STRUCTURE,
                "the subject is not a patient of this server",
                at=(f"{resource['resourceType']}.subject",),
            )

    async def _owner_through(self, references: Sequence[str]) -> str:
        """Return whose record the targets belong to (Provenance, Binary).

        Raises:
            Fault: STRUCTURE where they belong to several people, or one is not here.
        """
        owners = set()
        for reference in references:
            type_, _, id_ = reference.partition("/")
            head = await self._unit.head(type_, id_.partition("/")[0])
            gone = head is None or head.deleted
            if head is None or gone or not await self._may_know(head.owner, type_):
                raise Fault(Category.STRUCTURE, "what this resource is about is not here")
            owners.add(head.owner)
        owners.discard(NOBODY)
        if len(owners) > 1:
            raise Fault(
                Category.NOT_SUPPORTED, "a resource about several people's records is not accepted"
            )
        return owners.pop() if owners else NOBODY

    async def _require_empty(self, patient: str) -> None:
        if await self._unit.has_others(patient):
            raise Fault(
                Category.CONFLICT,
                "other resources still refer to this patient; delete those first",
            )

    def _require_seen(self, head: Stored, admits: Any) -> None:
        """A caller changes only what they may also see."""
        if head.body is not None and not admits(parse_resource(head.body)):
            raise not_found("label", owner=head.owner, entities=(f"{head.type}/{head.id}",))


def version_of(
    resource: Resource, id_: str, owner: str, head: Stored | None, *, at: datetime
) -> NewVersion:
    """Return the next version of a resource, with `id` and the server's part of `meta` set.

    `versionId` and `lastUpdated` are the server's, whatever the caller sent; the rest of `meta`
    (profile, tag, security, source) stays.
    """
    expected = 0 if head is None else head.version
    meta = {
        **{k: v for k, v in (resource.get("meta") or {}).items() if k not in SERVERS_OWN},
        "versionId": str(expected + 1),
        "lastUpdated": instant(at),
    }
    body = {"resourceType": resource["resourceType"], "id": id_, "meta": meta} | {
        key: value
        for key, value in resource.items()
        if key not in ("resourceType", "id", "meta", "_id")
    }
    derived = derive(body)
    return NewVersion(
        type=str(resource["resourceType"]),
        id=id_,
        owner=owner,
        expected=expected,
        at=at,
        method=Method.POST if head is None else Method.PUT,
        body=render(body),
        identifiers=derived.identifiers,
        person_keys=derived.person_keys,
        superseded_person_keys=_superseded(head),
        network_keys=derived.network_keys,
    )


def instant(at: datetime) -> str:
    """Return a FHIR instant with milliseconds, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _superseded(head: Stored | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if head is None or head.body is None or head.type != "Patient":
        return ()
    return person_keys(parse_resource(head.body))


def written(version: NewVersion) -> Stored:
    """Return a version as the store will give it back."""
    return Stored(
        type=version.type,
        id=version.id,
        owner=version.owner,
        version=version.version,
        at=version.at,
        method=version.method,
        body=version.body,
    )


def _require_version(head: Stored, if_match: int | None) -> None:
    if if_match is not None and head.version != if_match:
        raise Fault(
            Category.PRECONDITION,
            f"the newest version is {head.version}; read it before changing it",
        )
