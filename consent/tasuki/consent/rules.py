"""A Consent as we understand it: frozen values, read once, evaluated many times.

Elements of one provision are ANDed, repeats of one element ORed (FHIR R4 Consent; IHE PCF).

https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from tasuki.consent.times import Stretch
    from tasuki.consent.vocabulary import Effect, Level, Purpose, Status

Meaning = Literal["instance", "related", "authoredby"]


@dataclass(frozen=True, slots=True)
class DataReference:
    """One `provision.data`: the named resource itself, what refers to it, or what it authored."""

    meaning: Meaning
    reference: str


@dataclass(frozen=True, slots=True)
class DataCondition:
    """Which data a provision is about; None or empty means the element is not stated.

    Attributes:
        types: Resource types (`provision.class`).
        level: The highest confidentiality named (`securityLabel`).
        sensitivities: v3-ActCode labels named (`securityLabel`).
        data: Named resources (`provision.data`).
        period: Age of the data (`provision.dataPeriod`).
    """

    types: frozenset[str] = frozenset()
    level: Level | None = None
    sensitivities: frozenset[str] = frozenset()
    data: tuple[DataReference, ...] = ()
    period: Stretch | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is stated, so that all data are meant."""
        return not self.types and self.types_alone

    @property
    def types_alone(self) -> bool:
        """Whether nothing but resource types is stated."""
        return not (self.data or self.sensitivities) and self.level is None and self.period is None


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision: an effect, for whom and why, and on which data.

    Attributes:
        path: Where it stands in the Consent, e.g. `provision.provision[0]`.
        effect: permit or deny, literally; a nested provision never flips its parent.
        actors: Names of recipients (`Organization/x`, `system|value`); empty means anybody.
        purposes: Purposes of use; empty means any.
        period: When the rule holds.
        data: On which data.
    """

    path: str
    effect: Effect
    actors: frozenset[str]
    purposes: frozenset[Purpose]
    period: Stretch | None
    data: DataCondition


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """One version of one Consent, wholly understood.

    Attributes:
        patient: The Consent's patient reference, or the person handle after `held_for`.
        dated: The stretch `dateTime` stands for (its precision may be a day).
    """

    id: str
    version: str | None
    patient: str
    status: Status
    policy: str
    dated: Stretch
    root: Provision
    nested: tuple[Provision, ...] = ()

    def held_for(self, person: str) -> Self:
        """Return the same rule under the opaque handle of the person it belongs to."""
        return replace(self, patient=person)


@dataclass(frozen=True, slots=True)
class UnreadableConsent:
    """A Consent in the snapshot that this software does not understand: it refuses everything.

    `patient` is empty until `held_for` says whose it is; a decision refuses it until then too.
    """

    id: str
    patient: str

    def held_for(self, person: str) -> Self:
        """Return the same under the opaque handle of the person it belongs to."""
        return replace(self, patient=person)


HeldConsent = ConsentRule | UnreadableConsent
