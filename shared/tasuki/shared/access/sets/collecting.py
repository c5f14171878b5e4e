"""Sets that hospitals send through the gate: the same identifier replaces the whole earlier set.

What was in the set and is not any more is deleted, what is still there is written only where it
changed, what is new is created; all of it or nothing. A Bundle of the Patient alone deletes the set.
https://jpfhir.jp/fhir/clins/igv1/ (JP_Bundle_CLINS)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.records import NOBODY, Method, NewVersion, Stored
from tasuki.shared.access.refusals import forbidden, not_found
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.access.sameness import same
from tasuki.shared.access.sets.records import SetRecords
from tasuki.shared.access.writing import version_of, written
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.references import rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.sets.named import Subject
    from tasuki.shared.access.sets.records import Key, KnownSet
    from tasuki.shared.fhir.jp.collection import Collection
    from tasuki.shared.fhir.json import Resource

CLOCKS_APART = timedelta(minutes=5)
CHANGES = (Interaction.CREATE, Interaction.UPDATE, Interaction.DELETE)


@dataclass(slots=True)
class Placed:
    """What became of a set; `patient` is empty where there is nobody it could be about."""

    patient: str = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass(slots=True)
class _Plan:
    """What is to be written."""

    placed: Placed
    versions: list[NewVersion] = field(default_factory=list)


class Collecting(SetRecords):
    """What a hospital may send as a set."""

    async def place(self, sent: Collection) -> Placed:
        """Make the set of this identifier what was sent.

        Raises:
            Fault: FORBIDDEN; STRUCTURE for a member about somebody else, and for a Bundle from the
                future; CONFLICT where a newer set is here, or the identifier is another person's.
        """
        for interaction in CHANGES:
            self.require_scope("Bundle", interaction)
            self.require_scope(sent.kind, interaction)
        self.require_scope("Patient", Interaction.CREATE)
        self.require_scope("Patient", Interaction.UPDATE)
        ruling = await self.require(Interaction.CREATE, NOBODY, "Bundle", "Patient", sent.kind)
        self._require_past(sent)
        source = f"clins/{sent.institution}"
        subject = await self.subject_of(sent, source)
        if not sent.members and not subject.is_here:
            await self.leave_leaves(Action.LOAD, {NOBODY: []}, ruling.basis)
            return Placed()
        await self._unit.lock("clins-set", sent.identifier)
        known = await self.known_set(sent.identifier, source)
        self._require_replaceable(known, sent, subject)
        await self.require_subjects(sent, subject.id)
        plan = _Plan(Placed(patient=subject.id))
        await self._plan_patient(plan, sent, subject)
        await self._plan_members(plan, sent, subject.id, known)
        await self._unit.write(plan.versions)
        await self._leave_set_leaves(subject.id, sent.kind, plan.versions)
        return plan.placed

    def _require_past(self, sent: Collection) -> None:
        # It would keep out everything that is sent after it, until its day has come.
        if max(sent.sent) > self._desk.clock.now() + CLOCKS_APART:
            at = "Bundle.meta.lastUpdated"
            raise Fault(Category.STRUCTURE, f"{at} or Bundle.timestamp is in the future", at=(at,))

    def _require_replaceable(self, known: KnownSet, sent: Collection, subject: Subject) -> None:
        if known.sent is None or known.head is None:
            return
        if known.sender != self.sender():
            raise forbidden("set-of-another-sender", entities=(f"Bundle/{known.id}",))
        if known.head.owner != subject.id:
            raise Fault(
                Category.CONFLICT,
                "the set of this identifier is another person's; an identifier keeps its person",
                at=("Bundle.identifier",),
            )
        if sent.sent < known.sent:
            raise Fault(
                Category.CONFLICT,
                "a newer set of this identifier is here already",
                at=("Bundle.meta.lastUpdated",),
            )

    async def _plan_patient(self, plan: _Plan, sent: Collection, subject: Subject) -> None:
        # A Patient that came another way may say more; the Bundle only names them.
        if not sent.members or (subject.is_here and not subject.sent_before):
            return
        if subject.is_here and await self.newer_is_here(subject.id, sent.sent):
            return
        if subject.head is not None:
            await self._require_changeable(subject.head, Interaction.UPDATE)
        version = self._next_version(sent.patient, subject.id, subject.id, subject.head)
        if subject.head is None or not same(subject.head, version):
            plan.versions.append(version)

    async def _plan_members(
        self, plan: _Plan, sent: Collection, owner: str, known: KnownSet
    ) -> None:
        keys = sent.keys()
        ids = await self._unit.source_ids(f"clins-set/{sent.identifier}", keys)
        wanted = [(sent.kind, ids[key]) for key in keys]
        heads = await self._heads_of_set({*wanted, *known.members})
        for member, place in zip(sent.members, wanted, strict=True):
            await self._plan_member(plan, _about(member, sent, owner), heads.get(place), place)
        for place in (one for one in known.members if one not in set(wanted)):
            await self._plan_deletion(plan, heads.get(place))
        self._plan_record(plan, sent, owner, known, sorted(wanted))

    async def _heads_of_set(self, places: set[Key]) -> Mapping[Key, Stored]:
        heads: dict[Key, Stored] = {}
        for type_ in sorted({type_ for type_, _ in places}):
            ids = sorted(id_ for of, id_ in places if of == type_)
            for head in await self._unit.heads(type_, ids):
                await self._require_changeable(head, Interaction.UPDATE, Interaction.DELETE)
                heads[(type_, head.id)] = head
        return heads

    async def _require_changeable(self, head: Stored, *interactions: Interaction) -> None:
        for interaction in interactions:
            self.require_scope(head.type, interaction)
            ruling = await self.require(interaction, head.owner, head.type)
            if head.body is not None and not ruling.admits(parse_resource(head.body)):
                raise not_found("label", owner=head.owner, entities=(f"{head.type}/{head.id}",))

    async def _plan_member(
        self, plan: _Plan, member: Resource, head: Stored | None, place: Key
    ) -> None:
        owner = plan.placed.patient
        await self.require(Interaction.CREATE, owner, place[0])
        version = self._next_version(member, place[1], owner, head)
        if head is not None and same(head, version):
            plan.placed.unchanged += 1
            return
        plan.placed.updated += head is not None and not head.deleted
        plan.placed.created += head is None or head.deleted
        plan.versions.append(version)

    async def _plan_deletion(self, plan: _Plan, head: Stored | None) -> None:
        if head is None or head.deleted:
            return
        plan.placed.deleted += 1
        plan.versions.append(self._deletion_of(head))

    def _plan_record(
        self,
        plan: _Plan,
        sent: Collection,
        owner: str,
        known: KnownSet,
        members: Sequence[Key],
    ) -> None:
        """Keep what is now known of the set."""
        if known.sent == sent.sent and known.members == tuple(members):
            return
        record = self.set_record(sent, members)
        version = self._next_version(record, known.id, owner, known.head)
        plan.versions.append(version)
        if not members:
            plan.versions.append(self._deletion_of(written(version)))

    def _next_version(
        self, resource: Resource, id_: str, owner: str, head: Stored | None
    ) -> NewVersion:
        return version_of(resource, id_, owner, head, at=self._desk.clock.now())

    def _deletion_of(self, head: Stored) -> NewVersion:
        return NewVersion(
            type=head.type,
            id=head.id,
            owner=head.owner,
            expected=head.version,
            at=self._desk.clock.now(),
            method=Method.DELETE,
            body=None,
        )

    async def _leave_set_leaves(
        self, owner: str, kind: str, versions: Sequence[NewVersion]
    ) -> None:
        ruling = await self.require(Interaction.CREATE, owner, "Bundle", "Patient", kind)
        entities = [
            f"{one.type}/{one.id}/_history/{one.version}"
            for one in versions
            if one.type != "Bundle"
        ]
        await self.leave_leaves(Action.LOAD, {owner: entities}, ruling.basis)


def _about(member: Resource, sent: Collection, owner: str) -> Resource:
    """Return a member with our Patient in it, whichever way it named them."""
    ours = f"Patient/{owner}"
    moved = rewritten(member, lambda text: ours if text in sent.patient_names else None)
    holder: dict[str, Any] = {**moved[sent.subject_element], "reference": ours}
    return {**moved, sent.subject_element: holder}
