"""How JP-CLINS has a laboratory result coded.

Every result has the hospital's own code; besides it one of: a shared code of a designated test
(CoreLabo, InfectionLabo), a general JLAC code, or the mark that it could not be coded. Prose of the
laboratory result profile: https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import (
    DESIGNATED_LABS,
    ENTRY_PROFILES,
    GENERAL_LABS,
    INDICATION,
    INFECTION_LABS,
    LOCAL_LAB,
    UNCODED_LAB,
)
from tasuki.shared.fhir.jp.walking import codings, each, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

OBSERVATION = frozenset({"Observation"})
PROFILE = ENTRY_PROFILES["Observation"]
UNCODED = "9" * 17
UNCODED_DISPLAY = "未標準化コード項目(JLAC)"
_LOCAL_CODE = re.compile(r"[A-Za-z0-9_-]+")
_SPACES = re.compile(r"\s")

# The names by which the guide calls the designated core tests; a hospital that uses one for its own
# test very probably means that test. Names of infection tests are whole phrases in Japanese.
_CORE_NAMES = """ABO-BLD ALB ALP ALT AMY APTT AST BNP BS BUN Ca ChE CK Cl Cre CRP Cys-C D-Bil DD FBS
    GGT Hb HbA1c HDL-C K LD LDL-C Na NT-proBNP PLT PT-INR RBC Rh-BLD T-Bil T-CHO TG TP UA WBC"""
CORE_NAMES = frozenset(name.casefold() for name in _CORE_NAMES.split())


def _codes(resource: dict[str, Any]) -> list[tuple[str, str, str]]:
    return list(codings(resource, "code.coding"))


def _no_local_code(resource: dict[str, Any]) -> Iterator[str]:
    if not any(system == LOCAL_LAB for _, system, _ in _codes(resource)):
        yield "code.coding"


def _local_code_characters(resource: dict[str, Any]) -> Iterator[str]:
    for place, system, code in _codes(resource):
        if system == LOCAL_LAB and not _LOCAL_CODE.fullmatch(code):
            yield f"{place}.code"


def _local_display_spaces(resource: dict[str, Any]) -> Iterator[str]:
    for place, coding in each(resource, "code.coding"):
        local = isinstance(coding, dict) and coding.get("system") == LOCAL_LAB
        if local and _SPACES.search(str(coding.get("display", ""))):
            yield f"{place}.display"


def _no_standard_code(resource: dict[str, Any]) -> Iterator[str]:
    known = DESIGNATED_LABS | GENERAL_LABS | {UNCODED_LAB}
    if not any(system in known for _, system, _ in _codes(resource)):
        yield "code.coding"


def _looks_designated(resource: dict[str, Any]) -> Iterator[str]:
    """A test by a designated name that is said to have no code."""
    systems = {system for _, system, _ in _codes(resource)}
    if UNCODED_LAB not in systems or systems & (DESIGNATED_LABS | GENERAL_LABS):
        return
    named = (*texts(resource, "code.coding.display"), *texts(resource, "code.text"))
    if any(
        unicodedata.normalize("NFKC", name).strip().casefold() in CORE_NAMES for _, name in named
    ):
        yield "code.coding"


def _wrong_uncoded(resource: dict[str, Any]) -> Iterator[str]:
    for place, coding in each(resource, "code.coding"):
        if isinstance(coding, dict) and coding.get("system") == UNCODED_LAB:
            if coding.get("code") != UNCODED:
                yield f"{place}.code"
            if coding.get("display") != UNCODED_DISPLAY:
                yield f"{place}.display"


def _has_members(resource: dict[str, Any]) -> Iterator[str]:
    return (place for place, _ in each(resource, "hasMember"))


def _lts_without_infection(resource: dict[str, Any]) -> Iterator[str]:
    if any(system in INFECTION_LABS for _, system, _ in _codes(resource)):
        return
    for place, system, code in codings(resource, "meta.tag"):
        if system == INDICATION and code == "LTS":
            yield place


LAB_RULES = (
    Rule(
        "R6021",
        "Observation.code.coding",
        "needs the hospital's own code (JP_CLINS_ObsLabResult_LocalCode_CS)",
        _no_local_code,
        types=OBSERVATION,
        profile=PROFILE,
    ),
    Rule(
        "T-local-code",
        "Observation.code.coding.code",
        "a local code has letters, digits, hyphens and underscores only",
        _local_code_characters,
        types=OBSERVATION,
        profile=PROFILE,
    ),
    Rule(
        "T-local-display",
        "Observation.code.coding.display",
        "the name of a local code should hold no space",
        _local_display_spaces,
        types=OBSERVATION,
        profile=PROFILE,
        advice=True,
    ),
    Rule(
        "T-jlac",
        "Observation.code.coding",
        "needs, besides the local code, the shared JLAC code of a designated test, or a general "
        "JLAC code, or the code that says there is none",
        _no_standard_code,
        types=OBSERVATION,
        profile=PROFILE,
    ),
    Rule(
        "T-designated",
        "Observation.code.coding",
        "has the name of a designated test, but no JLAC code; a designated test needs its shared one",
        _looks_designated,
        types=OBSERVATION,
        profile=PROFILE,
        advice=True,
    ),
    Rule(
        "T-uncoded-lab",
        "Observation.code.coding",
        f"an uncoded test has seventeen nines and the name {UNCODED_DISPLAY}",
        _wrong_uncoded,
        types=OBSERVATION,
        profile=PROFILE,
    ),
    Rule(
        "R6081",
        "Observation.hasMember",
        "must not be used in what is sent as one of the five kinds of information",
        _has_members,
        types=OBSERVATION,
        sent_only=True,
    ),
    Rule(
        "R6031",
        "Observation.meta.tag",
        "only a designated infection test may be marked to be kept long (LTS)",
        _lts_without_infection,
        types=OBSERVATION,
        sent_only=True,
    ),
)
