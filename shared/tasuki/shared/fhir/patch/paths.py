"""The part of FHIRPath that a patch may use to name a place.

https://hl7.org/fhirpath/N1/ ; https://hl7.org/fhir/R4/fhirpatch.html

Element names (`value`, or `valueQuantity`), `[n]`, `first()`, `last()`, `where()`, `exists()`,
`empty()`, `not()`, `extension()`, `ofType()`, `as()`, `as`, `is`, `and`, `or`, `=`, `!=`, `$this`
and literals. Everything only goes down from where it is, so the work is bounded by what is there.
Anything else is refused rather than guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Number
from tasuki.shared.fhir.patch import steps
from tasuki.shared.fhir.patch.limits import MAX_EXPRESSION, MAX_NESTING, Meter
from tasuki.shared.fhir.patch.places import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.fhir.patch.steps import Item, Step

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<quoted>`[A-Za-z][A-Za-z0-9]*`)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>!=|[().,=\[\]]))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_WORDS = frozenset({"and", "or", "as", "is", "true", "false"})
_TYPE = re.compile(r"[A-Za-z]+")


class Path:
    """A compiled path."""

    def __init__(self, taken: list[Step], last: str | None) -> None:
        self._taken = taken
        self._last = last

    def places(self, resource: Place, meter: Meter) -> list[Place]:
        """Return the places the path leads to, in order.

        Raises:
            Fault: STRUCTURE: it names an element that is not defined. TOO_COSTLY: of the meter.
        """
        return _only_places(steps.run(self._taken, [resource], meter))

    def collection(self, resource: Place, meter: Meter) -> tuple[list[Place], str]:
        """Return the places that hold the list which the path names last, and its name.

        Raises:
            Fault: STRUCTURE: as `places`, or when it does not end with a name.
        """
        if self._last is None:
            raise Fault(Category.STRUCTURE, "the path must end with the name of a list")
        return _only_places(steps.run(self._taken[:-1], [resource], meter)), self._last


def compile_path(expression: str) -> Path:
    """Return the compiled path.

    Raises:
        Fault: NOT_SUPPORTED: not of the part of FHIRPath above. TOO_LARGE: too long.
    """
    if len(expression) > MAX_EXPRESSION:
        raise Fault(
            Category.TOO_LARGE, f"a path of a patch may have {MAX_EXPRESSION:,} characters at most"
        )
    return _Parser(_tokens(expression)).whole()


def _only_places(found: list[Item]) -> list[Place]:
    places = [item for item in found if isinstance(item, Place)]
    if len(places) != len(found):
        raise Fault(Category.STRUCTURE, "the path leads to no element")
    return places


def _unsupported() -> Fault:
    return Fault(
        Category.NOT_SUPPORTED,
        "this FHIRPath is not supported in a patch; use names, [index], first(), last(), "
        "where(), ofType() and extension()",
    )


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise _unsupported()
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


class _Parser:
    """Recursive descent, loosest operator first."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens[::-1]
        self.depth = 0

    def whole(self) -> Path:
        taken, last = self._typed()
        if self.tokens:
            raise _unsupported()
        return Path(taken, last)

    def _take(self, *texts: str) -> str | None:
        kind, text = self.tokens[-1] if self.tokens else ("", "")
        if text in texts and kind in {"sign", "name"}:
            self.tokens.pop()
            return text
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise _unsupported()

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise _unsupported()
        return self.tokens.pop()

    def _condition(self) -> list[Step]:
        return self._joined("or", self._and)

    def _and(self) -> list[Step]:
        return self._joined("and", self._compared)

    def _joined(self, word: str, part: Callable[[], list[Step]]) -> list[Step]:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else [steps.joined(word, parts)]

    def _compared(self) -> list[Step]:
        left, _ = self._typed()
        sign = self._take("=", "!=")
        if sign is None:
            return left
        right, _ = self._typed()
        return [steps.compared(left, right, wanted=sign == "=")]

    def _typed(self) -> tuple[list[Step], str | None]:
        taken, last = self._chain()
        while word := self._take("as", "is"):
            name = self._type()
            taken = [*taken, steps.of_type(name) if word == "as" else steps.is_type(name)]
            last = None
        return taken, last

    def _chain(self) -> tuple[list[Step], str | None]:
        taken, last = self._first()
        while sign := self._take(".", "["):
            if sign == "[":
                step, last = self._index(), None
            else:
                step, last = self._invocation(self._next())
            taken.append(step)
        return taken, last

    def _first(self) -> tuple[list[Step], str | None]:
        kind, text = self._next()
        if text == "(" and kind == "sign":
            inner = self._inside()
            self._expect(")")
            return [steps.grouped(inner)], None
        if text == "$this":
            return [], None
        literal = _literal(kind, text)
        if literal is not None:
            return [literal], None
        step, last = self._invocation((kind, text))
        return [step], last

    def _index(self) -> Step:
        kind, text = self._next()
        self._expect("]")
        if kind != "number" or not text.isdecimal():
            raise _unsupported()
        return steps.at_index(int(text))

    def _invocation(self, token: tuple[str, str]) -> tuple[Step, str | None]:
        kind, text = token
        if kind == "quoted":
            return steps.member(text[1:-1]), text[1:-1]
        if kind == "name" and self._take("("):
            step = self._function(text)
            self._expect(")")
            return step, None
        if kind != "name" or text in _WORDS or text.startswith("$"):
            raise _unsupported()
        return steps.member(text), text

    def _function(self, name: str) -> Step:
        if name in steps.PLAIN:
            return steps.PLAIN[name]
        if name == "where":
            return steps.where(self._inside())
        if name in {"ofType", "as"}:
            return steps.of_type(self._type())
        if name == "extension":
            return steps.extension(self._text())
        raise _unsupported()

    def _inside(self) -> list[Step]:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise _unsupported()
        taken = self._condition()
        self.depth -= 1
        return taken

    def _type(self) -> str:
        kind, text = self._next()
        if (kind, text) == ("name", "FHIR") and self._take("."):
            kind, text = self._next()
        if kind != "name" or _TYPE.fullmatch(text) is None:
            raise _unsupported()
        return text

    def _text(self) -> str:
        kind, text = self._next()
        if kind != "text":
            raise _unsupported()
        return _unescaped(text[1:-1])


def _literal(kind: str, text: str) -> Step | None:
    if kind == "text":
        return steps.constant(_unescaped(text[1:-1]))
    if kind == "number":
        return steps.constant(Number(text))
    if text in {"true", "false"}:
        return steps.constant(text == "true")
    if kind == "name" and text[0].isupper():
        return steps.starting(text)
    return None


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        escape = match.group(1)
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, escape)

    return _ESCAPE.sub(character, text)
