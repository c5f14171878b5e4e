"""Links of a resource renamed when a transaction gives what they lead to another id.

https://hl7.org/fhir/R4/http.html#trules: references, elements of type uri, url, oid and uuid, and
links and images of the narrative. Canonicals and texts stay, whatever they say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.fhir.json import Resource

URI_ELEMENTS = frozenset(
    [
        "address",
        "authority",
        "definition",
        "implicitRules",
        "instantiates",
        "instantiatesUri",
        "issuer",
        "jurisdiction",
        "policy",
        "source",
        "system",
        "type",
        "uri",
        "url",
        "valueOid",
        "valueUri",
        "valueUrl",
        "valueUuid",
    ]
)
"""Names under which the served types hold a uri, url, oid or uuid; none holds a canonical too.

Some hold a code elsewhere (`ContactPoint.system`), which no address is equal to.
"""

_LINK = re.compile(r'(?<=[\s])(href|src)="([^"]*)"')


def relinked(
    resource: Resource, reference: Callable[[str], str | None], uri: Callable[[str], str | None]
) -> Resource:
    """Return the resource with its links renamed; the original is left as it is.

    Args:
        resource: What holds the links.
        reference: Gets each literal reference but `#local` ones; None leaves it.
        uri: Gets each other link; None leaves it.
    """
    changed: Resource = _Linker(reference, uri).value(resource)
    return changed


class _Linker:
    def __init__(
        self, reference: Callable[[str], str | None], uri: Callable[[str], str | None]
    ) -> None:
        self._reference = reference
        self._uri = uri

    def value(self, value: Any, key: str = "") -> Any:
        """Return a value with its links renamed; the very same one where there are none."""
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, list):
            items = [self.value(item, key) for item in value]
            same = all(new is old for new, old in zip(items, value, strict=True))
            return value if same else items
        if not isinstance(value, dict):
            return value
        fields = {name: self.value(item, name) for name, item in value.items()}
        same = all(fields[name] is item for name, item in value.items())
        return value if same else fields

    def _text(self, text: str, key: str) -> str:
        if key == "reference":
            renamed = None if text.startswith("#") else self._reference(text)
        elif key in URI_ELEMENTS:
            renamed = self._uri(text)
        elif key == "div" and ("href" in text or "src" in text):
            return _LINK.sub(self._link, text)
        else:
            return text
        return text if renamed is None else renamed

    def _link(self, match: re.Match[str]) -> str:
        renamed = self._uri(match[2])
        return match[0] if renamed is None else f'{match[1]}="{renamed}"'
