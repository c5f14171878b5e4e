"""What a permit still holds back: enforcement asks it for the fate of every resource.

https://profiles.ihe.net/ITI/PCF/ITI-71.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.consent.decision.facts import Fate
from tasuki.consent.resource_types import class_of
from tasuki.consent.vocabulary import DataClass, Effect, Level

if TYPE_CHECKING:
    from tasuki.consent.decision.facts import ResourceFacts
    from tasuki.consent.decision.voice import Voice

_NO: frozenset[Effect | None] = frozenset({Effect.DENY})
# A hidden medicine or allergy may kill: the desk is told that there is one, and to ask.
MASKED_CLASSES = frozenset({DataClass.ALLERGIES, DataClass.MEDICINES})


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an answer that is not from a Consent goes.

    Attributes:
        classes: Data classes reached.
        ceiling: Highest confidentiality reached.
        masked: Classes of which a resource above the ceiling is masked instead of withheld.
    """

    classes: frozenset[DataClass]
    ceiling: Level
    masked: frozenset[DataClass] = frozenset()

    def covers(self, resource_type: str) -> bool:
        """Tell whether resources of a type are reached at all."""
        return class_of(resource_type) in self.classes

    def fate(self, facts: ResourceFacts) -> Fate:
        """Return what becomes of a resource."""
        data_class = class_of(facts.type)
        if data_class not in self.classes:
            return Fate.WITHHOLD
        # A labelled sensitivity counts as restricted whatever level was written beside it.
        level = max(facts.level, Level.R) if facts.sensitivities else facts.level
        if level <= self.ceiling:
            return Fate.RELEASE
        return Fate.MASK if data_class in self.masked else Fate.WITHHOLD


@dataclass(frozen=True, slots=True)
class Residual:
    """What of the data asked for may leave.

    Attributes:
        types: Resource types asked for; nothing else leaves.
        voices: Consents that speak; one that denies a resource withholds it.
        otherwise: What holds where no Consent speaks; None is nothing.
        bound: What holds in any case (a disaster shows the emergency profile, and no more).
        withhold_tags: Resources with one of these indication tags are withheld.
    """

    types: frozenset[str]
    voices: tuple[Voice, ...] = ()
    otherwise: Reach | None = None
    bound: Reach | None = None
    withhold_tags: frozenset[str] = frozenset()

    def fate(self, facts: ResourceFacts) -> Fate:
        """Return what becomes of one resource: released, masked or withheld."""
        if facts.type not in self.types or facts.tags & self.withhold_tags:
            return Fate.WITHHOLD
        said = {voice.on(facts) for voice in self.voices}
        if Effect.DENY in said:
            return Fate.WITHHOLD
        own = Fate.RELEASE if Effect.PERMIT in said else _reached(self.otherwise, facts)
        return own if self.bound is None else max(own, self.bound.fate(facts))

    def heeds_links(self) -> bool:
        """Tell whether it matters what a resource refers to."""
        rules = (rule for voice in self.voices for rule in voice.rules)
        return any(one.meaning == "related" for rule in rules for one in rule.data.data)

    def open_types(self) -> frozenset[str]:
        """Return the types of which some resource might be released or masked."""
        alike = self._alike()
        kinds = {kind for kind, name in alike.items() if self._open(name)}
        named = self._named()
        return frozenset(name for name in self.types if _kind(name, named) in kinds)

    def anything_open(self) -> bool:
        """Tell whether any resource of any type asked for might be released or masked."""
        return any(self._open(name) for name in self._alike().values())

    def refused(self) -> bool:
        """Tell whether a Consent surely denies some of the types asked for."""
        names = self._alike().values()
        return any(voice.could_say(n) == _NO for n in names for voice in self.voices)

    def withheld_types(self) -> frozenset[str]:
        """Return the types asked for of which nothing is released: say "withheld", not "none"."""
        return self.types - self.open_types()

    def withheld_classes(self) -> frozenset[DataClass]:
        """Return the data classes of which every type asked for is withheld."""
        still_open = self.open_types()
        closed = {class_of(name) for name in self.types - still_open}
        some_open = {class_of(name) for name in still_open}
        return frozenset(found for found in closed - some_open if found is not None)

    def _named(self) -> frozenset[str]:
        rules = (rule for voice in self.voices for rule in voice.rules)
        return frozenset().union(*(rule.data.types for rule in rules))

    def _alike(self) -> dict[str, str]:
        """One type for all that no rule tells apart: those of a data class that no rule names."""
        named = self._named()
        return {_kind(name, named): name for name in self.types}

    def _open(self, name: str) -> bool:
        if self.bound is not None and not self.bound.covers(name):
            return False
        could = [voice.could_say(name) for voice in self.voices]
        if _NO in could:
            return False
        permitted = any(Effect.PERMIT in said for said in could)
        return permitted or (self.otherwise is not None and self.otherwise.covers(name))


def _kind(name: str, named: frozenset[str]) -> str:
    return name if name in named else str(class_of(name))


def _reached(reach: Reach | None, facts: ResourceFacts) -> Fate:
    return Fate.WITHHOLD if reach is None else reach.fate(facts)
