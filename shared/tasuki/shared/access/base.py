"""What reading and writing at the gate have in common: the scope, the ruling, the audit leaf."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.orders import by_its_medicine, names_its_medicine
from tasuki.shared.access.purposes import BTG
from tasuki.shared.access.reach import reaches, reaches_some
from tasuki.shared.access.records import NOBODY
from tasuki.shared.access.refusals import Refused, forbidden, not_found, out_of_scope
from tasuki.shared.access.rulings import Ask, Interaction
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.compartment import owners_through
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.medicines import ORDERS, medicine_of
from tasuki.shared.fhir.members import SEVERAL, members_of
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import Stored, Unit
    from tasuki.shared.access.rulings import Caller, Decider, Ruling, Screen
    from tasuki.shared.ids import IdSource


_ACTIONS = MappingProxyType(
    {
        Interaction.READ: Action.READ,
        Interaction.VREAD: Action.VREAD,
        Interaction.HISTORY: Action.HISTORY,
        Interaction.SEARCH: Action.SEARCH,
        Interaction.CREATE: Action.CREATE,
        Interaction.UPDATE: Action.UPDATE,
        Interaction.DELETE: Action.DELETE,
    }
)

# Types of which it is told by what they are about, whose they are and who may see them.
_THROUGH = frozenset(type_ for type_, one in OWNERSHIP.items() if one.through is not None)
NOT_BY_THEMSELVES = _THROUGH | SEVERAL
"""Types that may be seen where what they are about may be seen."""
_MOST_MEMBERS = 5_000  # people asked about for the sake of Groups in one request


@dataclass(frozen=True, slots=True)
class Left:
    """What an audit leaf says of something permitted, besides who did it and when."""

    action: Action
    owner: str
    entities: tuple[str, ...]
    basis: str
    query: str | None = None


class AtTheGate:
    """One caller in one transaction."""

    def __init__(
        self, unit: Unit, caller: Caller, decider: Decider, desk: Desk, ids: IdSource
    ) -> None:
        self._unit = unit
        self._caller = caller
        self._decider = decider
        self._desk = desk
        self._ids = ids
        self._rulings: dict[tuple[Interaction, str, tuple[str, ...]], Ruling] = {}
        # As they were given, without what is about several people: a member is asked of by itself.
        self._given: dict[tuple[Interaction, str, tuple[str, ...]], Ruling] = {}
        self._looked_through: set[tuple[str, str, str]] = set()
        self._open_through: set[tuple[str, str]] = set()
        self._members: dict[str, set[str]] = {}
        self._medicines: dict[str, Mapping[str, Any]] = {}

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self._caller

    def require_scope(self, type_: str, interaction: Interaction) -> None:
        """Refuse a token without a scope for all resources of a type.

        One with a query part (`?category=…`) does not do: what is meant to be whole would lack what
        it does not reach, and not say so.
        """
        if not self._caller.principal.scopes.allows(type_, interaction.letter):
            raise out_of_scope(f"{type_}.{interaction.letter}")

    def require_some_scope(self, type_: str, interaction: Interaction) -> None:
        """Refuse a token without a scope for any of this; each resource is screened by it."""
        if not reaches_some(self._caller.principal.scopes, type_, interaction.letter):
            raise out_of_scope(f"{type_}.{interaction.letter}")

    def in_scope(self, resource: Mapping[str, Any], interaction: Interaction) -> bool:
        """Return whether a scope reaches this very resource.

        What is shown beside a match needs no scope to search, but then the one to read.
        """
        scopes, type_ = self._caller.principal.scopes, str(resource.get("resourceType"))
        letter = interaction.letter
        if letter == Interaction.SEARCH.letter and not scopes.contexts(type_, letter):
            letter = Interaction.READ.letter
        return reaches(scopes, resource, letter)

    def require_one_person(self, named: Collection[str]) -> None:
        """Refuse an emergency override whatever is not about exactly one person, by its own words."""
        if self._caller.principal.purpose == BTG and len(named) != 1:
            raise Refused(
                Category.FORBIDDEN,
                "an emergency override is for one person at a time: name the patient",
                basis="override-bulk",
            )

    async def ruling(self, interaction: Interaction, owner: str, *types: str) -> Ruling:
        """Return the ruling for one person, asked once per transaction."""
        key = (interaction, owner, types)
        if key not in self._rulings:
            ask = Ask(self._caller, interaction, owner, types)
            ruling = self._given[key] = await self._decider.rule(self._unit, ask)
            if ruling.permitted and not ORDERS.isdisjoint(types):
                ruling = ruling.screened_by(
                    by_its_medicine(ruling.screen, self._medicines),
                    by_its_medicine(ruling.masked, self._medicines),
                )
            # What is about nobody has no screen of its own, but may be about a Group; and where all
            # is permitted, a scope with a query part may still not reach what a Binary is about.
            screened = ruling.screen is not None or owner == NOBODY or self._restricted(())
            if ruling.permitted and screened and not NOT_BY_THEMSELVES.isdisjoint(types):
                screen = self._screened_through(ruling.screen)
                ruling = replace(ruling, screen=screen)
            if ruling.permitted and self._restricted(types):
                ruling = replace(ruling, screen=self._screened_by_scope(ruling.screen, interaction))
            self._rulings[key] = ruling
        return self._rulings[key]

    def _restricted(self, types: Sequence[str]) -> bool:
        """Return whether some scope reaches a part of one of these types only; of none, of any."""
        return any(
            scope.query and (not types or scope.type == "*" or scope.type in types)
            for scope in self._caller.principal.scopes.resources
        )

    def _screened_by_scope(self, screen: Screen | None, interaction: Interaction) -> Screen:
        return lambda resource: (
            self.in_scope(resource, interaction) and (screen is None or screen(resource))
        )

    def _screened_through(self, screen: Screen | None) -> Screen:
        """Return the screen under which something passes as what it is about does.

        A Binary or Provenance as its targets, a Group as all its members.
        https://hl7.org/fhir/R4/binary.html#security: fails closed where `look_through` did not look.
        """
        return lambda resource: (
            (screen is None or screen(resource))
            and self._open_through.issuperset(targets_through(resource))
            and all(self._member_admits(one, resource) for one in members_of(resource))
        )

    def _member_admits(self, member: str, resource: Mapping[str, Any]) -> bool:
        key = (Interaction.READ, member, (str(resource["resourceType"]),))
        return key in self._given and self._given[key].admits(resource)

    async def look_through(self, rows: Iterable[Stored]) -> None:
        """Find out whether the caller may see what these Binaries, Provenances, Groups are about.

        And what the medicines are that orders name by reference. To be called with rows before a
        screen is asked about them.
        """
        rows = list(rows)
        await self._look_at_medicines(rows)
        wanted: set[tuple[str, str, str]] = set()
        for row in rows:
            if row.type in SEVERAL and row.body is not None:
                await self._ask_members(row.type, row.id, members_of(meaning_of(row.body)))
            if row.type not in _THROUGH or row.body is None:
                continue
            if (await self.ruling(Interaction.READ, row.owner, row.type)).screen is not None:
                wanted |= {(row.owner, *key) for key in targets_through(meaning_of(row.body))}
        wanted -= self._looked_through
        self._looked_through |= wanted
        for owner, type_ in sorted({(owner, type_) for owner, type_, _ in wanted}):
            ids = sorted(id_ for of, kind, id_ in wanted if (of, kind) == (owner, type_))
            last = await self._last_said(type_, ids)
            await self.look_through(last.values())
            ruling = await self.ruling(Interaction.READ, owner, type_)
            for id_ in ids:
                said = last.get(id_)
                if said is None or said.body is None or ruling.admits_stored(said):
                    self._open_through.add((type_, id_))

    async def _look_at_medicines(self, rows: Sequence[Stored]) -> None:
        wanted: set[str] = set()
        for row in rows:
            if row.type not in ORDERS or row.body is None or not names_its_medicine(row.body):
                continue
            id_ = medicine_of(meaning_of(row.body))
            if id_ is not None:
                wanted.add(id_)
        ids = sorted(wanted - self._medicines.keys())
        last = await self._last_said("Medication", ids) if ids else {}
        for id_ in ids:
            said = last.get(id_)
            # Of one that is not here nothing is known, as of an order in words alone.
            self._medicines[id_] = meaning_of(said.body) if said is not None and said.body else {}

    async def _ask_members(self, type_: str, id_: str, members: Iterable[str]) -> None:
        """Ask what a Group needs of those it names, and remember whom a leaf on it is about."""
        about = self._members.setdefault(f"{type_}/{id_}", set())
        about.update(members)
        if len(set().union(*self._members.values())) > _MOST_MEMBERS:
            raise Fault(
                Category.TOO_COSTLY,
                f"these Groups have over {_MOST_MEMBERS:,} members together; ask for fewer of them",
            )
        for member in sorted(about):
            await self.ruling(Interaction.READ, member, type_)

    async def _last_said(self, type_: str, ids: Sequence[str]) -> dict[str, Stored]:
        """Return by id what was last said of these, before they were deleted."""
        last = {one.id: one for one in await self._unit.by_ids(type_, ids)}
        for id_ in ids:
            if id_ not in last and (gone := await self._unit.head(type_, id_)) is not None:
                before = await self._unit.version(type_, id_, gone.version - 1)
                last |= {} if before is None else {id_: before}
        return last

    async def require(self, interaction: Interaction, owner: str, *types: str) -> Ruling:
        """Return the ruling, or refuse in the way it says."""
        ruling = await self.ruling(interaction, owner, *types)
        if ruling.permitted:
            return ruling
        refused = not_found if ruling.hidden else forbidden
        raise refused(ruling.basis, owner=owner, entities=types)

    async def _may_be_seen(self, found: Stored, ruling: Ruling, by: Interaction) -> bool:
        """Return whether a version passes the screen, and what was last said of its resource too.

        Who was told something once and is not to know it any more finds no older version, and who
        was never told finds no deletion.
        """
        head = found
        if by is Interaction.VREAD:
            head = await self._unit.head(found.type, found.id) or found
        last: Stored | None = head
        if head.body is None:
            last = await self._unit.version(head.type, head.id, head.version - 1)
        await self.look_through([one for one in (found, last) if one is not None])
        said = {one.version: one for one in (found, last) if one is not None and one.body}
        return bool(said) and all(ruling.admits_stored(one) for one in said.values())

    def tried(self) -> list[Left]:
        """Return what was permitted of people's records in this transaction so far.

        Where it ends in a fault this is what the fault may tell of: that something was deleted, is
        another version, matches, or does not.
        """
        permitted = {
            (_ACTIONS[interaction], owner, types): ruling.basis
            for (interaction, owner, types), ruling in self._rulings.items()
            if ruling.permitted and owner != NOBODY
        }
        return [
            Left(action, owner, types, basis)
            for (action, owner, types), basis in sorted(
                permitted.items(), key=lambda one: (one[0][1], one[0][0].value, one[0][2])
            )
        ]

    async def leave_leaf(
        self,
        action: Action,
        owner: str,
        entities: tuple[str, ...],
        basis: str,
        *,
        query: str | None = None,
    ) -> None:
        """Append the audit leaf of something permitted."""
        await self.leave_each([Left(action, owner, entities, basis, query)])

    async def leave_each(self, left: Iterable[Left]) -> None:
        """Append these audit leaves, all in one statement."""
        await self._unit.record(
            [
                self._desk.told(self._caller, one, Outcome.PERMITTED)
                for given in left
                for one in (given, *self.for_members(given))
            ]
        )

    async def leave_leaves(
        self, action: Action, by_owner: Mapping[str, Sequence[str]], basis: str
    ) -> None:
        """Append one audit leaf for each person, all in one statement."""
        await self.leave_each(
            Left(action, owner, tuple(entities), basis)
            for owner, entities in sorted(by_owner.items())
        )

    def for_members(self, left: Left) -> Iterator[Left]:
        """Yield for a leaf on a Group one for each of its members, who are told of it alone."""
        about: dict[str, list[str]] = {}
        for entity in left.entities if self._members and left.owner == NOBODY else ():
            for member in self._members.get("/".join(entity.split("/")[:2]), ()):
                about.setdefault(member, []).append(entity)
        for member, entities in sorted(about.items()):
            yield replace(left, owner=member, entities=tuple(entities), query=None)


def targets_through(resource: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the (type, id) of what a Binary or Provenance is about, but for the person."""
    if resource.get("resourceType") not in _THROUGH:
        return set()
    parts = [text.split("/") for text in owners_through(dict(resource))]
    return {(part[0], part[1]) for part in parts if part[0] != "Patient"}
