"""A gate over a store, with a decider that follows a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.store.world import AT

from tasuki.shared.access.gate import Desk, Gate
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Caller, Ruling
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from tests.store.world import World

    from tasuki.shared.access.records import RecordStore, Unit
    from tasuki.shared.access.rulings import Ask, Decider


def principal(role: Role = Role.HOSPITAL, **more: str) -> Principal:
    """Return a verified caller."""
    return Principal(
        subject=more.get("subject", f"{role.value}-1"),
        role=role,
        client_id="client-1",
        scopes=parse_scopes(more.get("scopes", "system/*.cruds")),
        purpose="TREAT",
        patient=more.get("patient"),
        organization="Organization/1",
        region="noto",
        token_id="t1",
        issuer="https://auth.example",
        actor=(),
        expires_at=AT + timedelta(hours=1),
        display=None,
    )


def caller(role: Role = Role.HOSPITAL, **more: str) -> Caller:
    """Return a caller in a request."""
    return Caller(principal(role, **more), request_id="r1", address="127.0.0.1")


@dataclass
class TableDecider:
    """Residents see their own record, clinicians what no ruling here withholds, others all."""

    rulings: dict[str, Ruling] = field(default_factory=dict)
    feed: str | None = "consent"

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """Return the ruling for the owner, else the role's."""
        assert unit is not None
        own = f"Patient/{ask.owner}"
        if ask.owner and ask.caller.principal.role is Role.RESIDENT:
            mine = ask.caller.principal.patient == own
            return Ruling.permit("own-record") if mine else Ruling.hide("not-own")
        return self.rulings.get(ask.owner, Ruling.permit("test-policy"))


def gate_of(world: World, decider: Decider | None = None) -> Gate:
    """Return the gate of a world's store."""
    store: RecordStore = world.store
    desk = Desk("ehr", "noto", world.clock)
    return Gate(store, decider or TableDecider(), desk, ids=RandomIds())
