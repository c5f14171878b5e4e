"""`tasuki declaration`: what a signed declaration says and whether it holds now, asking nobody.

For a node that has the object on paper or on a stick, and the issuer's keys from before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tasuki.consent.signing import Verified, verify_declaration
from tasuki.shared.access.jwks import read_keys
from tasuki.shared.clock import TOKYO
from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


def verified_file(file: Path, keys: Path, now: datetime) -> Verified:
    """Return what the declaration in a file says, by the keys in another.

    Raises:
        Fault: INVALID where either cannot be read, or the signature does not count.
    """
    try:
        signed = file.read_text(encoding="ascii").strip()
        document = json.loads(keys.read_bytes())
    except (OSError, ValueError):
        raise Fault(Category.INVALID, "one of the two files cannot be read") from None
    return verify_declaration(
        signed, read_keys(document if isinstance(document, dict) else {}), now
    )


def lines_of(found: Verified) -> Iterator[str]:
    """Yield a declaration in plain words for a terminal."""
    one = found.declaration
    yield f"{found.standing}{' (drill)' if one.drill else ''}"
    yield f"authority: {one.authority}"
    yield f"legal basis: {one.legal_basis}"
    yield f"from {one.start.astimezone(TOKYO):%Y-%m-%d %H:%M} to {one.end.astimezone(TOKYO):%Y-%m-%d %H:%M}"
    for code in sorted(one.areas):
        place = municipality(code)
        yield f"{code} {place.prefecture + place.name if place else ''}".rstrip()
    yield f"signed by {found.issuer}, key {found.key_id}, version {one.version}"
