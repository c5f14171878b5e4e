"""Allergies as shown today: the worst first, each with its sources and age.

Recorded, none known, not asked and withheld are told apart by
the section; a line never hides that it is unconfirmed, old or self-reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical import view_words as words
from tasuki.shared.clinical.allergies import ReadAllergy, read_allergy
from tasuki.shared.clinical.drug_conflicts import drug_conflicts
from tasuki.shared.clinical.view_lines import AllergiesView, AllergyView
from tasuki.shared.clinical.view_sources import Reader, all_self_reported
from tasuki.shared.clinical.view_words import joined, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasuki.shared.clinical.drugs import Drug
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.profile_lines import Line, Section

# Worst first. What nobody rated comes before what was rated harmless.
_CRITICALITY: Final = ("high", "unable-to-assess", "", "low")
_SEVERITY: Final = ("severe", "moderate", "", "mild")
_GONE: Final = frozenset({"resolved", "inactive"})


def view_allergies(section: Section, reader: Reader) -> AllergiesView:
    """Return the allergies, worst first."""
    lines = [view for line in section.lines if (view := _allergy(line, reader)) is not None]
    return AllergiesView(head=reader.head(section, lines), lines=tuple(sorted(lines, key=_urgency)))


def conflicts_with(drug: Drug, allergies: AllergiesView) -> tuple[str, ...]:
    """Return the names of recorded allergies a drug may fall under, gone ones left out."""
    return tuple(
        line.name
        for line in allergies.lines
        if line.active and any(drug_conflicts(drug, fact.fragment) for fact in line.facts)
    )


def _allergy(line: Line, reader: Reader) -> AllergyView | None:
    read = [
        (fact, allergy)
        for fact in line.facts
        if (allergy := read_allergy(fact.fragment, reader.today)) is not None
    ]
    if not read:
        return None
    facts, allergies = [fact for fact, _ in read], [allergy for _, allergy in read]
    name, other_name = _names(allergies[0], reader.language)
    criticality = _worst((each.criticality for each in allergies), _CRITICALITY)
    severity = _worst((each.severity for each in allergies), _SEVERITY)
    current = [each for each in allergies if each.clinical not in _GONE]
    return AllergyView(
        name=name,
        other_name=other_name,
        also=_also(allergies, name, other_name),
        category=tuple(dict.fromkeys(kind for each in allergies for kind in each.category)),
        criticality=criticality,
        severity=severity,
        severity_words=_severity_words(criticality, severity, reader.language),
        reactions=tuple(dict.fromkeys(word for each in allergies for word in each.reactions)),
        active=bool(current),
        status_words=_status_words((current or allergies)[0], reader.language),
        suspected=all(each.verification == "unconfirmed" for each in allergies),
        self_reported=all_self_reported(facts),
        older_than_5_years=all(each.older_than_5_years for each in allergies),
        origins=reader.origins(facts),
        facts=tuple(facts),
    )


def _names(read: ReadAllergy, language: Language) -> tuple[str, str]:
    """Return the name in the reader's language, and the other one where it differs."""
    japanese, english = read.name_in("ja"), read.name_in("en")
    first, second = (japanese, english) if language == "ja" else (english, japanese)
    return first or said(words.NAMELESS, language), second if second != first else ""


def _also(allergies: Sequence[ReadAllergy], *shown: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a.name for a in allergies if a.name and a.name not in shown))


def _severity_words(criticality: str, severity: str, language: Language) -> str:
    known = (words.CRITICALITY.get(criticality), words.SEVERITY.get(severity))
    found = [said(each, language) for each in known if each is not None]
    return joined(found, language) or said(words.SEVERITY_UNKNOWN, language)


def _status_words(read: ReadAllergy, language: Language) -> str:
    return said(words.CLINICAL_STATUS.get(read.clinical or "", words.STATUS_UNKNOWN), language)


def _worst(codes: Iterable[str | None], order: tuple[str, ...]) -> str:
    """Return the worst rating; one that was given comes before none."""
    found = [code for code in codes if code]
    return min(found, key=lambda code: _place(code, order), default="")


def _urgency(line: AllergyView) -> tuple[bool, int, int, str]:
    return (
        not line.active,
        _place(line.criticality, _CRITICALITY),
        _place(line.severity, _SEVERITY),
        line.name,
    )


def _place(code: str, order: tuple[str, ...]) -> int:
    """Return how urgent a code is; one nobody knows counts as not rated."""
    return order.index(code if code in order else "")
