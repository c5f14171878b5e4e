"""When a medicine is taken, in words: usage codes, their supplements, or what the prescriber wrote.

https://hl7.org/fhir/R4/dosage.html with the JAMI and MHLW e-prescription usage codes. A code that
needs a supplement it does not have, or that is not understood, is never guessed: the prescriber's
own text stands in, and without one the answer says what to ask for.
"""

# Japanese words come with full-width punctuation.

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.dose import counting_unit
from tasuki.shared.clinical.fhirjson import (
    Coding,
    Node,
    child,
    children,
    codings,
    lexeme,
    string,
)
from tasuki.shared.clinical.systems import USAGE, USAGE_SUPPLEMENT
from tasuki.shared.clinical.usage_code import Schedule, Timing, decode
from tasuki.shared.clinical.usage_supplement import (
    Supplements,
    read_supplements,
    supplement_words,
)
from tasuki.shared.clinical.usage_tables import METHODS_WITH_SITE, PRN_CONDITIONS
from tasuki.shared.clinical.usage_words import schedule_words, times_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clinical.language import Language

INCOMPLETE: Final = {"ja": "不完全な用法コード：要確認", "en": "incomplete usage code: ask"}
NOT_RECORDED: Final = {"ja": "用法の記載なし", "en": "usage not recorded"}
_ASK: Final = {
    "site": {"ja": "部位の記載なし：要確認", "en": "body site not recorded: ask"},
    "doses": {"ja": "不均等投与の回数が合わない：要確認", "en": "uneven doses do not match: ask"},
    "conflict": {
        "ja": "コードと処方の文言が合わない：要確認",
        "en": "code and prescriber's text differ: ask",
    },
    "supplement": {"ja": "補足用法コード不明：要確認", "en": "unknown usage supplement: ask"},
    "code": INCOMPLETE,
}
# Displays of the dummy code that say nothing.
_SAYS_NOTHING: Final = frozenset(
    {"用法未指定", "用法ダミーコード", "ダミーコード", "未コード化用法"}
)
_MOMENT_WORDS: Final = re.compile("食直前|食直後|食前|食後|食間|就寝前|寝る前|眠前|起床時|空腹時")
_SAME_MOMENT: Final = {"寝る前": "就寝前", "眠前": "就寝前"}
_WITHOUT_WORDS: Final = frozenset({Timing.UNCODED, Timing.ABOLISHED, Timing.GUIDE})


@dataclass(frozen=True, slots=True)
class Usage:
    """When and how often a medicine is taken.

    Attributes:
        text: Words for the reader; the prescriber's own words are kept in their language.
        complete: False if somebody has to be asked.
        as_needed: True if it is taken only when something happens.
        code: The usage code as recorded, or None for none or the dummy.
    """

    text: str
    complete: bool
    as_needed: bool
    code: str | None


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The parts of one dosage that speak of usage."""

    coding: Coding | None
    schedule: Schedule | None
    supplements: Supplements
    notes: tuple[str, ...]
    site: str
    written: str | None
    display: str | None
    repeat: Node
    as_needed: bool
    condition: Node
    counted: Node


def usage_of(dosage: Mapping[str, object], language: Language) -> Usage:
    """Return the usage one dosage records, in words."""
    said = _recorded(dosage)
    text, complete = _coded(said, language) or _uncoded(said, language)
    return Usage(text, complete, said.as_needed, said.coding.code if said.coding else None)


def supplements_of(dosage: Mapping[str, object]) -> Supplements:
    """Return what the usage supplement codes of one dosage say."""
    instructions = children(dosage, "additionalInstruction")
    found = (coding for concept in instructions for coding in codings(concept))
    return read_supplements(coding.code for coding in found if coding.system in USAGE_SUPPLEMENT)


def is_as_needed(dosage: Mapping[str, object]) -> bool:
    """Tell whether one dosage is to be taken only when something happens."""
    if dosage.get("asNeededBoolean") is True or child(dosage, "asNeededCodeableConcept"):
        return True
    coding, schedule = _usage_coding(child(child(dosage, "timing"), "code"))
    if schedule is not None:
        return schedule.timing is Timing.AS_NEEDED
    # Type 5 with a numbered occasion is an as-needed usage even if the occasion is not known.
    return coding is not None and coding.code[:3] == "105" and coding.code[4:5].isdigit()


def _recorded(dosage: Mapping[str, object]) -> _Recorded:
    timing = child(dosage, "timing")
    concept = child(timing, "code")
    coding, schedule = _usage_coding(concept)
    site = child(dosage, "site")
    shown = (coding.display for coding in codings(concept) if coding.display)
    return _Recorded(
        coding=coding,
        schedule=schedule,
        supplements=supplements_of(dosage),
        notes=_notes(dosage),
        site=string(site, "text") or next((c.display for c in codings(site) if c.display), ""),
        written=string(dosage, "text") or string(concept, "text"),
        display=next((words for words in shown if words not in _SAYS_NOTHING), None),
        repeat=child(timing, "repeat"),
        as_needed=is_as_needed(dosage),
        condition=child(dosage, "asNeededCodeableConcept"),
        counted=counting_unit(dosage),
    )


def _usage_coding(concept: Node) -> tuple[Coding | None, Schedule | None]:
    """Return the first usage coding that decodes, else the first one there is; never the dummy."""
    found = [coding for coding in codings(concept) if coding.system in USAGE and coding.code]
    decoded = [(coding, decode(coding.code)) for coding in found]
    real = [
        (coding, schedule)
        for coding, schedule in decoded
        if schedule is None or schedule.timing is not Timing.UNCODED
    ]
    understood = [pair for pair in real if pair[1] is not None]
    return next(iter(understood or real), (None, None))


def _notes(dosage: Mapping[str, object]) -> tuple[str, ...]:
    """Return additional instructions in free words; a coded supplement's text only repeats it."""
    found: list[str] = []
    for concept in children(dosage, "additionalInstruction"):
        coded = codings(concept)
        if any(coding.system in USAGE_SUPPLEMENT for coding in coded):
            continue
        words = string(concept, "text") or next((c.display for c in coded if c.display), None)
        if words:
            found.append(words)
    return tuple(found)


def _coded(said: _Recorded, language: Language) -> tuple[str, bool] | None:
    """Return what the code and its supplements say, or None where the text must speak instead."""
    if said.schedule is None:
        return None
    missing = _missing(said, said.schedule)
    if said.schedule.timing in _WITHOUT_WORDS:
        return ("、".join(said.notes), True) if _is_filled_guide(said) else None
    base = schedule_words(said.schedule, language)
    extra = _extra(said, language)
    if _contradicts(said, said.schedule):
        written = [said.written or "", _ASK["conflict"][language]]
        return _with(base, [*extra, *written], language), False
    if missing is None:
        return _with(base, extra, language), True
    if said.written:
        return None
    return _with(base, [*extra, _ASK[missing][language]], language), False


def _is_filled_guide(said: _Recorded) -> bool:
    guide = said.schedule is not None and said.schedule.timing is Timing.GUIDE
    return guide and bool(said.notes)


def _missing(said: _Recorded, schedule: Schedule) -> str | None:
    """Return what has to be asked before a code can be read, or None."""
    doses = tuple(n for n, _ in said.supplements.doses)
    if schedule.needs_supplement and not said.notes:
        return "code"
    if said.supplements.unknown:
        return "supplement"
    if doses and schedule.times and doses != tuple(range(1, schedule.times + 1)):
        return "doses"
    if schedule.method in METHODS_WITH_SITE and not (said.site or said.notes):
        return "site"
    return None


def _contradicts(said: _Recorded, schedule: Schedule) -> bool:
    """Tell whether the prescriber's text names a moment of the day that the code does not."""
    written = unicodedata.normalize("NFKC", said.written or "")
    found: list[str] = _MOMENT_WORDS.findall(written)
    named = {_SAME_MOMENT.get(word) or word for word in found}
    coded = schedule_words(schedule, "ja")
    if "食2時間後" in coded:
        named -= {"食間", "食後"}
    return any(word not in coded for word in named)


def _extra(said: _Recorded, language: Language) -> list[str]:
    phrases = supplement_words(said.supplements, said.counted, language)
    if said.site:
        phrases.append(said.site)
    phrases.extend(said.notes)
    coded_need = said.schedule is not None and said.schedule.timing is Timing.AS_NEEDED
    if coded_need and said.written:
        # The occasion is coded; the limits ("at most 3 a day, 4 hours apart") are only written.
        words = schedule_words(said.schedule, "ja") if said.schedule else ""
        phrases.append(said.written.removeprefix(words).strip(" \u3000、,"))
    elif said.as_needed and not coded_need:
        phrases.append(_needed_words(said, language))
    return [phrase for phrase in phrases if phrase]


def _uncoded(said: _Recorded, language: Language) -> tuple[str, bool]:
    """Return the prescriber's words, else structured timing, else what has to be asked."""
    if said.written:
        return said.written, True
    extra = _extra(said, language)
    structured = _repeat_words(said.repeat, language)
    if structured:
        return _with(structured, extra, language), not said.supplements.unknown
    if said.display and (said.schedule is None or said.schedule.timing is Timing.UNCODED):
        return _with(said.display, extra, language), False
    if said.coding is not None:
        return _with(INCOMPLETE[language], extra, language), False
    return _with(NOT_RECORDED[language], extra, language), False


def _repeat_words(repeat: Node, language: Language) -> str:
    """Return `timing.repeat` in words if it states times per day or an interval in hours."""
    frequency, period = lexeme(repeat.get("frequency")), lexeme(repeat.get("period"))
    unit = repeat.get("periodUnit")
    if frequency is None or period is None or not frequency.isdigit():
        return ""
    period = period.removesuffix(".0")
    if unit == "d" and period == "1":
        return times_words(int(frequency), language)
    if unit == "h" and frequency == "1":
        return f"{period}時間毎" if language == "ja" else f"every {period} hours"
    if unit == "wk" and period == "1":
        return f"週{frequency}回" if language == "ja" else f"{frequency} times a week"
    return ""


def _needed_words(said: _Recorded, language: Language) -> str:
    index = 0 if language == "ja" else 1
    condition = string(said.condition, "text")
    for coding in codings(said.condition):
        if coding.code in PRN_CONDITIONS:
            return PRN_CONDITIONS[coding.code][index]
        condition = condition or coding.display
    return condition or ("必要時", "when needed")[index]


def _with(base: str, extra: list[str], language: Language) -> str:
    if not extra:
        return base
    return f"{base}（{'、'.join(extra)}）" if language == "ja" else f"{base} ({'; '.join(extra)})"


__all__ = [
    "INCOMPLETE",
    "NOT_RECORDED",
    "Usage",
    "is_as_needed",
    "supplements_of",
    "usage_of",
]
