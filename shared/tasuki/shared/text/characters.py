"""Which characters a text may not hold, and which it holds at its reader's risk.

Characters outside the BMP, variation selectors and compatibility ideographs are all fine.
Noncharacters and private use: https://www.unicode.org/versions/latest/core-spec/chapter-23/
"""

from __future__ import annotations

import re

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
# Tab, line feed and carriage return are the control characters that FHIR strings may hold.
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SURROGATES = "\ud800-\udfff"
_FORBIDDEN = re.compile(f"[{_CONTROLS}{_SURROGATES}{_NONCHARACTERS}]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")


def forbidden_characters(s: str) -> tuple[str, ...]:
    """Return the control characters, lone surrogates and noncharacters in a text as `U+XXXX`.

    Each is named once, in order of first appearance; an empty tuple means the text may be stored.
    """
    return _names(_FORBIDDEN, s)


def private_use(s: str) -> tuple[str, ...]:
    """Return the private use characters (gaiji) in a text as `U+XXXX`, once each, in order."""
    return _names(_PRIVATE_USE, s)


def _names(pattern: re.Pattern[str], s: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"U+{ord(c):04X}" for c in pattern.findall(s)))
