"""What every change to accounts, clients and grants is made with, by a page or by a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tasuki.auth.log.leaves import SealedAuthLog
from tasuki.auth.sealing import KeyRingBox

if TYPE_CHECKING:
    from tasuki.auth.log.events import AuthLog
    from tasuki.auth.sealing import SecretBox
    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.ids import IdSource


class Means(Protocol):
    """The parts of a server that changes need; `AuthContext` has them too."""

    @property
    def box(self) -> SecretBox:
        """Seals and hashes."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def ids(self) -> IdSource:
        """Fresh ids."""
        ...

    @property
    def log(self) -> AuthLog:
        """Where it is recorded."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    box: SecretBox
    clock: Clock
    ids: IdSource
    log: AuthLog


def means_of(ring: KeyRing, tenant: str, clock: Clock, ids: IdSource) -> Means:
    """Return the means over a tenant's keys."""
    return _Held(KeyRingBox(ring), clock, ids, SealedAuthLog(ring, tenant, clock, ids))
