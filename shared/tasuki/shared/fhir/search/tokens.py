"""Token search: codes and identifiers, by system and value.

https://hl7.org/fhir/R4/search.html#token

`code` in any system, `system|code`, `|code` without a system, `system|` any code of the system.
An OID and the URL of the same system are one (`twins`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search.escapes import split, unescape
from tasuki.shared.fhir.search.strings import starts
from tasuki.shared.fhir.twins import canonical_system
from tasuki.shared.text.phones import fold_phone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_PARTS = 2
_TYPED_PARTS = 3
_PHONES = frozenset({"phone", "fax", "sms", "pager"})


@dataclass(frozen=True, slots=True)
class Token:
    """What a token value asks for.

    Attributes:
        system: Canonical system; empty for "has none"; None for any.
        code: Code or identifier value; None for any.
    """

    system: str | None
    code: str | None

    def matches(self, value: Any) -> bool:
        """Return whether a Coding, CodeableConcept, Identifier, ContactPoint or code matches."""
        if isinstance(value, bool):
            return self.code == ("true" if value else "false")
        if isinstance(value, str):
            # A bare code has the system of its element, which the value does not repeat.
            return self.code is None or self.code == value
        return isinstance(value, dict) and any(map(self._matches_pair, _pairs(value)))

    def _matches_pair(self, pair: tuple[Any, Any]) -> bool:
        system, code = pair
        if self.code is not None and self.code != code and not self._same_number(pair):
            return False
        if self.system is None:
            return True
        return self.system == (canonical_system(system) if isinstance(system, str) else "")

    def _same_number(self, pair: tuple[Any, Any]) -> bool:
        system, code = pair
        if system not in _PHONES or not isinstance(code, str) or self.code is None:
            return False
        return fold_phone(self.code) == fold_phone(code) != ""


def parse_token(raw: str) -> Token:
    """Return the token a still escaped search value asks for.

    Raises:
        Fault: INVALID for more than one `|`, or neither system nor code.
    """
    parts = [unescape(part) for part in split(raw, "|")]
    if len(parts) > _MAX_PARTS or not any(parts):
        raise Fault(Category.INVALID, "a token must look like code, system|code or |code")
    if len(parts) == 1:
        return Token(None, parts[0])
    return Token(canonical_system(parts[0]), parts[1] or None)


def typed_match(raw: str) -> Callable[[Any], bool]:
    """Return the `:of-type` match of an Identifier: `system|code|value`, all of them given.

    Raises:
        Fault: INVALID when a part is missing.
    """
    parts = [unescape(part) for part in split(raw, "|")]
    if len(parts) != _TYPED_PARTS or not all(parts):
        raise Fault(Category.INVALID, ":of-type must look like system|code|value")
    kind, wanted = Token(canonical_system(parts[0]), parts[1]), parts[2]

    def matches(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and value.get("value") == wanted
            and kind.matches(value.get("type"))
        )

    return matches


def text_match(*asked: str) -> Callable[[Any], bool]:
    """Return the `:text` match: a display or text of the concept starts so, folded."""
    match = starts(*asked)
    return lambda value: isinstance(value, dict) and (match(value) or match(value.get("type")))


def codes_of(value: Any) -> Iterator[str]:
    """Yield the codes or values of a token element, for sorting."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (code for _, code in _pairs(value) if isinstance(code, str))


def _pairs(value: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    codings = value.get("coding")
    if isinstance(codings, list):
        for coding in codings:
            if isinstance(coding, dict):
                yield coding.get("system"), coding.get("code")
    else:
        yield value.get("system"), value.get("value", value.get("code"))
