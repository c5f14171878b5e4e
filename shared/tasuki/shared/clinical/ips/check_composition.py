"""Rules on the Composition and its sections.

https://hl7.org/fhir/uv/ips/StructureDefinition-Composition-uv-ips.html (ips-comp-1, cmp-1, cmp-2)
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tasuki.shared.clinical.ips import xhtml
from tasuki.shared.clinical.ips.bundles import Document, Issue
from tasuki.shared.clinical.ips.raw import Json, has_code, mapping, objects, text
from tasuki.shared.clinical.ips.sections import LOINC, RULES, SUMMARY_TYPE, SectionRule

if TYPE_CHECKING:
    from collections.abc import Iterator


def composition_issues(document: Document) -> Iterator[Issue]:
    """Yield what is wrong with the Composition, its subject, authors and sections."""
    composition = document.composition
    if composition is None:
        return
    resource, at = composition.resource, composition.at
    if not has_code(resource.get("type"), LOINC, SUMMARY_TYPE):
        yield Issue(f"{at}.type", "the document type is not a patient summary")
    if not text(resource.get("title")).strip():
        yield Issue(f"{at}.title", "the title is required")
    subject = document.resolve(text(mapping(resource.get("subject")).get("reference")))
    if subject is None or subject.kind != "Patient":
        yield Issue(f"{at}.subject", "the subject is not the Patient of this Bundle")
    yield from _author_issues(resource, at, document)
    yield from _section_counts(document, at)
    for path, section in document.sections:
        yield from _section_issues(path, section, document)


def _author_issues(resource: Json, at: str, document: Document) -> Iterator[Issue]:
    for n, author in enumerate(objects(resource.get("author"))):
        if document.resolve(text(author.get("reference"))) is None:
            yield Issue(f"{at}.author[{n}]", "the author is not in the Bundle")


def rule_of(section: Json) -> SectionRule | None:
    """Return the guide's rule for a section by its LOINC code, or None for a section of its own."""
    for coding in objects(mapping(section.get("code")).get("coding")):
        if coding.get("system") == LOINC and text(coding.get("code")) in RULES:
            return RULES[text(coding["code"])]
    return None


def _section_counts(document: Document, at: str) -> Iterator[Issue]:
    rules = [rule for _, section in document.sections if (rule := rule_of(section)) is not None]
    found = Counter(rule.key for rule in rules)
    for rule in RULES.values():
        if rule.required and not found[rule.key]:
            yield Issue(f"{at}.section", f"the section {rule.loinc} is missing")
        if found[rule.key] > 1:
            yield Issue(f"{at}.section", f"the section {rule.loinc} stands more than once")


def _section_issues(path: str, section: Json, document: Document) -> Iterator[Issue]:
    rule = rule_of(section)
    if not text(section.get("title")).strip():
        yield Issue(f"{path}.title", "a section needs a title")
    if not section.get("code"):
        yield Issue(f"{path}.code", "a section needs a code")
    if section.get("section"):
        yield Issue(f"{path}.section", "sections are not nested in a patient summary")
    fault = xhtml.fault_in(text(mapping(section.get("text")).get("div")))
    if fault is not None:
        yield Issue(f"{path}.text.div", fault)
    yield from _emptiness_issues(path, section, rule)
    yield from _entry_issues(path, section, rule, document)


def _emptiness_issues(path: str, section: Json, rule: SectionRule | None) -> Iterator[Issue]:
    has_entry, has_reason = bool(section.get("entry")), bool(section.get("emptyReason"))
    if has_entry and has_reason:
        yield Issue(f"{path}.emptyReason", "a section with entries has no reason to be empty")
    if rule is not None and rule.required and not (has_entry or has_reason):
        yield Issue(path, "this section needs an entry or a reason why it is empty")


def _entry_issues(
    path: str, section: Json, rule: SectionRule | None, document: Document
) -> Iterator[Issue]:
    allowed = rule.entry_types if rule is not None else frozenset[str]()
    for n, reference in enumerate(objects(section.get("entry"))):
        target = document.resolve(text(reference.get("reference")))
        if target is None:
            yield Issue(f"{path}.entry[{n}]", "the entry is not in the Bundle")
        elif allowed and target.kind not in allowed:
            yield Issue(f"{path}.entry[{n}]", f"a {target.kind} has no place in this section")


def narrative_issues(document: Document) -> Iterator[Issue]:
    """Yield sections whose narrative has another number of table rows than entries.

    This is our own rule on our own output: the guide's examples need not keep it.
    """
    for path, section in document.sections:
        if rule_of(section) is None:
            continue
        rows = xhtml.body_rows(text(mapping(section.get("text")).get("div")))
        if rows != len(objects(section.get("entry"))):
            yield Issue(f"{path}.text.div", "the narrative does not have one row per entry")
