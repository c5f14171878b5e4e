"""References: how one resource points at another.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasuki.shared.fhir.json import Resource

_LITERAL = re.compile(
    r"(?:(?P<base>https?://[^\s?#]+)/)?"
    r"(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?"
)
_URN = re.compile(r"urn:(?:uuid|oid):\S+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A literal reference.

    Attributes:
        type: Resource type, or None when a URN names the target.
        id: Logical id, or None for a URN.
        version: Version id of a version-specific reference.
        base: Base URL without trailing slash of an absolute reference; None when relative.
        urn: `urn:uuid:…` or `urn:oid:…`, or None.
    """

    type: str | None
    id: str | None
    version: str | None = None
    base: str | None = None
    urn: str | None = None

    def within(self, base: str) -> Reference:
        """Return the reference made relative, if its base is `base`; else itself."""
        if self.base is None or self.base != base.rstrip("/"):
            return self
        return Reference(self.type, self.id, self.version)

    def __str__(self) -> str:
        if self.urn is not None:
            return self.urn
        path = f"{self.type}/{self.id}"
        if self.version is not None:
            path = f"{path}/_history/{self.version}"
        return path if self.base is None else f"{self.base}/{path}"


def parse_reference(text: str) -> Reference | None:
    """Return what a reference string names; None for `#local`, canonicals and anything else."""
    match = _LITERAL.fullmatch(text)
    if match is not None:
        base = match["base"]
        return Reference(match["type"], match["id"], match["version"], base and base.rstrip("/"))
    return Reference(None, None, urn=text) if _URN.fullmatch(text) else None


def walk_references(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, holder) of every object with a string `reference`, `#local` ones skipped.

    Contained resources and extensions are walked too; paths look like `Observation.subject` or
    `Composition.section[0].entry[2]`.
    """
    root = resource.get("resourceType")
    pending: list[tuple[str, Any]] = [(root if isinstance(root, str) else "", resource)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, list):
            pending += [(f"{path}[{i}]", item) for i, item in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            if _is_reference(value):
                yield path, value
            pending += [
                (f"{path}.{key}", item)
                for key, item in reversed(value.items())
                if isinstance(item, (dict, list))
            ]


def rewritten(resource: Resource, mapping: Callable[[str], str | None]) -> Resource:
    """Return the resource with its references renamed; the original is left as it is.

    `mapping` gets each literal reference and returns the new one, or None to leave it. Objects that
    do not change are shared with the original. Attachment.url, canonicals and uris are no references.
    """
    changed: Resource = _rewritten(resource, mapping)
    return changed


def _is_reference(value: dict[str, Any]) -> bool:
    literal = value.get("reference")
    return isinstance(literal, str) and not literal.startswith("#")


def _rewritten(value: Any, mapping: Callable[[str], str | None]) -> Any:
    if isinstance(value, list):
        items = [_rewritten(item, mapping) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    if not isinstance(value, dict):
        return value
    fields = {key: _rewritten(item, mapping) for key, item in value.items()}
    if _is_reference(value):
        renamed = mapping(value["reference"])
        fields["reference"] = value["reference"] if renamed is None else renamed
    same = all(fields[key] is value[key] for key in value)
    return value if same else fields
