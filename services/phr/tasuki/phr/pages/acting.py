"""A proxy on the pages: as whom, and how far; the gate decides, the pages only say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.phr.pages.log import AUTHORS, TYPES
from tasuki.shared.access.purposes import PWATRNY

if TYPE_CHECKING:
    from tasuki.shared.access.principal import Principal
    from tasuki.shared.fhir.json import Resource


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts for the resident.

    Attributes:
        name: As the resident named them.
        types: Of a log, what was opened to them.
        adds: Of these, what they may add.
        wishes: Whether they say by law who may see the record.
        sees_person: Whether they may see who the person is.
    """

    name: str
    types: tuple[str, ...]
    adds: frozenset[str]
    wishes: bool
    sees_person: bool

    @property
    def author(self) -> dict[str, str]:
        """How what they write says who wrote it (a FHIR Reference)."""
        return {"type": "RelatedPerson", "display": self.name}


def acting_of(principal: Principal) -> Acting:
    """Return what a proxy's token says of them."""
    scopes = principal.scopes
    types = tuple(type_ for type_ in TYPES if scopes.allows(type_, "r"))
    return Acting(
        name=principal.display or "",
        types=types,
        adds=frozenset(type_ for type_ in types if scopes.allows(type_, "c")),
        wishes=principal.purpose == PWATRNY and scopes.allows("Consent", "c"),
        sees_person=scopes.allows("Patient", "r"),
    )


def signed_by(acting: Acting, resource: Resource) -> Resource:
    """Return what a page made for a resident as their proxy wrote it."""
    authors: Resource = {
        name: [acting.author] if isinstance(resource[name], list) else acting.author
        for name in AUTHORS
        if name in resource
    }
    return {**resource, **authors}
