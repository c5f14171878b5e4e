"""Who is known at the consent service: what they said, and the emergency overrides of them.

Every text, id and account bears a mark of its own, by which it is known wherever it leaks.
docs/api/consent/consent.md, docs/api/consent/overrides.md
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.access.records import NUMBERS

from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IDS = RandomIds()


def mark(letter: str) -> str:
    """Return a mark nobody else bears."""
    return f"mk{next(NUMBERS):06d}{letter}"


@dataclass(frozen=True)
class Case:
    """What became of an override.

    Attributes:
        over: Whether it ended before anybody asks, by hand where `stopped`.
        delay: For how many hours the person is not told; 0 for none.
        steps: What else happened, in order: `agree`, `dispute`, `review`.
    """

    over: bool = True
    stopped: bool = False
    delay: int = 0
    steps: tuple[str, ...] = ()


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "open": Case(over=False),
        "agreed, open": Case(over=False, steps=("agree",)),
        "over": Case(),
        "stopped": Case(stopped=True),
        "told later, open": Case(over=False, delay=24),
        "told later": Case(delay=24, steps=("agree",)),
        "told late": Case(delay=1),
        "disputed": Case(steps=("dispute",)),
        "reviewed": Case(steps=("review",)),
        "told later, reviewed": Case(delay=24, steps=("review",)),
        "disputed after the review": Case(steps=("review", "dispute")),
    }
)
# Of each: how many versions each of their Consents has, and the overrides of them.
STATES: Mapping[str, tuple[tuple[int, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "silent": ((), ()),
        "has said": ((2, 1), ()),
        "has an override alone": ((), ("over",)),
        "is told later alone": ((), ("told later",)),
        **{name: ((1,), (name,)) for name in CASES},
        "two, one told later": ((1,), ("told later", "over")),
        "two, one of them open": ((2,), ("disputed", "open")),
    }
)


@dataclass(eq=False, repr=False)
class Said:
    """One Consent; a mark for each of its versions."""

    versions: tuple[str, ...]
    id: str = ""


@dataclass(eq=False, repr=False)
class Opened:
    """One override and whatever was written about it; what was not is empty."""

    case: Case
    id: str = ""
    subject: str = field(default_factory=lambda: mark("s"))
    display: str = field(default_factory=lambda: mark("d"))
    text: str = field(default_factory=lambda: mark("t"))
    delay: str = field(default_factory=lambda: mark("l"))
    second: str = field(default_factory=lambda: mark("c"))
    dispute: str = field(default_factory=lambda: mark("o"))
    review: str = field(default_factory=lambda: mark("r"))
    used: str = field(default_factory=lambda: mark("u"))  # who the region says looked under it

    @property
    def code(self) -> str:
        """What colleagues read out."""
        return self.id[:8].upper()

    @property
    def told(self) -> bool:
        """Whether the person may know of it by now."""
        return self.case.delay < 24


@dataclass(eq=False, repr=False)
class Someone:
    """One person, with their id in the PHR and in the region, and the token that links both."""

    state: str
    id: str = field(default_factory=IDS.new)
    patient: str = field(default_factory=IDS.new)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    looked: str = field(default_factory=lambda: mark("k"))  # who looked, and not in an emergency
    consents: list[Said] = field(default_factory=list)
    overrides: list[Opened] = field(default_factory=list)


@dataclass(frozen=True)
class Fact:
    """Something that a mark gives away.

    Attributes:
        part: Of a person `id`, `patient`, `token`, `looked`; of a Consent or override, its parts.
        of: The Consent or override; None for the person.
    """

    person: Someone
    part: str
    of: Said | Opened | None = None


def everybody() -> list[Someone]:
    """Return a person in each state."""
    return [
        Someone(
            state,
            consents=[Said(tuple(mark("v") for _ in range(count))) for count in said],
            overrides=[Opened(CASES[name]) for name in overrides],
        )
        for state, (said, overrides) in STATES.items()
    ]


def facts(person: Someone) -> Iterator[tuple[str, Fact]]:
    """Yield every mark of a person with what it gives away."""
    for part in ("id", "patient", "token", "looked"):
        yield getattr(person, part), Fact(person, part)
    for said in person.consents:
        yield said.id, Fact(person, "id", said)
        for number, version in enumerate(said.versions, start=1):
            yield version, Fact(person, str(number), said)
    for one in person.overrides:
        for part in ("id", "code", *_WRITTEN):
            yield getattr(one, part), Fact(person, part, one)


_WRITTEN = ("subject", "display", "text", "delay", "second", "dispute", "review", "used")
