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
    from collections.abc import Callable, Iterator, Sequence

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


def token_match(tokens: Sequence[Token]) -> Callable[[Any], bool]:
    """Return the match of any of these tokens by a code, Coding, concept, Identifier or contact.

    One matcher for all of them: however many are asked for, a value is looked up once.
    """
    codes = frozenset(token.code for token in tokens)
    anywhere = frozenset(token.code for token in tokens if token.system is None)
    pairs = frozenset((token.system, token.code) for token in tokens)
    phones = _Phones(tokens)

    def matches_pair(system: Any, code: Any) -> bool:
        code = code if isinstance(code, str) else None
        if code in anywhere or phones.match(system, code):
            return True
        known = canonical_system(system) if isinstance(system, str) else ""
        return (known, code) in pairs or (known, None) in pairs

    def matches(value: Any) -> bool:
        if isinstance(value, dict):
            return any(matches_pair(system, code) for system, code in _pairs(value))
        if isinstance(value, bool):
            return ("true" if value else "false") in codes
        # A bare code has the system of its element, which the value does not repeat.
        return isinstance(value, str) and (value in codes or None in codes)

    return matches


class _Phones:
    """The tokens read as telephone numbers; folded only once a number is compared with them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._folded: frozenset[tuple[str | None, str]] | None = None

    def match(self, system: Any, code: str | None) -> bool:
        if code is None or not isinstance(system, str) or system not in _PHONES:
            return False
        if self._folded is None:
            self._folded = frozenset(
                (token.system, fold_phone(token.code)) for token in self._tokens if token.code
            )
        number = fold_phone(code)
        return number != "" and not self._folded.isdisjoint([(None, number), (system, number)])


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
    kind = token_match([Token(canonical_system(parts[0]), parts[1])])
    wanted = parts[2]

    def matches(value: Any) -> bool:
        return isinstance(value, dict) and value.get("value") == wanted and kind(value.get("type"))

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
