"""Reference and URI search.

https://hl7.org/fhir/R4/search.html#reference
https://hl7.org/fhir/R4/search.html#uri
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.primitives import is_id
from tasuki.shared.fhir.references import Reference, parse_reference
from tasuki.shared.fhir.search.escapes import unescape
from tasuki.shared.fhir.search.tokens import parse_token, token_match

Matcher = Callable[[Any], bool]


def asked_reference(raw: str, *, targets: tuple[str, ...], base: str) -> Reference | str:
    """Return the reference a search value names, or a canonical URL.

    A bare id means the one type the parameter can point to, or Patient where that is one of them.

    Raises:
        Fault: INVALID when it is neither id, Type/id nor a URL, or an id of an unclear type.
    """
    text = unescape(raw)
    if is_id(text):
        if len(targets) == 1 or "Patient" in targets:
            return Reference(targets[0] if len(targets) == 1 else "Patient", text)
        raise Fault(Category.INVALID, "this reference needs its type: Type/id")
    reference = parse_reference(text)
    if reference is not None:
        return reference.within(base)
    if "://" in text or text.startswith("urn:"):
        return text
    raise Fault(Category.INVALID, "a reference must look like id, Type/id or a URL")


def reference_match(asked: Reference | str, *, base: str) -> Matcher:
    """Return the match of a reference element, or of a canonical; versions are not compared."""
    canonical = canonical_match(str(asked))
    if isinstance(asked, str):
        return canonical
    wanted = asked.urn or asked.id or ""

    def matches(value: Any) -> bool:
        if isinstance(value, str):
            return canonical(value)
        literal = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(literal, str) or wanted not in literal:
            return False  # most are about somebody else, and reading a reference is dear
        held = parse_reference(literal)
        return held is not None and _key(held.within(base)) == _key(asked)

    return matches


def logical_match(raw: str) -> Matcher:
    """Return the `:identifier` match: the reference names its target by this identifier."""
    match = token_match([parse_token(raw)])
    return lambda value: isinstance(value, dict) and match(value.get("identifier"))


def canonical_match(asked: str) -> Matcher:
    """Return the match of a URI; a canonical matches without its version too."""

    def matches(value: Any) -> bool:
        return isinstance(value, str) and (value == asked or value.split("|")[0] == asked)

    return matches


def below_match(asked: str) -> Matcher:
    """Return the `:below` match: the URL, or one whose path begins with its segments.

    Raises:
        Fault: INVALID for a URN, which has no path.
    """
    stem = _stem(asked)

    def matches(value: Any) -> bool:
        held = value.split("|")[0].rstrip("/") if isinstance(value, str) else ""
        return held == stem or held.startswith(f"{stem}/")

    return matches


def above_match(asked: str) -> Matcher:
    """Return the `:above` match: the URL, or one whose segments its path begins with.

    Raises:
        Fault: INVALID for a URN, which has no path.
    """
    stem = _stem(asked)

    def matches(value: Any) -> bool:
        held = value.split("|")[0].rstrip("/") if isinstance(value, str) else ""
        return held == stem or (held != "" and stem.startswith(f"{held}/"))

    return matches


def _stem(asked: str) -> str:
    if "://" not in asked:
        raise Fault(Category.INVALID, ":above and :below need a URL with a path")
    return asked.rstrip("/")


URI_MATCHES: Mapping[str | None, Callable[[str], Matcher]] = MappingProxyType(
    {None: canonical_match, "above": above_match, "below": below_match}
)


def local_targets(values: Iterable[Any], base: str) -> set[tuple[str, str]]:
    """Return the (type, id) on this server that reference elements point to, versions aside."""
    found = set()
    for value in values:
        literal = value.get("reference") if isinstance(value, dict) else value
        reference = parse_reference(literal) if isinstance(literal, str) else None
        here = reference.within(base) if reference is not None else None
        if here is not None and here.base is None and here.type and here.id:
            found.add((here.type, here.id))
    return found


def _key(reference: Reference) -> tuple[str | None, ...]:
    return reference.base, reference.type, reference.id, reference.urn
