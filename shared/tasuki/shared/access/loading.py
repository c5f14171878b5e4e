"""Loading a hospital's export through the gate: what is valid goes in, the rest into quarantine.

Every line is a resource under the hospital's own id. Ours are assigned, references are rewritten,
and the same line sent again changes nothing: a retried load doubles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from tasuki.shared.access.base import AtTheGate
from tasuki.shared.access.records import NOBODY, Quarantined
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.access.sameness import same
from tasuki.shared.access.writing import version_of, written
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.compartment import owner_of, owners_through
from tasuki.shared.fhir.members import members_of, require_members
from tasuki.shared.fhir.references import parse_reference, rewritten, walk_references

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.records import NewVersion, Stored
    from tasuki.shared.fhir.json import Resource

QUARANTINE_LIMIT = 1_000  # entries listed at once, newest first


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a load: the bytes as they came, and what reading them gave.

    Attributes:
        number: 1-based.
        resource: Parsed and valid; None where `reasons` says why not.
        owner_hint: The source's (type, id) of whom a faulty line seems to be about.
        named: The source's (type, id) of a faulty line, where it could be read.
        notes: Rules that a line breaks which is accepted all the same.
    """

    number: int
    raw: bytes
    resource: Resource | None
    reasons: tuple[str, ...] = ()
    owner_hint: tuple[str, str] | None = None
    named: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Loaded:
    """What became of the lines of a load."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Aside:
    """A line that was not accepted."""

    line: Line
    owner: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Load:
    """A load under way: what is here already, and what was decided so far."""

    ids: Mapping[Key, str]
    heads: dict[Key, Stored]
    people: frozenset[str]
    loaded: Loaded
    aside: list[_Aside] = field(default_factory=list)


class Loading(AtTheGate):
    """What a hospital may load."""

    async def load(self, source: str, lines: Sequence[Line]) -> Loaded:
        """Write these lines in one go.

        Raises:
            Fault: FORBIDDEN; nothing is written then.
        """
        types = sorted({key[0] for line in lines if (key := _key(line)) is not None})
        for type_ in types:
            self.require_scope(type_, Interaction.CREATE)
            self.require_scope(type_, Interaction.UPDATE)
        ruling = await self.require(Interaction.CREATE, NOBODY, *types)
        # A client that gave up waiting and sends again finds the first one done.
        await self._unit.lock("load", source)
        ids = await self._unit.source_ids(source, _mentioned(lines))
        load = _Load(ids, await self._heads(ids, lines), await self._people(ids, lines), Loaded())
        versions = [version for line in lines if (version := self._version(line, load)) is not None]
        await self._unit.write(versions)
        await self._shelve(source, lines, load)
        await self._leave_load_leaves(versions, ruling.basis)
        return load.loaded

    async def quarantined(self) -> list[Quarantined]:
        """Return what loads could not accept, newest first: to whoever may load here.

        The entries are raw and about anybody, so being able to read common resources is not
        enough, and everybody they are about gets an audit leaf.
        """
        self.require_scope("Bundle", Interaction.READ)
        self.require_scope("Bundle", Interaction.CREATE)
        ruling = await self.require(Interaction.CREATE, NOBODY, "Bundle")
        entries = await self._unit.quarantined(QUARANTINE_LIMIT)
        owners = {entry.owner: ("quarantine",) for entry in entries}
        await self.leave_leaves(Action.READ, owners or {NOBODY: ("quarantine",)}, ruling.basis)
        return entries

    async def _heads(self, ids: Mapping[Key, str], lines: Sequence[Line]) -> dict[Key, Stored]:
        """Return the newest versions of what these lines would write, by our (type, id)."""
        keys = [key for line in lines if (key := _key(line)) is not None]
        heads: dict[Key, Stored] = {}
        for type_ in sorted({type_ for type_, _ in keys}):
            wanted = sorted({ids[key] for key in keys if key[0] == type_})
            for stored in await self._unit.heads(type_, wanted):
                heads[(type_, stored.id)] = stored
        return heads

    async def _people(self, ids: Mapping[Key, str], lines: Sequence[Line]) -> frozenset[str]:
        """Return our ids of those Patients that are here or come with these lines."""
        mentioned = {ids[key] for key in _mentioned(lines) if key[0] == "Patient"}
        coming = {
            ids[key] for line in lines if (key := _key(line)) is not None and key[0] == "Patient"
        }
        return await self._unit.live("Patient", sorted(mentioned)) | coming

    def _version(self, line: Line, load: _Load) -> NewVersion | None:
        """Return what to write for a line; None where nothing is, or the line was put aside."""
        key = _key(line)
        if line.resource is None or key is None:
            hinted = load.ids.get(line.owner_hint, NOBODY) if line.owner_hint else NOBODY
            owner = hinted if hinted in load.people else NOBODY
            load.aside.append(_Aside(line, owner, line.reasons))
            return None
        place = (key[0], load.ids[key])
        head = load.heads.get(place)
        resource = rewritten(line.resource, lambda reference: _ours(reference, load.ids))
        try:
            owner = _owner_here({**resource, "id": place[1]}, head, load.people)
        except Fault as fault:
            load.aside.append(_Aside(line, NOBODY, (fault.message,)))
            return None
        version = version_of(resource, place[1], owner, head, at=self._desk.clock.now())
        if head is not None and same(head, version):
            load.loaded.unchanged += 1
            return None
        load.loaded.created += head is None
        load.loaded.updated += head is not None
        load.heads[place] = written(version)
        return version

    async def _shelve(self, source: str, lines: Sequence[Line], load: _Load) -> None:
        """Keep what was put aside, once however often it is sent; let go of what is mended."""
        names = [_shelf_name(one.line) for one in load.aside]
        ids = await self._unit.source_ids(source, names)
        load.loaded.quarantined.extend(
            Quarantined(
                id=ids[name],
                source=source,
                line=one.line.number,
                reasons=one.reasons,
                owner=one.owner,
                at=self._desk.clock.now(),
                body=one.line.raw,
            )
            for name, one in zip(names, load.aside, strict=True)
        )
        kept = set(names)
        mended = [name for line in lines if (name := _shelf_name(line)) not in kept]
        known = await self._unit.known_source_ids(source, mended)
        await self._unit.release(list(known.values()))
        await self._unit.quarantine(list({one.id: one for one in load.loaded.quarantined}.values()))

    async def _leave_load_leaves(self, versions: Sequence[NewVersion], basis: str) -> None:
        await self.look_through(written(version) for version in versions)  # who is in the Groups
        by_owner: dict[str, list[str]] = {}
        for version in versions:
            entity = f"{version.type}/{version.id}/_history/{version.version}"
            by_owner.setdefault(version.owner, []).append(entity)
        await self.leave_leaves(Action.LOAD, by_owner or {NOBODY: []}, basis)


def _key(line: Line) -> Key | None:
    if line.resource is None:
        return None
    return (str(line.resource["resourceType"]), str(line.resource["id"]))


def _mentioned(lines: Sequence[Line]) -> list[Key]:
    """Return every (type, source id) the lines hold or point to, each once."""
    found: dict[Key, None] = {}
    for line in lines:
        key = _key(line)
        if line.owner_hint is not None:
            found[line.owner_hint] = None
        if line.resource is None or key is None:
            continue
        found[key] = None
        for _, holder in walk_references(line.resource):
            reference = parse_reference(str(holder["reference"]))
            if reference and reference.type and reference.id and reference.base is None:
                found[(reference.type, reference.id)] = None
    return list(found)


def _ours(text: str, ids: Mapping[Key, str]) -> str | None:
    reference = parse_reference(text)
    if reference is None or not reference.type or not reference.id or reference.base is not None:
        return None
    ours = ids.get((reference.type, reference.id))
    return None if ours is None else f"{reference.type}/{ours}"


def _owner_here(resource: Resource, head: Stored | None, people: frozenset[str]) -> str:
    """Return whose record a line belongs to.

    Raises:
        Fault: STRUCTURE, in words for the list of what was put aside.
    """
    owner = owner_of(resource) or NOBODY
    if owners_through(resource) or resource["resourceType"] == "Binary":
        raise Fault(Category.STRUCTURE, "send this type in a Bundle, not a load")
    require_members(resource)
    if not people.issuperset(members_of(resource)):
        raise Fault(Category.STRUCTURE, "the Patient of a member has not been loaded")
    if owner != NOBODY and owner not in people:
        raise Fault(Category.STRUCTURE, "its Patient has not been loaded")
    if head is not None and head.owner != owner:
        raise Fault(Category.STRUCTURE, "its subject is another than before")
    return owner


def _shelf_name(line: Line) -> Key:
    """Return the name a faulty line is kept under: that of its resource, else its very bytes."""
    named = _key(line) or line.named
    if named is None:
        return ("quarantine", sha256(line.raw).hexdigest())
    return (f"quarantine/{named[0]}", named[1])
