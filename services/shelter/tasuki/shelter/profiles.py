"""From a chosen person to the profile: decided, recorded, and only then shown.

1. the role and purpose, and the role policy   2. the record   3. the consent snapshot is there   4. the decision
5. the audit leaf, durable in the same transaction   6. the profile in words
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasuki.consent.client import Freshness, freshness
from tasuki.consent.decision import AccessRequest, Actor, Deny, decide
from tasuki.consent.enforcing import ROLES, basis_text
from tasuki.consent.vocabulary import Purpose
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.events import Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clinical.profile_view import view
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.clinical.view_sources import Reader
from tasuki.shared.clock import today_in_japan
from tasuki.shelter.building import restricted
from tasuki.shelter.disclosing import Released, is_whole, reduced, without_contacts
from tasuki.shelter.entries import CLINICAL, TYPES, SourceEntry, feed_name
from tasuki.shelter.person_record import TYPE, PersonRecord

if TYPE_CHECKING:
    from datetime import date, timedelta

    from tasuki.consent.decision import Basis, Permit
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.consent.operator import Answer, RoleRules
    from tasuki.consent.policy import ImplicitPolicy
    from tasuki.shared.access.gate import Desk
    from tasuki.shared.access.records import RecordStore, Stored, Unit
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clinical.view_lines import ProfileView
    from tasuki.shared.clock import Clock
    from tasuki.shared.web.words import Language
    from tasuki.shelter.holders import HolderStates
    from tasuki.shelter.people import People

STAFF = frozenset({Role.NURSE, Role.CLINICIAN})
CACHED = 2_000  # parsed records and their views; about 100 kB each at most
NO_SNAPSHOT = "consent-snapshot-missing"
NOT_STAFF = "role-may-not"
NOT_FOR_DISASTER = "purpose-not-disaster"
GONE = "not-found"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why.

    Attributes:
        reason: Code of a `DenyReason`, or one of this module.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A profile that may be shown, its audit record already durable.

    Attributes:
        person: Our id of the person.
        view: The profile in words.
        restricted: How many restricted records are not shown, by type.
        contacts_withheld: Whether address and contacts are held back.
        basis: What the decision rests on.
        consents_age: How old the consent snapshot is.
        linked: Whether records of several holders could be joined at all.
        drill: The person exists for exercises only.
        face: Two disclosures with the same face say the same of all but the sources' age; None
            where this one was made for itself.
    """

    person: str
    version: int
    released: Released
    view: ProfileView
    basis: Basis
    consents_age: timedelta
    linked: bool
    drill: bool
    face: object | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions rest on here; `facility` is the 6-digit code of where the desk stands."""

    snapshot: KeptSnapshot
    policy: ImplicitPolicy
    roles: RoleRules
    facility: str


@dataclass(slots=True)
class _Parsed:
    record: PersonRecord
    views: dict[object, ProfileView]


class Profiles:
    """Shows profiles to callers."""

    def __init__(
        self,
        store: RecordStore,
        people: People,
        states: HolderStates,
        ground: Ground,
        *,
        desk: Desk,
        clock: Clock,
    ) -> None:
        self._store = store
        self._people = people
        self._states = states
        self._snapshot = ground.snapshot
        self._policy = ground.policy
        self._roles = ground.roles
        self._facility = ground.facility
        self._desk = desk
        self._clock = clock
        self._parsed: OrderedDict[tuple[str, int], _Parsed] = OrderedDict()

    async def disclose(
        self, caller: Caller, person: str, language: Language
    ) -> Disclosure | Refusal:
        """Return the profile of a person, or why not; either is recorded before."""
        answer = await self._disclosed(caller, person, language)
        if answer is not None:
            return answer
        # Only a stub is kept, and the resident has changed their mind since: build it now.
        async with self._store.unit() as unit:
            tokens = await unit.tokens_of_owner(person)
        await self._people.rebuild(tokens)
        return await self._disclosed(caller, person, language) or Refusal(GONE)

    async def _disclosed(
        self, caller: Caller, person: str, language: Language
    ) -> Disclosure | Refusal | None:
        async with self._store.unit() as unit:
            stored = await unit.head(TYPE, person)
            if stored is None or stored.body is None:
                return await self._refused(unit, caller, "", GONE)
            parsed = self._opened(stored)
            decision = await self._decision(unit, caller, person, parsed.record)
            if isinstance(decision, str):
                return await self._refused(unit, caller, person, *decision.split("|", 1))
            if isinstance(decision, Deny):
                basis = f"{decision.reason}/{basis_text(decision)}"
                return await self._refused(unit, caller, person, decision.reason, basis)
            if parsed.record.stub:
                return None
            whole = is_whole(decision.residual)
            released, shown = await self._released(unit, stored, parsed, decision, language)
            basis = f"{basis_text(decision)}|{self._heard(caller, person)[0].basis}"
            await self._record(unit, caller, stored, released, basis)
        age = self._snapshot.age()
        if age is None:
            raise RuntimeError("decided on without a snapshot")
        return Disclosure(
            person=person,
            version=stored.version,
            released=released,
            view=shown,
            basis=decision.basis,
            consents_age=age,
            linked=parsed.record.linked,
            drill=parsed.record.drill,
            face=(person, stored.version, *self._face(language)) if whole else None,
        )

    def _face(self, language: Language) -> tuple[Language, date, tuple[str, ...]]:
        unreached = tuple(holder.name for holder in self._states.unreached())
        return language, today_in_japan(self._clock), unreached

    async def _decision(
        self, unit: Unit, caller: Caller, person: str, record: PersonRecord
    ) -> Permit | Deny | str:
        principal = caller.principal
        age = self._snapshot.age()
        if principal.role not in STAFF:
            return NOT_STAFF
        if principal.purpose != Purpose.DISASTER:
            return NOT_FOR_DISASTER
        answer, heard = self._heard(caller, person)
        if not answer.permitted:
            return f"{NOT_STAFF}|{answer.basis or NOT_STAFF}"
        if freshness(age, Purpose.DISASTER) is Freshness.REFUSE:
            return NO_SNAPSHOT
        return decide(
            AccessRequest(
                patient=person,
                purpose=Purpose.DISASTER,
                role=ROLES.get(principal.role),
                actor=Actor(
                    subject=principal.subject,
                    organization=principal.organization,
                    region=principal.region,
                    provisioned_until=principal.expires_at,
                ),
                at=self._clock.now(),
                holder_region=self._policy.region,
                resource_types=frozenset(TYPES),
                municipality=record.municipality or None,
                facility_municipality=self._facility,
                declarations=self._snapshot.declarations,
                consents=await self._snapshot.consents(unit, person),
                policy=self._policy,
                drill_resident=record.drill,
                may_ask=heard,
            )
        )

    def _heard(self, caller: Caller, person: str) -> tuple[Answer, frozenset[Purpose]]:
        answers = self._roles.answers(caller.principal, Interaction.READ, person, TYPES)
        return answers.to(caller.principal.purpose), answers.heard

    async def _released(
        self, unit: Unit, stored: Stored, parsed: _Parsed, decision: Permit, language: Language
    ) -> tuple[Released, ProfileView]:
        today = today_in_japan(self._clock)
        residual, record = decision.residual, parsed.record
        if is_whole(residual):
            released = Released(record.profile, record.restricted, contacts_withheld=False)
            return released, self._viewed(parsed, language, today)
        entries = await self._entries(unit, stored.owner)
        profile = reduced(
            entries,
            {holder.name: holder for holder in self._states.holders},
            residual,
            today=today,
            built_at=record.profile.built_at,
        )
        closed = residual.withheld_types()
        if "Patient" in closed:
            profile = without_contacts(profile)
        # Whoever refuses what is restricted is not told of, either: not by what lies prepared.
        told = restricted(entries, residual.fate)
        released = Released(profile, told, contacts_withheld="Patient" in closed)
        return released, view(self._states.standing(profile), today, language)

    async def _entries(self, unit: Unit, person: str) -> list[SourceEntry]:
        return [
            SourceEntry.from_bytes(copy.body)
            for holder in self._states.holders
            for copy in await unit.copies(feed_name(holder.name), person)
        ]

    def _viewed(self, parsed: _Parsed, language: Language, today: date) -> ProfileView:
        """Return the view of the stored profile: kept, but for how old its sources are."""
        profile = parsed.record.profile
        key = self._face(language)
        shown = parsed.views.get(key)
        if shown is None:
            if len(parsed.views) > len(("ja", "en")):
                parsed.views.clear()  # yesterday's
            shown = parsed.views[key] = view(self._states.standing(profile), today, language)
        lines = self._states.lines(profile)
        known = (line.as_of for line in lines if line.state is SourceState.ANSWERED)
        return replace(
            shown,
            sources=Reader(today, language, lines).source_views(),
            as_of=min((at for at in known if at is not None), default=None),
        )

    def _opened(self, stored: Stored) -> _Parsed:
        key = (stored.id, stored.version)
        parsed = self._parsed.get(key)
        if parsed is None:
            parsed = _Parsed(PersonRecord.from_bytes(stored.body or b""), {})
            self._parsed[key] = parsed
            if len(self._parsed) > CACHED:
                self._parsed.popitem(last=False)
        else:
            self._parsed.move_to_end(key)
        return parsed

    async def _record(
        self, unit: Unit, caller: Caller, stored: Stored, released: Released, basis: str
    ) -> None:
        entry = self._desk.entry(caller, Action.PROFILE, Outcome.PERMITTED, basis)
        person = f"Patient/{stored.owner}"
        entities = (person, *_shown_types(released))
        await unit.record([replace(entry, patient=person, entities=entities)])

    async def _refused(
        self, unit: Unit, caller: Caller, person: str, reason: str, basis: str = ""
    ) -> Refusal:
        entry = self._desk.entry(caller, Action.DENIED, Outcome.DENIED, basis or reason)
        patient = f"Patient/{person}" if person else None
        await unit.record([replace(entry, patient=patient, entities=CLINICAL)])
        return Refusal(reason)


def _shown_types(released: Released) -> tuple[str, ...]:
    profile = released.profile
    sections = (profile.allergies, profile.medicines, profile.conditions)
    found = {
        str(fact.fragment.get("resourceType"))
        for section in sections
        for line in section.lines
        for fact in line.facts
    }
    return tuple(sorted(found))
