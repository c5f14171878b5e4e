"""The one door to fresh identifiers, so that tests can foretell them."""

from __future__ import annotations

import uuid
from typing import Protocol


class IdSource(Protocol):
    """Makes identifiers nobody can guess."""

    def new(self) -> str:
        """Return a fresh identifier: a lower-case UUID, legal as a FHIR id."""
        ...


class RandomIds:
    """Version 4 UUIDs from the operating system's randomness."""

    def new(self) -> str:
        """See `IdSource.new`."""
        return str(uuid.uuid4())


class CountingIds:
    """Foreseeable identifiers; for tests only."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def new(self) -> str:
        """See `IdSource.new`."""
        value = uuid.UUID(int=self._next)
        self._next += 1
        return str(value)
