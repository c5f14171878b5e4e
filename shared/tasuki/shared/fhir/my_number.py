"""My Numbers (個人番号) are never kept: an identifier that is one is refused where it comes in.

An identifier that says it is a My Number is one. One that does not say whose number it is, and passes the
My Number's check digit, may be one. A number with a system of its own is that system's: one in eleven
hospital numbers of twelve digits passes the check digit by chance, and a record must not be lost by that.

Number Use Act (平成25年法律第27号), articles 19 and 20: nobody may collect or keep them for this.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Resource, render
from tasuki.shared.text import looks_like_my_number

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOVED = "removed: a My Number is not kept"

_NAMED = re.compile(r"my[-_ ]?number|個人番号|マイナンバ|kojin[-_ ]?bango", re.IGNORECASE)


class MyNumberFault(Fault):
    """An identifier that must not be kept, not even among what was put aside."""


def my_number_faults(resource: Resource) -> list[Fault]:
    """Return a fault for each identifier that is, or may be, a My Number."""
    return [
        MyNumberFault(
            Category.STRUCTURE,
            "this identifier is or looks like a My Number (個人番号), which must not be kept here;"
            " leave it out, or name the system the number is of",
            at=(path,),
        )
        for path, identifier in _identifiers(resource)
        if _is_one(identifier)
    ]


def without_my_numbers(resource: Resource) -> bytes:
    """Return the resource as JSON with words in place of every value that must not be kept."""
    for _, identifier in _identifiers(resource):
        if _is_one(identifier):
            identifier["value"] = REMOVED
    return render(resource)


def _is_one(identifier: dict[str, Any]) -> bool:
    value = identifier.get("value")
    if not isinstance(value, str) or value == REMOVED:
        return False
    kind = identifier.get("type")
    coded = kind.get("coding", []) if isinstance(kind, dict) else []
    words = [
        identifier.get("system"),
        kind.get("text") if isinstance(kind, dict) else None,
        *(one.get("display") for one in coded if isinstance(one, dict)),
    ]
    texts = [unicodedata.normalize("NFKC", word) for word in words if isinstance(word, str)]
    if any(_NAMED.search(text) for text in texts):
        return True
    return "system" not in identifier and looks_like_my_number(value)


def _identifiers(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, identifier) of every `identifier` anywhere, references and contained ones too."""
    pending: list[tuple[str, Any]] = [(str(resource.get("resourceType", "")), resource)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, list):
            pending += [(f"{path}[{i}]", item) for i, item in enumerate(value)]
        elif isinstance(value, dict):
            if path.rpartition(".")[2].partition("[")[0] in ("identifier", "valueIdentifier"):
                yield path, value
            pending += [
                (f"{path}.{key}", item)
                for key, item in value.items()
                if isinstance(item, (list, dict))
            ]
