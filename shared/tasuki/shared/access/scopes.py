"""SMART App Launch scopes as values that can be compared, narrowed and asked.

    (patient|user|system)/(Type|*).c?r?u?d?s?[?param=value&...]

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasuki.shared.faults import Category, Fault

LETTERS = "cruds"
"""create, read, update, delete, search; in the order SMART wants them written."""

OPENID_WORDS = frozenset(
    {"openid", "fhirUser", "launch", "launch/patient", "launch/encounter", "offline_access"}
)
TASUKI_WORDS = frozenset(
    {
        "tasuki/declare",
        "tasuki/desk",
        "tasuki/feed",
        "tasuki/locate",
        "tasuki/match",
        "tasuki/override",
        "tasuki/profile",
        "tasuki/review",
        "tasuki/warn",
    }
)
WORDS = OPENID_WORDS | TASUKI_WORDS

MAX_SCOPES = 100  # comparing is quadratic, so a request may not name thousands
MAX_CHARACTERS = 8_000

_VERSION_1 = {"read": "rs", "write": "cud", "*": LETTERS}
_RESOURCE = re.compile(
    r"(?P<context>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{0,63})\."
    r"(?:(?P<letters>c?r?u?d?s?)(?:\?(?P<query>[\x21\x23-\x5b\x5d-\x7e]+))?|(?P<v1>read|write|\*))"
)
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")

Query = tuple[tuple[str, str], ...]
"""Search parameters that every resource must meet, sorted; empty for no restriction."""


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """One resource scope.

    Attributes:
        context: `patient`, `user` or `system`.
        type: Resource type, or `*`.
        letters: Letters out of `cruds`.
        query: What the resources must also meet; it can only restrict.
    """

    context: str
    type: str
    letters: frozenset[str]
    query: Query = ()

    def covers(self, other: ResourceScope) -> bool:
        """Return whether whatever the other allows, this one alone allows as well."""
        return (
            self.context == other.context
            and self.type in ("*", other.type)
            and self.letters >= other.letters
            and set(self.query) <= set(other.query)
        )

    def shared_with(self, other: ResourceScope) -> ResourceScope | None:
        """Return what both allow; None where that is nothing."""
        letters = self.letters & other.letters
        types = {self.type, other.type} - {"*"}
        if self.context != other.context or len(types) > 1 or not letters:
            return None
        type_ = types.pop() if types else "*"
        query = tuple(sorted(set(self.query) | set(other.query)))
        return ResourceScope(self.context, type_, letters, query)

    def __str__(self) -> str:
        letters = "".join(letter for letter in LETTERS if letter in self.letters)
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.context}/{self.type}.{letters}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class ScopeSet:
    """What a token may be used for. Empty allows nothing.

    Attributes:
        resources: Resource scopes.
        words: Scopes without a resource, e.g. `openid` or `tasuki/desk`.
    """

    resources: frozenset[ResourceScope] = frozenset()
    words: frozenset[str] = frozenset()

    def allows(self, resource_type: str, letter: str) -> bool:
        """Return whether some scope gives this interaction on every resource of the type.

        A scope with a query part gives it on some resources only, so it does not count here;
        `restrictions` tells about those.
        """
        return any(not scope.query for scope in self._giving(resource_type, letter))

    def restrictions(self, resource_type: str, letter: str) -> tuple[Query, ...]:
        """Return the query parts under which the interaction is allowed, of which one must hold.

        Empty where `allows` is true (nothing to check) or where nothing gives the interaction.
        """
        if self.allows(resource_type, letter):
            return ()
        return tuple(sorted({scope.query for scope in self._giving(resource_type, letter)}))

    def contexts(self, resource_type: str, letter: str) -> frozenset[str]:
        """Return the contexts (`patient`, `user`, `system`) that give the interaction."""
        return frozenset(scope.context for scope in self._giving(resource_type, letter))

    def has(self, word: str) -> bool:
        """Return whether a scope without a resource, e.g. `tasuki/declare`, is here."""
        return word in self.words

    def in_contexts(self, contexts: frozenset[str]) -> ScopeSet:
        """Return this set without the resource scopes of any other context."""
        kept = frozenset(scope for scope in self.resources if scope.context in contexts)
        return ScopeSet(kept, self.words)

    def narrowed_to(self, other: ScopeSet) -> ScopeSet:
        """Return what both sets allow; never wider than either."""
        met = {
            both
            for mine in self.resources
            for theirs in other.resources
            if (both := mine.shared_with(theirs)) is not None
        }
        kept = {
            scope
            for scope in met
            if not any(larger != scope and larger.covers(scope) for larger in met)
        }
        return ScopeSet(frozenset(kept), self.words & other.words)

    def is_subset(self, other: ScopeSet) -> bool:
        """Return whether everything this set allows, the other allows too."""
        return self.words <= other.words and all(
            any(
                theirs.covers(ResourceScope(mine.context, mine.type, frozenset({one}), mine.query))
                for theirs in other.resources
            )
            for mine in self.resources
            for one in mine.letters
        )

    def __str__(self) -> str:
        return " ".join([*sorted(self.words), *sorted(str(scope) for scope in self.resources)])

    def __bool__(self) -> bool:
        return bool(self.resources or self.words)

    def _giving(self, resource_type: str, letter: str) -> list[ResourceScope]:
        return [
            scope
            for scope in self.resources
            if letter in scope.letters and scope.type in ("*", resource_type)
        ]


def parse_scopes(text: str) -> ScopeSet:
    """Return the scopes of a space-separated list.

    Raises:
        Fault: INVALID for a scope that is not known, or too many of them.
    """
    found = [_read(part) for part in _parts(text)]
    if None in found:
        raise Fault(Category.INVALID, "A requested scope is not known here.", at=("scope",))
    return _collected(found)


def recognised_scopes(text: str) -> ScopeSet:
    """Return the scopes we know and leave out the rest, as RFC 6749 section 3.3 lets a server do.

    Raises:
        Fault: INVALID for too many of them.
    """
    return _collected([_read(part) for part in _parts(text)])


def _parts(text: str) -> list[str]:
    parts = text.split(" ") if len(text) <= MAX_CHARACTERS else []
    if len(text) > MAX_CHARACTERS or len(parts) > MAX_SCOPES:
        raise Fault(Category.INVALID, "Too many scopes were requested.", at=("scope",))
    return [part for part in parts if part]


def _read(part: str) -> ResourceScope | str | None:
    if part in WORDS:
        return part
    match = _RESOURCE.fullmatch(part)
    if match is None:
        return None
    letters = _VERSION_1[match["v1"]] if match["v1"] else match["letters"]
    query = _query(match["query"])
    if not letters or query is None:
        return None
    return ResourceScope(match["context"], match["type"], frozenset(letters), query)


def _query(text: str | None) -> Query | None:
    if text is None:
        return ()
    pairs = [part.partition("=") for part in text.split("&")]
    if not all(_PARAMETER.fullmatch(name) and equals and value for name, equals, value in pairs):
        return None
    return tuple(sorted({(name, value) for name, _, value in pairs}))


def _collected(found: list[ResourceScope | str | None]) -> ScopeSet:
    return ScopeSet(
        frozenset(scope for scope in found if isinstance(scope, ResourceScope)),
        frozenset(word for word in found if isinstance(word, str)),
    )
