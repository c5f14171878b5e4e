"""The part of FHIRPath that SearchParameters use, compiled to plain closures.

https://hl7.org/fhirpath/N1/

Paths, `|`, `as`, `is`, `and`, `=`, `!=`, `where()`, `exists()`, `as()`, `ofType()`,
`extension()`, and `resolve() is Type`, which asks the reference itself and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tasuki.shared.fhir.references import parse_reference

Extract = Callable[[Any], list[Any]]
Step = Callable[[list[Any]], list[Any]]

_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*)|(!=|[().,|=]))")
_BOOLEANS = {"true": True, "false": False}
_ROOTS = frozenset({"Resource", "DomainResource"})
_ANY = """Age Attachment Boolean Code CodeableConcept Coding Date DateTime Decimal Duration Identifier
    Instant Integer Period Quantity Range Ratio Reference SampledData String Time Timing Uri"""
_TYPES_BY_CHOICE = {
    "abatement": "Age DateTime Period Range String",
    "age": "Age Range String",
    "born": "Date Period String",
    "collected": "DateTime Period",
    "deceased": "Age Boolean Date DateTime Range String",
    "due": "Date Duration",
    "effective": "DateTime Instant Period Timing",
    "fastingStatus": "CodeableConcept Duration",
    "item": "CodeableConcept Reference",
    "medication": "CodeableConcept Reference",
    "multipleBirth": "Boolean Integer",
    "occurred": "DateTime Period",
    "occurrence": "DateTime Period String Timing",
    "onset": "Age DateTime Period Range String",
    "performed": "Age DateTime Period Range String",
    "product": "CodeableConcept Reference",
    "scheduled": "Period String Timing",
    "source": "Attachment Reference",
    "start": "CodeableConcept Date",
    "target": "Identifier Reference",
    "value": _ANY,
}
# The JSON names each choice element can have, those of all resource types together.
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(f"{name}{datatype}" for datatype in types.split())
        for name, types in _TYPES_BY_CHOICE.items()
    }
)


class ExpressionError(ValueError):
    """The expression is outside the part of FHIRPath known here: a defect in the definitions."""


def compile_expression(expression: str) -> Extract:
    """Return a function from a resource to the values the expression selects.

    Raises:
        ExpressionError: The expression cannot be compiled.
    """
    run = _Parser(expression).whole()
    return lambda resource: run([resource])


class _Key:
    """Steps into an element, by any of its type-suffixed names when it is a choice."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names = (*CHOICES.get(name, ()), name)

    def as_type(self, datatype: str) -> None:
        """Narrow a choice to one of its types."""
        if self.name not in CHOICES:
            raise ExpressionError(f"`as` after `{self.name}`, which is no choice")
        self.names = (f"{self.name}{datatype[0].upper()}{datatype[1:]}",)

    def beside_primitives(self) -> None:
        """Look where JSON keeps the extensions of a primitive: in the element with `_` before it."""
        self.names = (*(f"_{name}" for name in self.names), *self.names)

    def __call__(self, nodes: list[Any]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            value = self._held(node)
            if type(value) is list:
                found += [item for item in value if item is not None]
            elif value is not None:
                found.append(value)
        return found

    def _held(self, node: Any) -> Any:
        if type(node) is dict:
            for name in self.names:
                if name in node:
                    return node[name]
        return None


class _Path:
    """Steps in sequence; what every part of an expression compiles to."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)

    def __call__(self, nodes: list[Any]) -> list[Any]:
        for step in self.steps:
            nodes = step(nodes)
        return nodes

    def as_type(self, datatype: str) -> None:
        last = self.steps[-1]
        if isinstance(last, (_Key, _Path)):
            last.as_type(datatype)
        else:
            raise ExpressionError("`as` after something that is no element")


class _Parser:
    """Recursive descent, loosest operator first."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens = _tokens(expression)

    def whole(self) -> _Path:
        path = self._union()
        if self.tokens:
            raise self._error()
        return path

    def _error(self) -> ExpressionError:
        return ExpressionError(f"cannot read {self.expression!r} at {self.tokens[:1]}")

    def _next(self) -> str:
        if not self.tokens:
            raise self._error()
        return self.tokens.pop(0)

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            del self.tokens[0]
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._error()

    def _union(self) -> _Path:
        parts = [self._and()]
        while self._take("|"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else _Path(_union_of(parts))

    def _and(self) -> _Path:
        parts = [self._equality()]
        while self._take("and"):
            parts.append(self._equality())
        return parts[0] if len(parts) == 1 else _Path(_all_of(parts))

    def _equality(self) -> _Path:
        left = self._typed()
        for sign, wanted in (("=", True), ("!=", False)):
            if self._take(sign):
                return _Path(_compared(left, self._typed(), wanted=wanted))
        return left

    def _typed(self) -> _Path:
        path = self._path()
        while True:
            if self._take("as"):
                path.as_type(self._next())
            elif self.tokens[:1] == ["is"] and path.steps[-1:] == [_resolved]:
                del self.tokens[0]
                path.steps.append(_refers_to(self._next()))
            else:
                return path

    def _path(self) -> _Path:
        path = _Path()
        if self._take("("):
            path.steps.append(self._union())
            self._expect(")")
        else:
            self._first(path)
        while self._take("."):
            self._invocation(path, self._next())
        return path

    def _first(self, path: _Path) -> None:
        token = self._next()
        if token.startswith("'"):
            path.steps.append(_constant(token[1:-1]))
        elif token in _BOOLEANS:
            path.steps.append(_constant(_BOOLEANS[token]))
        elif token[0].isupper():
            path.steps.append(_root(token))
        else:
            self._invocation(path, token)

    def _invocation(self, path: _Path, name: str) -> None:
        if not name[0].isalpha():
            raise self._error()
        if not self._take("("):
            path.steps.append(_Key(name))
            return
        self._function(path, name)
        self._expect(")")

    def _function(self, path: _Path, name: str) -> None:
        if name == "where":
            path.steps.append(_filtered(self._union()))
        elif name in {"as", "ofType"}:
            path.as_type(self._next())
        elif name == "extension":
            if path.steps and isinstance(path.steps[-1], _Key):
                path.steps[-1].beside_primitives()
            path.steps += [_Key("extension"), _with_url(self._next().strip("'"))]
        elif name == "exists":
            path.steps.append(lambda nodes: [bool(nodes)])
        elif name == "resolve":
            path.steps.append(_resolved)
        else:
            raise self._error()


def _tokens(expression: str) -> list[str]:
    found: list[str] = []
    at = 0
    while expression[at:].strip():
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ExpressionError(f"cannot read {expression!r} at {at}")
        found.append(match.group().strip())
        at = match.end()
    return found


def _union_of(parts: list[_Path]) -> Step:
    return lambda nodes: [value for part in parts for value in part(nodes)]


def _all_of(parts: list[_Path]) -> Step:
    return lambda nodes: [all(part(nodes) == [True] for part in parts)]


def _compared(left: _Path, right: _Path, *, wanted: bool) -> Step:
    def compare(nodes: list[Any]) -> list[Any]:
        here, there = left(nodes), right(nodes)
        return [(here == there) is wanted] if here and there else []

    return compare


def _constant(value: str | bool) -> Step:
    return lambda _: [value]


def _root(name: str) -> Step:
    if name in _ROOTS:
        return lambda nodes: nodes
    return lambda nodes: [node for node in nodes if node.get("resourceType") == name]


def _filtered(criterion: _Path) -> Step:
    return lambda nodes: [node for node in nodes if criterion([node]) == [True]]


def _with_url(url: str) -> Step:
    return lambda nodes: [node for node in nodes if node.get("url") == url]


def _resolved(nodes: list[Any]) -> list[Any]:
    """Leave the references as they are, for `is` to look at."""
    return nodes


def _refers_to(resource_type: str) -> Step:
    return lambda nodes: [_may_refer_to(node, resource_type) for node in nodes]


def _may_refer_to(node: Any, resource_type: str) -> bool:
    """Return whether the reference is to this type; one that does not say its type may be."""
    if not isinstance(node, dict):
        return False
    literal = node.get("reference")
    reference = parse_reference(literal) if isinstance(literal, str) else None
    named = reference.type if reference is not None and reference.type else node.get("type")
    return named is None or named == resource_type
