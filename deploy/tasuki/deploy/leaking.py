"""`tasuki audit leak`: reads every log for what somebody did in a time, and by whom it was suffered.

That it was run, with what it asked, is written into every log it read before anything is shown.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import httpx2
from sqlalchemy import select

from tasuki.deploy.auditing import opened_house, record_keepers
from tasuki.deploy.composing import base_url_of
from tasuki.deploy.leak_names import resolve
from tasuki.deploy.leak_report import UNKNOWN, Person, Report, deadlines
from tasuki.shared.audit.events import AuditRecord, Outcome
from tasuki.shared.audit.shapes import Action
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.store.schema import NETWORK
from tasuki.shared.store.store import Databases, SealedStore
from tasuki.shared.store.vault import AUDIT
from tasuki.shared.store.whole_log import stored_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tasuki.deploy.composing import House
    from tasuki.deploy.folder import DataFolder
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

_PATIENT = re.compile(r"(?:\S+/)?Patient/([A-Za-z0-9.-]{1,64})(?:/_history/\S+)?")
_TYPE = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)(?:[/?]\S*)?")
_PATIENT_ROLE = "1"
_DISCLOSES = "110106"  # a summary or a profile: of what kinds it does not say


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for; what is None is not looked at.

    Attributes:
        since: From this moment.
        until: Before this moment.
        actors: Accounts.
        clients: Client ids.
        regions: Tenants.
        requests: Request ids.
    """

    since: datetime
    until: datetime
    actors: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return it as the query the audit record keeps."""
        parts = [("date", f"ge{self.since.isoformat()}"), ("date", f"lt{self.until.isoformat()}")]
        for name in ("actors", "clients", "regions", "requests"):
            parts += [(name, one) for one in sorted(getattr(self, name))]
        return "AuditEvent?" + "&".join(f"{name}={value}" for name, value in parts)

    def wants(self, event: dict[str, Any]) -> bool:
        """Return whether an event is among what is looked for."""
        at = str(event.get("recorded", ""))
        if not _stamp(self.since) <= at < _stamp(self.until):
            return False
        wanted = (self.actors, self.clients, self.requests)
        named = (_agents(event, requestor=True), _agents(event, requestor=False), _requests(event))
        return all(not group or group & found for group, found in zip(wanted, named, strict=True))


class Affected:
    """Gathers people from events, joined where two services know them under one network token."""

    def __init__(self, tokens: dict[str, frozenset[str]]) -> None:
        self._tokens = tokens  # by handle
        self._by_key: dict[str, Person] = {}
        self.unplaced = 0

    def add(self, tenant: str, event: dict[str, Any]) -> None:
        """Count one event."""
        owners = {match[1] for one in _references(event) if (match := _PATIENT.fullmatch(one))}
        refused = event.get("outcome") != Outcome.PERMITTED.value
        if not owners:
            self.unplaced += not refused
            return
        for owner in owners:
            person = self._person(f"{tenant} Patient/{owner}")
            if refused:
                person.refused += 1
            else:
                person.kinds.update(kinds_of(event))

    def _person(self, handle: str) -> Person:
        keys = [handle, *sorted(self._tokens.get(handle, ()))]
        known = {id(one): one for key in keys if (one := self._by_key.get(key)) is not None}
        person, *others = [*known.values(), Person()]
        for other in others:
            person.handles |= other.handles
            person.kinds.update(other.kinds)
            person.refused += other.refused
        person.handles.add(handle)
        merged = {id(other) for other in others}
        for key, one in self._by_key.items():
            if id(one) in merged:
                self._by_key[key] = person
        self._by_key.update(dict.fromkeys(keys, person))
        return person

    def people(self) -> list[Person]:
        """Return everybody, in the order of their first handle."""
        found = {id(one): one for one in self._by_key.values()}
        return sorted(found.values(), key=lambda one: min(one.handles))


def kinds_of(event: dict[str, Any]) -> set[str]:
    """Return the resource types an event touched; `?` where it does not say."""
    found = set()
    for entity in event.get("entity", ()):
        if entity.get("role", {}).get("code") == _PATIENT_ROLE:
            continue
        match = _TYPE.fullmatch(_query(entity) or _reference(entity.get("what", {})))
        if match:
            found.add(match[1])
    if event.get("type", {}).get("code") == _DISCLOSES:
        found.add(UNKNOWN)
    return found or {UNKNOWN}


async def leak(
    folder: DataFolder, asked: Asked, knew: datetime, *, malicious: bool, token: str | None
) -> Report:
    """Return the report on what was asked, recorded in every log that was read.

    With a token, people are named where its holder may read them; the services must run then.
    """
    async with opened_house(folder) as house:
        tenants = [
            one for one in record_keepers(house) if not asked.regions or one in asked.regions
        ]
        stores = {tenant: _store(house, tenant) for tenant in tenants}
        try:
            for store in stores.values():
                await record_asking(store, asked, house.clock, house.ids)
            report = await gathered(stores, asked, knew, malicious=malicious)
            if token is not None:
                bases = {tenant: base_url_of(house, tenant) for tenant in tenants}
                async with httpx2.AsyncClient(trust_env=False) as http:
                    await resolve(report.people, bases, token, http)
            return report
        finally:
            for store in stores.values():
                await store.databases.dispose()


async def gathered(
    stores: Mapping[str, SealedStore], asked: Asked, knew: datetime, *, malicious: bool
) -> Report:
    """Return the report from these stores' logs."""
    tokens: dict[str, frozenset[str]] = {}
    for tenant, store in stores.items():
        tokens.update(await _tokens(tenant, store))
    affected, searched, unreadable = Affected(tokens), dict[str, int](), 0
    for tenant, store in stores.items():
        key = (await store.vault.ensured([""], AUDIT))[""]
        async with store.engine.connect() as connection:
            rows = await stored_leaves(connection, store.ring, key, tenant)
        searched[tenant] = len(rows)
        unreadable += sum(not row.event_bytes for row in rows)
        for row in rows:
            event = json.loads(row.event_bytes) if row.event_bytes else {}
            if asked.wants(event):
                affected.add(tenant, event)
    people = affected.people()
    return Report(
        people=[one for one in people if one.kinds],
        refused_only=sum(not one.kinds for one in people),
        unplaced=affected.unplaced,
        searched=searched,
        unreadable=unreadable,
        malicious=malicious,
        deadlines=deadlines(knew, malicious=malicious),
    )


def _store(house: House, tenant: str) -> SealedStore:
    databases = Databases(
        records=engine_for(house.postgres.url(house.database(tenant))),
        keys=engine_for(house.postgres.url(house.database("keys"))),
    )
    ring = FileKeyRing(house.folder.ring).tenant(tenant)
    return SealedStore(databases, ring, tenant, clock=house.clock, ids=house.ids)


async def record_asking(store: SealedStore, asked: Asked, clock: Clock, ids: IdSource) -> None:
    """Leave a leaf of what is asked, and number what is not: the newest must be read too."""
    record = AuditRecord(
        action=Action.SEARCH,
        outcome=Outcome.PERMITTED,
        at=clock.now(),
        service=store.tenant,
        region=store.tenant,
        actor="operator",
        client_id="tasuki-audit-leak",
        purpose="HSYSADMIN",
        basis="policy/leak-report",
        request_id=ids.new(),
        query=str(asked),
    )
    async with store.unit() as unit:
        await unit.record([record])
    await store.stamper.stamp_all()


async def _tokens(tenant: str, store: SealedStore) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    async with store.engine.connect() as connection:
        rows = await connection.execute(
            select(NETWORK.c.owner, NETWORK.c.token).where(NETWORK.c.tenant == tenant)
        )
        for row in rows:
            found.setdefault(f"{tenant} Patient/{row.owner}", set()).add(row.token.hex())
    return {handle: frozenset(tokens) for handle, tokens in found.items()}


def _agents(event: dict[str, Any], *, requestor: bool) -> set[str]:
    """Return the accounts that asked, or the software and organisations in between."""
    return {
        _reference(agent.get("who", {}))
        for agent in event.get("agent", ())
        if agent.get("requestor") is requestor
    }


def _requests(event: dict[str, Any]) -> set[str]:
    """Return the ids an event names, that of its request among them."""
    said = {str(one.get("valueString")) for one in event.get("extension", ())}
    return said | set(_references(event))


def _references(event: dict[str, Any]) -> Iterable[str]:
    return [_reference(one.get("what", {})) for one in event.get("entity", ())]


def _reference(what: dict[str, Any]) -> str:
    return str(what.get("reference") or what.get("identifier", {}).get("value", ""))


def _query(entity: dict[str, Any]) -> str:
    coded = entity.get("query")
    return base64.b64decode(coded).decode() if isinstance(coded, str) else ""


def _stamp(moment: datetime) -> str:
    """Return a moment as events say theirs, in UTC to the millisecond."""
    at = moment.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
