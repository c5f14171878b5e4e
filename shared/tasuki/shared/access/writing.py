"""Writing through the gate: who may, what the server owns of a resource, and one subject for ever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.shared.access.base import Left
from tasuki.shared.access.derived import derive, person_keys
from tasuki.shared.access.proposals import Proposed
from tasuki.shared.access.records import Method, NewVersion, Stored
from tasuki.shared.access.refusals import not_found, out_of_scope
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.access.subjects import Subjects, placed
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import meaning_of, parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tasuki.shared.access.rulings import Ruling
    from tasuki.shared.access.subjects import Key
    from tasuki.shared.fhir.json import Resource


SERVERS_OWN = frozenset({"versionId", "_versionId", "lastUpdated", "_lastUpdated"})
"""Elements of `meta` that are the server's, whatever a caller sends."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ruled on and ready to be written: all by type and id.

    Attributes:
        heads: Newest versions of what is to be followed, kept from others' writing.
        bases: What each permission rests on.
    """

    resources: Mapping[Key, Resource]
    owners: Mapping[Key, str]
    heads: Mapping[Key, Stored]
    bases: Mapping[Key, str]


class Writing(Subjects):
    """What a caller may write."""

    async def create(self, resource: Resource, *, id_: str | None = None) -> Stored:
        """Write the first version of a resource; `id_` only where our own code assigned one.

        Raises:
            Fault: FORBIDDEN; STRUCTURE where its subject is not here.
        """
        (made,) = await self.write_all([Proposed.creation(resource, id_ or self._ids.new())])
        return made

    async def update(self, id_: str, resource: Resource, *, if_match: int | None) -> Stored:
        """Write a further version; `if_match` is the version the caller saw.

        Raises:
            Fault: NOT_FOUND, FORBIDDEN; PRECONDITION where `if_match` is not the newest version;
                STRUCTURE where the subject would change.
        """
        (made,) = await self.write_all([Proposed.update(resource, id_, if_match=if_match)])
        return made

    async def patch(
        self,
        type_: str,
        id_: str,
        change: Callable[[Resource], Resource],
        *,
        if_match: int | None = None,
    ) -> Stored:
        """Write the version that `change` makes of the newest one.

        Raises:
            Fault: As `update`; GONE where it is deleted; whatever `change` raises.
        """
        (made,) = await self.write_all([Proposed.patch((type_, id_), change, if_match=if_match)])
        return made

    async def write_all(self, proposed: Sequence[Proposed]) -> list[Stored]:
        """Write these versions, each of another resource, in a few statements; all or nothing.

        They may be about each other: a Patient may come with the record.

        Raises:
            Fault: As `create`, `update` and `patch`, with the place of the proposal at fault.
        """
        return await self._append(proposed, await self._prepared(proposed))

    async def next_version(self, type_: str, id_: str) -> int:
        """Return the number the next version of a resource will have in this transaction.

        For links between versions that are about to be written: `write_all` asks who may.
        """
        head = await self._unit.head_for_update(type_, id_)
        return 1 if head is None else head.version + 1

    async def _prepared(self, proposed: Sequence[Proposed]) -> Prepared:
        """Return what would be written, after every rule has been asked; else refuse."""
        for one in proposed:
            with placed(one.place):
                self.require_some_scope(one.type, one.interaction)
                if one.change is not None:
                    # Whether a change fits, and what comes of it, tells what is there.
                    self.require_some_scope(one.type, Interaction.READ)
        heads = await self._heads_of(proposed)
        bases = {}
        resources: dict[Key, Resource] = {}
        for one in proposed:
            with placed(one.place):
                if one.interaction is Interaction.UPDATE:
                    head = heads.get(one.key)
                    bases[one.key] = await self._may_follow(one, head)
                resources[one.key] = one.content(heads.get(one.key))
        places = {one.key: one.place for one in proposed}
        owners = await self._owners(resources, places)
        for one in proposed:
            with placed(one.place):
                if not self.in_scope(resources[one.key], one.interaction):
                    raise out_of_scope(f"{one.type}.{one.interaction.letter}")
                bases[one.key] = await self._may_be(one, owners, heads) or bases[one.key]
        await self._require_members(resources, places)
        await self._require_subjects(owners, places)
        return Prepared(resources, owners, heads, bases)

    async def _heads_of(self, proposed: Sequence[Proposed]) -> dict[Key, Stored]:
        """Return the newest versions of what is to be followed, kept from others' writing."""
        keys = [one.key for one in proposed if one.interaction is Interaction.UPDATE]
        heads: dict[Key, Stored] = {}
        for type_ in sorted({type_ for type_, _ in keys}):  # in one order, against deadlocks
            ids = sorted({id_ for of_type, id_ in keys if of_type == type_})
            for stored in await self._unit.heads(type_, ids):
                heads[(type_, stored.id)] = stored
        return heads

    async def _may_follow(self, one: Proposed, head: Stored | None) -> str:
        """Return on what basis a further version of `head` may be written."""
        if head is None:
            raise not_found("absent", entities=(f"{one.type}/{one.id}",))
        ruling = await self._require_change(Interaction.UPDATE, head)
        await self._require_seen(head, ruling)
        if one.change is not None and head.body is not None:
            self._require_readable(head)
        if one.change is not None and head.deleted:
            raise Fault(Category.GONE, "the resource has been deleted")
        _require_version(head, one.if_match)
        return ruling.basis

    async def _may_be(
        self, one: Proposed, owners: Mapping[Key, str], heads: Mapping[Key, Stored]
    ) -> str:
        """Return on what basis a new resource may be; empty for a further version."""
        if one.interaction is Interaction.CREATE:
            return (await self.require(Interaction.CREATE, owners[one.key], one.type)).basis
        if owners[one.key] != heads[one.key].owner:
            raise Fault(
                Category.STRUCTURE,
                "the subject of a resource cannot change; delete it and create another",
                at=(f"{one.type}.subject",),
            )
        return ""

    async def _append(self, proposed: Sequence[Proposed], ready: Prepared) -> list[Stored]:
        now = self._desk.clock.now()
        versions = [
            replace(
                version_of(
                    ready.resources[one.key],
                    one.id,
                    ready.owners[one.key],
                    ready.heads.get(one.key),
                    at=now,
                ),
                method=one.method,
            )
            for one in proposed
        ]
        await self._unit.write(versions)
        await self.leave_each(
            Left(
                one.action,
                ready.owners[one.key],
                (f"{one.type}/{one.id}/_history/{version.version}",),
                ready.bases[one.key],
            )
            for one, version in zip(proposed, versions, strict=True)
        )
        return [written(version) for version in versions]

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

    async def _deletable(self, type_: str, id_: str, if_match: int | None) -> tuple[Stored, str]:
        """Return the version that would be deleted, and on what basis; else refuse."""
        self.require_some_scope(type_, Interaction.DELETE)
        head = await self._unit.head_for_update(type_, id_)
        if head is None:
            raise not_found("absent", entities=(f"{type_}/{id_}",))
        ruling = await self._require_change(Interaction.DELETE, head)
        if head.body is not None:
            await self._require_seen(head, ruling)
            _require_version(head, if_match)
            if type_ == "Patient":
                await self._require_empty(id_)
        return head, ruling.basis

    async def _require_change(self, interaction: Interaction, head: Stored) -> Ruling:
        """Return the ruling on a change; refused, what could not be read either is as absent."""
        ruling = await self.ruling(interaction, head.owner, head.type)
        if not ruling.permitted:
            reading = await self.ruling(Interaction.READ, head.owner, head.type)
            hidden = reading.hidden or (
                reading.permitted and not await self._may_be_seen(head, reading, Interaction.READ)
            )
            if hidden:
                entity = f"{head.type}/{head.id}"
                raise not_found(ruling.basis, owner=head.owner, entities=(entity,))
        return await self.require(interaction, head.owner, head.type)

    async def _require_empty(self, patient: str) -> None:
        if await self._unit.has_others(patient):
            raise Fault(
                Category.CONFLICT,
                "other resources still refer to this patient; delete those first",
            )

    def _require_readable(self, head: Stored) -> None:
        """Whether a change fits tells what is there."""
        if not self.in_scope(meaning_of(head.body or b"{}"), Interaction.READ):
            entity = f"{head.type}/{head.id}"
            raise not_found("scope", owner=head.owner, entities=(entity,))

    async def _require_seen(self, head: Stored, ruling: Ruling) -> None:
        """A caller changes only what they may also see."""
        await self.look_through([head])
        if head.body is not None and not ruling.admits(parse_resource(head.body)):
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
