"""One person as the shelter service keeps them: the emergency profile, sealed, and what finds it.

A stored member keeps its name and meaning for good; new ones get a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasuki.shared.clinical.profile_lines import EmergencyProfile
from tasuki.shared.fhir.json import parse, render

TYPE = "EmergencyProfile"
VERSION = 1
_DEPTH = 40

PersonKeys = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """See the module.

    Attributes:
        profile: Made of what every disaster declaration may open; never of restricted records.
        stub: The resident refuses shelters, so `profile` holds no clinical data.
        keys: Look-up keys, in full: what is found by a truncated token is compared with them.
        municipality: 6-digit code of the residence; empty where the address does not tell.
        drill: The person exists for exercises only.
        linked: Some holder knows the person by an insurance identity that other holders know too.
        restricted: How many restricted records were left out, by resource type; only of types of
            which a reader is told so.
    """

    profile: EmergencyProfile
    stub: bool
    keys: PersonKeys
    tokens: tuple[str, ...]
    municipality: str
    drill: bool
    linked: bool
    restricted: Mapping[str, int] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the stored form."""
        return render(
            {
                "v": VERSION,
                "profile": self.profile.to_json(),
                "stub": self.stub,
                "keys": [[index, list(parts)] for index, parts in self.keys],
                "tokens": list(self.tokens),
                "municipality": self.municipality,
                "drill": self.drill,
                "linked": self.linked,
                "restricted": dict(self.restricted),
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> PersonRecord:
        """Return the record of its stored form."""
        data: Mapping[str, Any] = parse(body, max_depth=_DEPTH)
        return cls(
            profile=EmergencyProfile.from_json(data["profile"]),
            stub=bool(data["stub"]),
            keys=tuple((index, tuple(parts)) for index, parts in data["keys"]),
            tokens=tuple(data["tokens"]),
            municipality=data["municipality"],
            drill=bool(data["drill"]),
            linked=bool(data["linked"]),
            restricted={name: int(count) for name, count in data["restricted"].items()},
        )
