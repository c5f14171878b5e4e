"""What a holder said about one person, as we keep it until the holder says something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.fhir.json import parse, render
from tasuki.shared.fhir.medicines import medicine_of, with_medicine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shelter.settings import Holder

CLINICAL = (
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "Condition",
)
TYPES = ("Patient", *CLINICAL)
"""What is copied; nothing else of a record ever reaches the shelter service."""

KEPT = frozenset({*TYPES, "Medication"})
_DEPTH = 40  # a resource's own limit is 32


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One holder's answer about one person.

    Attributes:
        holder: Name of the holder.
        owner: Logical id of the Patient there.
        tokens: Tokens (hex) under which others may know the same person.
        state: How it answered.
        fetched_at: When it was asked.
        epoch: Epoch of the holder's feed then.
        resources: Of the types in `KEPT`.
    """

    holder: str
    owner: str
    tokens: tuple[str, ...]
    state: SourceState
    fetched_at: datetime
    epoch: str
    resources: tuple[Mapping[str, Any], ...] = ()
    unreadable: int = 0
    withheld: frozenset[str] = frozenset()

    def to_bytes(self) -> bytes:
        """Return the kept form."""
        return render(
            {
                "holder": self.holder,
                "owner": self.owner,
                "tokens": list(self.tokens),
                "state": self.state.value,
                "fetched_at": self.fetched_at.isoformat(),
                "epoch": self.epoch,
                "unreadable": self.unreadable,
                "withheld": sorted(self.withheld),
                "resources": list(self.resources),
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> SourceEntry:
        """Return the entry of its kept form."""
        data = parse(body, max_depth=_DEPTH)
        return cls(
            holder=data["holder"],
            owner=data["owner"],
            tokens=tuple(data["tokens"]),
            state=SourceState(data["state"]),
            fetched_at=datetime.fromisoformat(data["fetched_at"]),
            epoch=data["epoch"],
            resources=tuple(data["resources"]),
            unreadable=int(data["unreadable"]),
            withheld=frozenset(data["withheld"]),
        )

    def patients(self) -> list[Mapping[str, Any]]:
        """Return its Patient resources."""
        return [each for each in self.resources if each.get("resourceType") == "Patient"]

    def judged(self, resource: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a resource to be ruled on: an order with the medicine it names by reference."""
        id_ = medicine_of(resource)
        found = (
            each
            for each in self.resources
            if each.get("resourceType") == "Medication" and each.get("id") == id_
        )
        medicine = next(found, None) if id_ is not None else None
        return resource if medicine is None else with_medicine(resource, medicine)

    def records(self, holder: Holder) -> SourceRecords:
        """Return it as the profile builder reads it."""
        return SourceRecords(
            source=self.holder,
            title_ja=holder.title_ja,
            title_en=holder.title_en,
            kind=holder.kind,
            state=self.state,
            as_of=self.fetched_at,
            resources=self.resources,
            unreadable=self.unreadable,
            withheld_types=self.withheld,
        )


def feed_name(holder: str) -> str:
    """Return the name under which a holder's entries are kept."""
    return f"source:{holder}"
