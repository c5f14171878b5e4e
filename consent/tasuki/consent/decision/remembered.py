"""The facts of stored resources, found once: a version never changes, so neither do they.

Reading the labels off a resource's words costs more than all else of a decision on it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from tasuki.consent.decision.facts import facts_but_links
from tasuki.shared.fhir.json import meaning_of

if TYPE_CHECKING:
    from tasuki.consent.decision.facts import ResourceFacts

KEPT = 20_000  # some 1 kB each


class Facts:
    """Facts of stored resources, kept under a digest of the bytes they were read from.

    By what they say and not by type, id and version: those may come again with other words where a
    backup is put back.
    """

    def __init__(self, *, kept: int = KEPT) -> None:
        self._most = kept
        self._kept: dict[bytes, ResourceFacts] = {}

    def of(self, body: bytes) -> ResourceFacts:
        """Return `facts_but_links` of the resource in these bytes."""
        digest = sha256(body).digest()
        found = self._kept.get(digest)
        if found is None:
            found = self._kept[digest] = facts_but_links(meaning_of(body))
            if len(self._kept) > self._most:
                self._kept.pop(next(iter(self._kept)))
        return found
