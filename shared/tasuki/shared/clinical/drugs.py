"""A medicine as recorded: its name, its codes, and what the codes say about its ingredient.

YJ code (12 characters): 1-4 therapeutic class, 5-7 route and ingredient (001-399 by mouth, 400-699
injected, 700 and over external), 8 form, 9 strength. The first seven agree for one ingredient and
route, the first nine for one strength. https://jpfhir.jp/fhir/core/

Some exporters label the first seven characters of a YJ code as HOT7. A real HOT7 is another
number, so such a code is believed only if the recorded name is a known name of that ingredient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.drug_names import (
    ANY_ROUTE,
    EXTERNAL,
    INJECTED,
    ORAL,
    Routes,
    known_names,
)
from tasuki.shared.clinical.fhirjson import Coding, child, children, codings, string
from tasuki.shared.clinical.systems import GENERAL_ORDER, HOT7, PRICE_LIST, YJ

if TYPE_CHECKING:
    from collections.abc import Mapping

_YJ_SHAPE: Final = re.compile(r"\d{7}(?:[A-Z](?:[0-9A-Z](?:\d{3}|ZZZ)?)?)?\Z")
_INGREDIENT, _STRENGTH = 7, 9
_ROUTE_DIGIT: Final = 4
_ORAL_DIGITS, _INJECTED_DIGITS = "0123", "456"


@dataclass(frozen=True, slots=True)
class Drug:
    """A medicine as recorded.

    Attributes:
        name: As recorded: the text, else a display, else empty.
        codings: System and code of every coding.
        yj: YJ code, or the leading 7 or more characters of one, or None.
        ingredient: Its first 7 characters: same ingredient and route.
        strength: Its first 9 characters: same strength too.
        also_named: Displays of the codings that differ from the name.
        classes: All YJ-shaped codes believed; more than one for a mixture.
    """

    name: str
    codings: tuple[tuple[str, str], ...]
    yj: str | None
    ingredient: str | None
    strength: str | None
    also_named: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def drug_of(concept: Mapping[str, object]) -> Drug:
    """Return the medicine a CodeableConcept names."""
    return _drug(string(concept, "text"), codings(concept))


def drug_of_medication(medication: Mapping[str, object]) -> Drug:
    """Return the medicine a Medication resource names; a mixture is named by its ingredients."""
    concept = child(medication, "code")
    items = [child(item, "itemCodeableConcept") for item in children(medication, "ingredient")]
    found = [*codings(concept), *(coding for item in items for coding in codings(item))]
    name = string(concept, "text") or next((c.display for c in codings(concept) if c.display), None)
    parts = [drug_of(item).name for item in items]
    return _drug(name or " + ".join(part for part in parts if part) or None, tuple(found))


def routes_of_code(yj: str) -> Routes:
    """Return the route a YJ code states, or every route if it is too short to state one."""
    digit = yj[_ROUTE_DIGIT : _ROUTE_DIGIT + 1]
    if not digit:
        return ANY_ROUTE
    if digit in _ORAL_DIGITS:
        return frozenset({ORAL})
    return frozenset({INJECTED if digit in _INJECTED_DIGITS else EXTERNAL})


def _drug(text: str | None, found: tuple[Coding, ...]) -> Drug:
    displays = tuple(dict.fromkeys(coding.display for coding in found if coding.display))
    name = text or (displays[0] if displays else "")
    codes = tuple(dict.fromkeys(_believed(found, name)))
    yj = max(codes, key=len) if codes else None
    return Drug(
        name=name,
        codings=tuple((coding.system, coding.code) for coding in found if coding.code),
        yj=yj,
        ingredient=yj[:_INGREDIENT] if yj else None,
        strength=yj[:_STRENGTH] if yj and len(yj) >= _STRENGTH else None,
        also_named=tuple(display for display in displays if display != name),
        classes=codes,
    )


def _believed(found: tuple[Coding, ...], name: str) -> list[str]:
    """Return the YJ-shaped codes that may be taken for YJ codes."""
    codes = []
    for coding in found:
        if not _YJ_SHAPE.match(coding.code):
            continue
        if coding.system in YJ or coding.system in GENERAL_ORDER:
            codes.append(coding.code)
        elif coding.system in PRICE_LIST:
            codes.append(coding.code[:_STRENGTH])
        elif coding.system in HOT7 and _name_agrees(coding.code, name):
            codes.append(coding.code)
    return codes


def _name_agrees(code: str, name: str) -> bool:
    return any(row.yj == code[:_INGREDIENT] for row in known_names(name))
