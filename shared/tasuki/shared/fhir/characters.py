"""Characters that a record should not carry: control characters, and the private use areas.

https://hl7.org/fhir/R4/datatypes.html#string

Control characters are refused: they hide text on screens and in terminals. Private-use characters
(gaiji) are reported only, for refusing them would hide an allergy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import Resource, render

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
# The same in rendered bytes: JSON escapes below U+0020, UTF-8 otherwise. May say yes too often.
_CONTROL_BYTES = re.compile(rb"\\u00|\\[bf]|\x7f|\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]")
_PRIVATE_USE_BYTES = re.compile(rb"\xee|\xef[\x80-\xa3]|\xf3[\xb0-\xbf]|\xf4")


def character_faults(resource: Resource) -> list[Fault]:
    """Return a fault for each text or key that holds a control character."""
    if _CONTROL_BYTES.search(render(resource)) is None:
        return []
    return [
        Fault(Category.STRUCTURE, f"{path} holds a control character", at=(path,))
        for path, text in _texts(resource)
        if _CONTROL.search(text) is not None
    ]


def private_use_paths(resource: Resource) -> list[str]:
    """Return where texts hold characters that only their sender can show."""
    if _PRIVATE_USE_BYTES.search(render(resource)) is None:
        return []
    return [path for path, text in _texts(resource) if _PRIVATE_USE.search(text) is not None]


def may_hold_private_use(raw: bytes) -> bool:
    """Return whether JSON text might hold such characters, as they are or escaped; quick."""
    return b"\\u" in raw or _PRIVATE_USE_BYTES.search(raw) is not None


def _texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every string; a key counts as a text of the object that has it."""
    pending: list[tuple[str, Any]] = [(str(resource.get("resourceType", "")), resource)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, list):
            pending += [(f"{path}[{i}]", item) for i, item in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            yield path, "".join(value)
            pending += [
                (f"{path}.{key}", item)
                for key, item in reversed(value.items())
                if isinstance(item, (str, list, dict)) and _CONTROL.search(key) is None
            ]
