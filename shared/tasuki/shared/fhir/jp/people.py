"""What JP-CLINS says of a patient: names, the hospital's own number, the insured person's number.

https://jpfhir.jp/fhir/clins/igv1/ (JP_Patient_eCS)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.jp.rule import Rule
from tasuki.shared.fhir.jp.systems import (
    INSURANCE,
    LOCAL_PATIENT,
    PATIENT_PROFILE,
    PUBLIC_PAYER,
    REPRESENTATION,
)
from tasuki.shared.fhir.jp.walking import each, identifiers

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENT = frozenset({"Patient"})
INSTITUTION_NUMBER = re.compile("[0-4][0-9][1-3][0-9]{7}")
_PART = "[^:^\\s\u3000]*"
_INSURED = re.compile(f"[0-9]{{8}}:{_PART}:{_PART}:(?:[0-9]{{2}})?")
_PUBLIC = re.compile("[0-9]{8}::[^:^\\s\u3000]{7}:")
_NUMBER = slice(1, 3)  # symbol and number of the insured person


def _representations(name: dict[str, Any]) -> set[str]:
    held = (one for _, one in each(name, "extension") if isinstance(one, dict))
    return {str(one.get("valueCode", "")) for one in held if one.get("url") == REPRESENTATION}


def _no_name(resource: dict[str, Any]) -> Iterator[str]:
    names = [name for _, name in each(resource, "name") if isinstance(name, dict)]
    if not any(_representations(name) & {"IDE", "SYL"} for name in names):
        yield "name"


def _spaced_name(resource: dict[str, Any]) -> Iterator[str]:
    for place, name in each(resource, "name"):
        if isinstance(name, dict) and _representations(name) and "\u3000" in str(name.get("text")):
            yield f"{place}.text"


def _local_numbers(resource: dict[str, Any]) -> Iterator[str]:
    own = [
        (place, system)
        for place, system, _ in identifiers(resource)
        if system.startswith(LOCAL_PATIENT)
    ]
    for place, system in own:
        number = system.removeprefix(LOCAL_PATIENT)
        if not (number[:1] == "1" and INSTITUTION_NUMBER.fullmatch(number[1:])):
            yield f"{place}.system"
    yield from (f"{place}.system" for place, _ in own[1:])


def _insured_count(resource: dict[str, Any]) -> Iterator[str]:
    found = [s for _, s, _ in identifiers(resource) if s in (INSURANCE, PUBLIC_PAYER)]
    if len(found) != 1:
        yield "identifier"


def _insured_form(resource: dict[str, Any]) -> Iterator[str]:
    for place, system, value in identifiers(resource):
        if (system == INSURANCE and not _INSURED.fullmatch(value)) or (
            system == PUBLIC_PAYER and not _PUBLIC.fullmatch(value)
        ):
            yield f"{place}.value"


def _mixed_width(resource: dict[str, Any]) -> Iterator[str]:
    for place, system, value in identifiers(resource):
        if system == INSURANCE and any(
            not part.isascii() and any(c.isascii() for c in part)
            for part in value.split(":")[_NUMBER]
        ):
            yield f"{place}.value"


PATIENT_RULES = (
    Rule(
        "R1112",
        "Patient.name",
        "needs one name in kanji (IDE) or kana (SYL), marked as such",
        _no_name,
        types=PATIENT,
        profile=PATIENT_PROFILE,
    ),
    Rule(
        "R1113",
        "Patient.name.text",
        "holds a full-width space; part the names by a half-width space or not at all",
        _spaced_name,
        types=PATIENT,
        profile=PATIENT_PROFILE,
    ),
    Rule(
        "R1010",
        "Patient.identifier.system",
        "a hospital's own patient number is under urn:oid:1.2.392.100495.20.3.51.1 and its ten-digit "
        "number, and there is one at most",
        _local_numbers,
        types=PATIENT,
        profile=PATIENT_PROFILE,
    ),
    Rule(
        "R1012",
        "Patient.identifier",
        "needs one identifier of an insured person or of public assistance, and not both",
        _insured_count,
        types=PATIENT,
        sent_only=True,
    ),
    Rule(
        "R1013",
        "Patient.identifier.value",
        "an insured person is 8 digits:symbol:number:branch of 2 digits or none, and public "
        "assistance 8 digits::7 characters:, all without spaces",
        _insured_form,
        types=PATIENT,
        profile=PATIENT_PROFILE,
    ),
    Rule(
        "T-member-width",
        "Patient.identifier.value",
        "symbol and number of an insured person are each all in half width or all in full width",
        _mixed_width,
        types=PATIENT,
        profile=PATIENT_PROFILE,
    ),
)
