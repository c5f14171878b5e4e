"""What the gate asks before a row leaves or enters, and what it is told.

`Decider` is the port; `tasuki.consent.decision` stands behind it in the services.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from tasuki.shared.fhir.json import meaning_of

if TYPE_CHECKING:
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.access.records import Stored, Unit

Screen = Callable[[Mapping[str, Any]], bool]
"""Tells whether one very resource may pass."""


class StoredScreen(ABC):
    """A screen that can tell of the bytes in our own store what it tells of the resource in them.

    It may remember what it found there: a version never changes.
    """

    @abstractmethod
    def __call__(self, resource: Mapping[str, Any]) -> bool:
        """See `Screen`."""

    @abstractmethod
    def of_stored(self, body: bytes) -> bool:
        """Return the same of a resource that is read from these bytes."""


class Interaction(Enum):
    """FHIR interactions, each with the SMART v2 scope letter it needs."""

    READ = ("read", "r")
    VREAD = ("vread", "r")
    HISTORY = ("history-instance", "r")
    SEARCH = ("search-type", "s")
    CREATE = ("create", "c")
    UPDATE = ("update", "u")
    DELETE = ("delete", "d")

    @property
    def letter(self) -> str:
        """The SMART v2 permission letter."""
        return self.value[1]

    @property
    def writes(self) -> bool:
        """Whether the interaction changes the record."""
        return self.letter in "cud"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which request, from where.

    Attributes:
        token: The access token, to be exchanged where another service is asked for the caller.
        override: Id of the emergency override the request is made under; its purpose is then BTG.
    """

    principal: Principal
    request_id: str
    address: str | None = None
    token: str = field(default="", repr=False)
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """May this caller do this with these types of this person's record?

    Attributes:
        owner: Logical Patient id in this tenant; "" for resources about nobody.
    """

    caller: Caller
    interaction: Interaction
    owner: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer, with its basis; made by `permit` and `refuse` only.

    Attributes:
        basis: Which policy, consent or declaration it rests on; goes into the audit record.
        hidden: A refused caller must not even learn that the record exists.
        masked: Of which resources that do not pass it is said that there is something: a hidden
            medicine may kill.
    """

    permitted: bool
    basis: str
    hidden: bool = False
    withheld_types: frozenset[str] = frozenset()
    screen: Screen | None = None
    masked: Screen | None = None

    @classmethod
    def permit(cls, basis: str) -> Ruling:
        """Permit all of it."""
        return cls(permitted=True, basis=basis)

    @classmethod
    def permit_partly(
        cls,
        basis: str,
        *,
        withheld_types: frozenset[str],
        screen: Screen,
        masked: Screen | None = None,
    ) -> Ruling:
        """Permit those resources that pass the screen; `withheld_types` never do, and are named."""
        return cls(
            permitted=True,
            basis=basis,
            withheld_types=withheld_types,
            screen=screen,
            masked=masked,
        )

    def screened_by(self, screen: Screen | None, masked: Screen | None) -> Ruling:
        """Return the same with other screens."""
        return Ruling(self.permitted, self.basis, self.hidden, self.withheld_types, screen, masked)

    @classmethod
    def refuse(cls, basis: str) -> Ruling:
        """Refuse openly: the caller knows the person is here."""
        return cls(permitted=False, basis=basis)

    @classmethod
    def hide(cls, basis: str) -> Ruling:
        """Refuse as if there were nothing."""
        return cls(permitted=False, basis=basis, hidden=True)

    def admits(self, resource: Mapping[str, Any]) -> bool:
        """Return whether this very resource may pass."""
        return self.permitted and (
            self.screen is None
            or (resource.get("resourceType") not in self.withheld_types and self.screen(resource))
        )

    def admits_stored(self, stored: Stored) -> bool:
        """Return whether a stored version may pass; without content there is nothing to."""
        if stored.body is None or not self.permitted:
            return False
        if self.screen is None:
            return True
        return stored.type not in self.withheld_types and of_stored(self.screen, stored.body)

    def masks_stored(self, stored: Stored) -> bool:
        """Return what `masks` does, of a stored version."""
        if stored.body is None or not self.permitted or self.masked is None:
            return False
        return of_stored(self.masked, stored.body)

    def masks(self, resource: Mapping[str, Any]) -> bool:
        """Return whether that this resource is there may be said, though it may not pass."""
        return self.permitted and self.masked is not None and self.masked(resource)


def of_stored(screen: Screen, body: bytes) -> bool:
    """Return what a screen tells of the resource in these bytes of our own store."""
    return screen.of_stored(body) if isinstance(screen, StoredScreen) else screen(meaning_of(body))


class Decider(Protocol):
    """Decides for one service; anything unclear is a refusal."""

    @property
    def feed(self) -> str | None:
        """The feed whose copies about a person a ruling asks for; None where it asks for none."""
        ...

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """Return the ruling, from what this service itself holds, in the caller's transaction."""
        ...
