"""Terms: one criterion of a search, compiled from a parameter, a modifier and its values.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.dates import COMPARISONS, interval, interval_of
from tasuki.shared.fhir.references import Reference
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.escapes import split, unescape
from tasuki.shared.fhir.search.links import (
    URI_MATCHES,
    asked_reference,
    logical_match,
    reference_match,
)
from tasuki.shared.fhir.search.numbers import number_match, quantity_match
from tasuki.shared.fhir.search.refusals import refuse_special, refused_modifier
from tasuki.shared.fhir.search.strings import STRING_MATCHES
from tasuki.shared.fhir.search.tokens import (
    Token,
    parse_token,
    text_match,
    token_match,
    typed_match,
)

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

Matcher = Callable[[Any], bool]

MAX_VALUES = 1000  # values joined by commas in one parameter
MAX_TEXTS = 50  # the same where texts are compared
_DATE = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([0-9].*)")


@dataclass(frozen=True, slots=True)
class Term:
    """One criterion; all terms of a query must match.

    Attributes:
        parameter: What it looks at.
        modifier: `exact`, `not` …, a resource type, or None.
        matchers: For the comma-separated values; any may match.
        references: What a reference term asks for.
        tokens: What a token term asks for.
        missing: For `:missing`, whether the element must be missing.
    """

    parameter: SearchParameter
    modifier: str | None
    matchers: tuple[Matcher, ...] = ()
    references: tuple[Reference | str, ...] = ()
    tokens: tuple[Token, ...] = ()
    missing: bool | None = None

    def matches(self, resource: Resource) -> bool:
        """Return whether the resource meets the criterion."""
        values = self.parameter.extract(resource)
        if self.missing is not None:
            return self.missing is not bool(values)
        for value in values:
            for matcher in self.matchers:
                if matcher(value):
                    return self.modifier != "not"
        return self.modifier == "not"


def read_term(resource_type: str, name: str, value: str, base: str) -> Term | None:
    """Return the criterion of `name=value`, or None when the type knows no such parameter.

    Raises:
        Fault: As `compile_term`.
    """
    code, colon, modifier = name.partition(":")
    parameter = search_parameters(resource_type).get(code)
    if parameter is None:
        refuse_special(resource_type, code)
        return None
    if not value:
        raise Fault(Category.INVALID, f"{code} has no value", at=(code,))
    return compile_term(parameter, modifier if colon else None, value, base)


def compile_term(parameter: SearchParameter, modifier: str | None, raw: str, base: str) -> Term:
    """Return the term of `code:modifier=raw`.

    Raises:
        Fault: INVALID for a value that cannot be read, NOT_SUPPORTED for the modifier.
    """
    if modifier == "missing" and not parameter.components:
        return Term(parameter, modifier, missing=_missing(parameter, raw))
    values = split(raw, ",")
    if len(values) > MAX_VALUES:
        raise Fault(Category.TOO_COSTLY, f"more than {MAX_VALUES} values in one parameter")
    if not all(values):
        raise Fault(Category.INVALID, f"{parameter.code} has an empty value")
    try:
        return _BUILDERS[parameter.type](parameter, modifier, values, base)
    except Fault as fault:
        message = f"{parameter.code}: {fault.message}"
        raise Fault(fault.category, message, at=(parameter.code,)) from None


def _missing(parameter: SearchParameter, raw: str) -> bool:
    if raw not in {"true", "false"}:
        raise Fault(Category.INVALID, f"{parameter.code}:missing must be true or false")
    return raw == "true"


def _token(parameter: SearchParameter, modifier: str | None, values: list[str], _: str) -> Term:
    if modifier == "text":
        return Term(parameter, modifier, (text_match(*_few(values)),))
    if modifier == "of-type" and parameter.expression.lower().endswith("identifier"):
        return Term(parameter, modifier, tuple(typed_match(value) for value in values))
    if modifier is not None and modifier != "not":
        raise refused_modifier(parameter, modifier)
    tokens = tuple(parse_token(value) for value in values)
    return Term(parameter, modifier, (token_match(tokens),), tokens=tokens)


def _reference(
    parameter: SearchParameter, modifier: str | None, values: list[str], base: str
) -> Term:
    if modifier == "identifier":
        return Term(parameter, modifier, tuple(logical_match(value) for value in values))
    if modifier is not None and modifier not in parameter.target:
        raise refused_modifier(parameter, modifier)
    targets = parameter.target if modifier is None else (modifier,)
    asked = tuple(asked_reference(value, targets=targets, base=base) for value in values)
    if modifier is not None and any(_type_of(reference) != modifier for reference in asked):
        raise Fault(Category.INVALID, "the reference is to another type than its modifier")
    matchers = tuple(reference_match(reference, base=base) for reference in asked)
    return Term(parameter, modifier, matchers, references=asked)


def _type_of(reference: Reference | str) -> str | None:
    return reference.type if isinstance(reference, Reference) else None


def _string(parameter: SearchParameter, modifier: str | None, values: list[str], _: str) -> Term:
    match = STRING_MATCHES.get(modifier)
    if match is None:
        raise refused_modifier(parameter, str(modifier))
    return Term(parameter, modifier, (match(*_few(values)),))


def _few(values: list[str]) -> list[str]:
    """Return the texts asked for; comparing texts is dearer than comparing codes."""
    if len(values) > MAX_TEXTS:
        raise Fault(Category.TOO_COSTLY, f"more than {MAX_TEXTS} texts in one parameter")
    return [unescape(value) for value in values]


def _plain(build: Callable[[str], Matcher]) -> Callable[..., Term]:
    def compiled(
        parameter: SearchParameter, modifier: str | None, values: list[str], _: str
    ) -> Term:
        if modifier is not None:
            raise refused_modifier(parameter, modifier)
        return Term(parameter, modifier, tuple(build(value) for value in values))

    return compiled


def _uri(parameter: SearchParameter, modifier: str | None, values: list[str], _: str) -> Term:
    match = URI_MATCHES.get(modifier)
    if match is None:
        raise refused_modifier(parameter, str(modifier))
    return Term(parameter, modifier, tuple(match(unescape(value)) for value in values))


def _composite(
    parameter: SearchParameter, modifier: str | None, values: list[str], base: str
) -> Term:
    if modifier is not None:
        raise refused_modifier(parameter, modifier)
    return Term(parameter, None, tuple(_together(parameter, value, base) for value in values))


def _together(parameter: SearchParameter, raw: str, base: str) -> Matcher:
    """Return the match of one `part$part`: all of them in the same place of the resource."""
    parts = split(raw, "$")
    if len(parts) != len(parameter.components):
        shape = "$".join(component.code for component in parameter.components)
        raise Fault(Category.INVALID, f"must look like {shape}")
    terms = [
        compile_term(component, None, part, base)
        for component, part in zip(parameter.components, parts, strict=True)
    ]
    return lambda node: all(term.matches(node) for term in terms)


def _date_match(raw: str) -> Matcher:
    match = _DATE.fullmatch(raw)
    asked = interval(match[2]) if match is not None else None
    if match is None or asked is None:
        raise Fault(
            Category.INVALID, "a date must look like 2026-01-05, with a prefix such as ge before it"
        )
    compare = COMPARISONS[match[1] or "eq"]

    def matches(value: Any) -> bool:
        held = interval_of(value)
        return held is not None and compare(held, asked)

    return matches


_BUILDERS: dict[str, Callable[[SearchParameter, str | None, list[str], str], Term]] = {
    "composite": _composite,
    "date": _plain(_date_match),
    "number": _plain(number_match),
    "quantity": _plain(quantity_match),
    "reference": _reference,
    "string": _string,
    "token": _token,
    "uri": _uri,
}
