"""Looking things up inside a document Bundle of unknown quality.

https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasuki.shared.clinical.ips.raw import Json, items, mapping, objects, text

DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True)
class Issue:
    """One thing wrong with a summary.

    Attributes:
        path: Where, FHIRPath-like, e.g. `Bundle.entry[1].resource.birthDate`.
        message: What, in plain words; never a value from the record.
    """

    path: str
    message: str


def is_declared_absent(resource: Json, name: str) -> bool:
    """Tell whether a primitive element is replaced by the data-absent-reason extension."""
    extensions = objects(mapping(resource.get(f"_{name}")).get("extension"))
    return any(extension.get("url") == DATA_ABSENT for extension in extensions)


@dataclass(frozen=True)
class Entry:
    """One entry of the Bundle.

    Attributes:
        path: `Bundle.entry[n]`.
        full_url: Empty when missing.
        resource: Empty when missing.
    """

    path: str
    full_url: str
    resource: Json

    @property
    def kind(self) -> str:
        """The resource type, or the empty string."""
        return text(self.resource.get("resourceType"))

    @property
    def at(self) -> str:
        """The path of the resource."""
        return f"{self.path}.resource"


class Document:
    """A Bundle read as a document, with its references resolved on demand."""

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self.entries = [
            Entry(f"Bundle.entry[{n}]", text(e.get("fullUrl")), mapping(e.get("resource")))
            for n, e in enumerate(objects(bundle.get("entry")))
        ]
        self._by_url = {entry.full_url: entry for entry in self.entries if entry.full_url}
        self._by_name = {
            f"{entry.kind}/{entry.resource.get('id')}": entry
            for entry in self.entries
            if entry.resource.get("id")
        }

    @property
    def composition(self) -> Entry | None:
        """The first entry, if it is a Composition."""
        first = self.entries[0] if self.entries else None
        return first if first is not None and first.kind == "Composition" else None

    @property
    def sections(self) -> list[tuple[str, Json]]:
        """The Composition's top sections, each with its path."""
        composition = self.composition
        if composition is None:
            return []
        found = objects(composition.resource.get("section"))
        return [(f"{composition.at}.section[{n}]", section) for n, section in enumerate(found)]

    def of_kind(self, kind: str) -> list[Entry]:
        """Return the entries that hold this resource type."""
        return [entry for entry in self.entries if entry.kind == kind]

    def resolve(self, reference: str) -> Entry | None:
        """Return the entry a literal reference points to, or None if it is not in the Bundle.

        Args:
            reference: A fullUrl, or a relative `Type/id` with or without a version.
        """
        plain = reference.split("/_history/", 1)[0]
        return self._by_url.get(plain) or self._by_name.get(plain)


def references_in(value: object, path: str) -> Iterator[tuple[str, Json]]:
    """Yield every Reference below a value with its path, in document order.

    A Reference is known by its members: `reference`, or `display`/`identifier` with a `type` are
    alike in shape to other datatypes, so only those with a literal `reference` are returned.
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str):
            yield path, value
        for name, child in value.items():
            yield from references_in(child, f"{path}.{name}")
    else:
        for n, child in enumerate(items(value)):
            yield from references_in(child, f"{path}[{n}]")
