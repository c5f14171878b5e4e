"""Telephone numbers as search forms: https://www.itu.int/rec/T-REC-E.164 and the Japanese numbering plan."""

from __future__ import annotations

import re
import unicodedata

_EXTENSION = re.compile(r"(内線|ext).*", re.IGNORECASE | re.DOTALL)
_ABROAD = re.compile(r"[\s(]*\+")
_JAPAN = "81"


def fold_phone(s: str) -> str:
    """Return the digits of a telephone number as dialled inside Japan, or `""` if there are none.

    Width, spaces, brackets, hyphens and an extension go; +81 becomes 0; another country keeps its `+`.
    """
    text = _EXTENSION.sub("", unicodedata.normalize("NFKC", s))
    digits = re.sub("[^0-9]", "", text)
    if not digits or not _ABROAD.match(text):
        return digits
    if digits.startswith(_JAPAN):
        # Some people write the 0 that +81 replaces all the same: +81 (0)90.
        return f"0{digits.removeprefix(_JAPAN).removeprefix('0')}"
    return f"+{digits}"
