"""Length-prefixed joining: two different lists of texts never give the same bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = struct.Struct(">I")


def length_prefixed(parts: Iterable[str | bytes]) -> bytes:
    """Return each part as a 4-byte big-endian length and its bytes (text as UTF-8), in order.

    Raises:
        ValueError: A text holds a lone surrogate, which UTF-8 cannot say.
    """
    out: list[bytes] = []
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        out.append(_LENGTH.pack(len(raw)))
        out.append(raw)
    return b"".join(out)
