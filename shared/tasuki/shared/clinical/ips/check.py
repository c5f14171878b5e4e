"""A test on paper for "this Bundle is a valid International Patient Summary".

No installable validator says that alone, so these rules stand first and outside judges second.
https://hl7.org/fhir/uv/ips/StructureDefinition-Bundle-uv-ips.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.clinical.ips.bundles import Document, Issue
from tasuki.shared.clinical.ips.check_composition import composition_issues, narrative_issues
from tasuki.shared.clinical.ips.check_resources import resource_issues
from tasuki.shared.clinical.ips.raw import Json, mapping, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Issue", "check_ips", "check_own_ips"]


def check_ips(bundle: Json) -> tuple[Issue, ...]:
    """Return everything wrong with a summary; empty when it passes.

    Issues stand in document order: Bundle, Composition and sections, then resources.
    """
    document = Document(bundle)
    return (
        *_bundle_issues(document),
        *_entry_issues(document),
        *composition_issues(document),
        *resource_issues(document),
    )


def check_own_ips(bundle: Json) -> tuple[Issue, ...]:
    """Return what `check_ips` finds, and sections whose narrative does not name each entry."""
    return (*check_ips(bundle), *narrative_issues(Document(bundle)))


def _bundle_issues(document: Document) -> Iterator[Issue]:
    bundle = document.bundle
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "document":
        yield Issue("Bundle.type", "a summary is a Bundle of type document")
    identifier = mapping(bundle.get("identifier"))
    if not (identifier.get("system") and identifier.get("value")):
        yield Issue("Bundle.identifier", "the document needs an identifier with system and value")
    if not bundle.get("timestamp"):
        yield Issue("Bundle.timestamp", "the document needs the time it was assembled")
    if document.composition is None:
        yield Issue("Bundle.entry[0]", "the first entry is not a Composition")
    for kind in ("Composition", "Patient"):
        if len(document.of_kind(kind)) != 1:
            yield Issue("Bundle.entry", f"a summary holds exactly one {kind}")


def _entry_issues(document: Document) -> Iterator[Issue]:
    seen: set[str] = set()
    for entry, raw in zip(document.entries, objects(document.bundle.get("entry")), strict=True):
        if not entry.full_url:
            yield Issue(f"{entry.path}.fullUrl", "every entry needs a fullUrl")
        elif entry.full_url in seen:
            yield Issue(f"{entry.path}.fullUrl", "this fullUrl stands more than once")
        seen.add(entry.full_url)
        for name in ("search", "request", "response"):
            if name in raw:
                yield Issue(f"{entry.path}.{name}", "a document entry does not have this")
