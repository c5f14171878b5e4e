"""A case: its id, the page it rests on, and what a server must declare for it.

A server that does not declare what a case needs is held to an honest refusal instead: 4xx with an
OperationOutcome, never an answer that ignores half of the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Probe:
    """The request that a server which declines a case must refuse; `{label}` as in queries.

    Attributes:
        kind: `form`, `json-patch` or `fhirpath-patch` where the body is not a plain resource.
    """

    method: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        id: Unique in the suite; what a report or `known.py` names.
        spec: URL of the page it rests on.
        needs: What the CapabilityStatement must declare; see `Capability.has`.
        probe: What is asked of a server that declines.
    """

    id: str
    spec: str
    needs: tuple[str, ...] = ()
    probe: Probe | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search and what it must find.

    Attributes:
        id: As `Case.id`.
        query: `Type?…`, with `{label}` for `Type/id` and `{label:id}` for the id of seeded data.
            Written plainly: percent-encoding is done when it is sent.
        finds: Labels of everything it matches, separated by spaces.
        spec: As `Case.spec`.
        ordered: Whether the matches must come in this order.
        at_least: Whether more may be found: where R4 leaves the limit to the server.
        witness: Where `finds` is empty: a search that finds something, so that a server which finds
            nothing at all fails.
    """

    id: str
    query: str
    finds: str
    spec: str
    ordered: bool = False
    at_least: bool = False
    witness: str = ""

    def __post_init__(self) -> None:
        assert self.finds or self.witness, f"{self.id} would pass on a server that finds nothing"

    @property
    def needs(self) -> tuple[str, ...]:
        return needs_of(self.query)

    @property
    def probe(self) -> Probe:
        return Probe("GET", self.query)


@dataclass(frozen=True, slots=True)
class Included:
    """A search, its matches, and what must come with them.

    Attributes:
        matches: Labels, separated by spaces.
        includes: Labels of what comes with mode `include`: all of it.
    """

    id: str
    query: str
    matches: str
    includes: str
    spec: str

    @property
    def needs(self) -> tuple[str, ...]:
        return needs_of(self.query)

    @property
    def probe(self) -> Probe:
        return Probe("GET", self.query)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that must be refused.

    Attributes:
        statuses: Which status codes R4 allows here.
        names: A part that the outcome must name, in an expression or in words.
        needs: As `Case.needs`.
    """

    id: str
    probe: Probe
    statuses: tuple[int, ...]
    spec: str
    names: str = ""
    needs: tuple[str, ...] = ()


class AnyCase(Protocol):
    """What every row has; see `Case`."""

    @property
    def id(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def probe(self) -> Probe | None: ...


def cases(rows: Sequence[AnyCase]) -> pytest.MarkDecorator:
    """Return the decorator that runs a test for every row."""
    return pytest.mark.parametrize("case", rows, ids=[row.id for row in rows])


def case(id_: str, spec: str, *needs: str, probe: Probe | None = None) -> pytest.MarkDecorator:
    """Return the decorator of a test that is one case."""
    return cases([Case(id_, spec, needs, probe)])


_REVERSE = re.compile(r"_has:(\w+):([\w-]+)")


def needs_of(query: str) -> tuple[str, ...]:
    """Return what a server must declare to answer a search."""
    type_, _, asked = query.partition("?")
    found = [type_]
    for part in asked.split("&"):
        name, _, value = part.partition("=")
        found.extend(f"{of}.searchParam:{called}" for of, called in _REVERSE.findall(name))
        plain = re.split(r"[:.]", name, maxsplit=1)[0]
        if plain == "_include":
            found.append(f"{value.split(':')[0]}.searchInclude:{_two(value)}")
        elif plain == "_revinclude":
            # Declared at the type that is searched; an iterated one at whatever it starts from.
            of = "" if ":" in name else type_
            found.extend([f"{of}.searchRevInclude:{_two(value)}"] if of else [])
        elif plain and not plain.startswith("_"):
            found.append(f"{type_}.searchParam:{plain}")
    return tuple(dict.fromkeys(one for one in found if one))


def _two(value: str) -> str:
    """Return `Type:parameter` without the target type."""
    return ":".join(value.split(":")[:2])
