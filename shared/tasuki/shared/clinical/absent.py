"""Medicines and conditions that say "none known" or "no information"; allergies read their own.

Both the SNOMED CT codes that IPS 2.0 uses and the codes of IPS 1.1 are understood; neither is ever
written by us, since Japan is not a SNOMED member. https://hl7.org/fhir/uv/ips/
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tasuki.shared.clinical.fhirjson import codings
from tasuki.shared.clinical.systems import ABSENT_UNKNOWN, SNOMED_CT

if TYPE_CHECKING:
    from tasuki.shared.clinical.fhirjson import Node


class Absence(Enum):
    """What a record says that holds no medicine, condition or allergy."""

    NONE_KNOWN = "none known"
    NONE_OF_A_KIND = "none of a kind"  # e.g. no drug allergy: less than the section asks
    NO_INFORMATION = "no information"


_NONE_KNOWN = {
    (SNOMED_CT, "787481004"),  # no known medications
    (SNOMED_CT, "160245001"),  # no current problems or disability
    (ABSENT_UNKNOWN, "no-known-medications"),
    (ABSENT_UNKNOWN, "no-known-problems"),
}
_NO_INFORMATION = {
    (SNOMED_CT, "1287211007"),
    (ABSENT_UNKNOWN, "no-medication-info"),
    (ABSENT_UNKNOWN, "no-problem-info"),
}


def absence_in(concept: Node) -> Absence | None:
    """Return what a CodeableConcept says to be absent, or None for an ordinary one."""
    keys = {(coding.system, coding.code) for coding in codings(concept)}
    if keys & _NONE_KNOWN:
        return Absence.NONE_KNOWN
    return Absence.NO_INFORMATION if keys & _NO_INFORMATION else None
