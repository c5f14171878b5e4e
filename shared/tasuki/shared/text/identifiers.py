"""Numbers with a form of their own: medical institutions, and the My Number we must never hold.

Institution numbers and the local patient identifier built on them: https://jpfhir.jp/fhir/core/
My Number check digit: Order of the Ministry of Internal Affairs and Communications No. 85 of 2014,
article 5, https://laws.e-gov.go.jp/law/426M60000008085
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from tasuki.shared.faults import Category, Fault

LOCAL_PATIENT_OID = "urn:oid:1.2.392.100495.20.3.51."

_INSTITUTION = re.compile(
    "(?P<prefecture>0[1-9]|[1-3][0-9]|4[0-7])(?P<table>[134])(?P<code>[0-9]{7})"
)
_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212-]")
# Twelve digits that stand alone, in one run or in the groups of four that cards print.
_TWELVE_DIGITS = re.compile(
    r"(?<![0-9])([0-9]{4})([\s\u2010-\u2015\u2212-]?)([0-9]{4})\2([0-9]{4})(?![0-9])"
)
_MY_NUMBER_DIGITS = 12
_MY_NUMBER_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


class ScoreTable(Enum):
    """点数表: which schedule of fees an institution bills by, hence what it is."""

    MEDICAL = "1"
    DENTAL = "3"
    PHARMACY = "4"


@dataclass(frozen=True, slots=True)
class InstitutionNumber:
    """A medical institution: prefecture (two digits, 01-47), score table, and a code of seven digits."""

    prefecture: str
    table: ScoreTable
    code: str

    def __str__(self) -> str:
        return f"{self.prefecture}{self.table.value}{self.code}"

    @property
    def local_patient_system(self) -> str:
        """Return the identifier system of this institution's own patient numbers."""
        return f"{LOCAL_PATIENT_OID}1{self}"


def parse_institution_number(text: str) -> InstitutionNumber:
    """Return the institution that ten digits name; width is folded.

    The ten digits of JAHIS parts are `f"{prefecture}{table}{code}"`.

    Raises:
        Fault: INVALID if there are not ten digits, no such prefecture or no such score table.
    """
    found = _INSTITUTION.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise Fault(
            Category.INVALID,
            "An institution number has ten digits: prefecture 01-47, table 1, 3 or 4, and seven more.",
        )
    return InstitutionNumber(found["prefecture"], ScoreTable(found["table"]), found["code"])


def is_institution_number(text: str) -> bool:
    """Return whether a text is exactly ten digits that `parse_institution_number` accepts."""
    return _INSTITUTION.fullmatch(text) is not None


def looks_like_my_number(s: str) -> bool:
    """Return whether a text is twelve digits with a valid My Number check digit.

    Width, spaces and hyphens are ignored. One in eleven random twelve-digit numbers passes too, so a
    hit is a reason to refuse and ask, not a proof.
    """
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", s))
    if len(digits) != _MY_NUMBER_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    weighed = zip(digits, _MY_NUMBER_WEIGHTS, strict=False)
    remainder = sum(int(digit) * weight for digit, weight in weighed) % 11
    return int(digits[-1]) == (0 if remainder <= 1 else 11 - remainder)


def holds_my_number(text: str) -> bool:
    """Return whether something that looks like a My Number stands anywhere in a longer text.

    Runs of twelve digits and groups of four are looked at; a longer run of digits is another number.
    """
    plain = unicodedata.normalize("NFKC", text)
    return any(looks_like_my_number(found[0]) for found in _TWELVE_DIGITS.finditer(plain))
