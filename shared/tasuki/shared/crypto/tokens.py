"""Blind tokens: keyed hashes that find a row again and tell a thief of the database nothing.

Each is HMAC-SHA256 under a key of its own purpose over length-prefixed parts, cut short. Person
tokens are cut to about log2(N) bits on purpose, so that several people share one
(https://ciphersweet.paragonie.com/security#blind-index-information-leaks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.crypto.lengths import length_prefixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.crypto.keyring import KeyRing, NetworkKeys

TOKEN_BYTES = 16
MAX_PERSON_BITS = 63  # a signed 64-bit database column


def lookup_token(ring: KeyRing, tenant: str, kind: str, *parts: str) -> bytes:
    """Return the 16-byte token of an exact look-up, e.g. kind `identifier`: type, system, value.

    A part may be empty (an identifier without a system), but not all of them.

    Raises:
        ValueError: Nothing to look up.
    """
    if not any(parts):
        raise ValueError("a look-up token needs something to look up")
    return ring.mac(f"lookup/{kind}", length_prefixed((tenant, *parts)))[:TOKEN_BYTES]


def source_key(ring: KeyRing, tenant: str, source: str, type_: str, original_id: str) -> bytes:
    """Return the 16-byte key of what a source called a record: its ids may be chart numbers.

    Raises:
        ValueError: A part is empty.
    """
    return ring.mac("source", _all_said((tenant, source, type_, original_id)))[:TOKEN_BYTES]


def person_token(
    ring: KeyRing, tenant: str, index_name: str, parts: Sequence[str], bits: int
) -> int:
    """Return the first `bits` bits (1 to 63) of a person's compound token as a whole number.

    Raises:
        ValueError: A part is empty (else everybody without a birth date would share a token),
            fewer than two parts (a surname alone gives itself away by its frequency), or `bits`
            out of range.
    """
    if len(parts) < 2 or not 1 <= bits <= MAX_PERSON_BITS:  # noqa: PLR2004 - said above
        raise ValueError("a person token needs two parts or more, and 1 to 63 bits")
    digest = ring.mac(f"person/{index_name}", _all_said((tenant, *parts)))
    return int.from_bytes(digest[:8]) >> (64 - bits)


def network_token(keys: NetworkKeys, epoch: int, parts: Sequence[str]) -> bytes:
    """Return the 16-byte token by which regions ask the locator, under one epoch's key.

    Raises:
        ValueError: A part is empty, or fewer than two parts.
        Fault: UNAVAILABLE, this ring holds no key of that epoch.
    """
    if len(parts) < 2:  # noqa: PLR2004 - as for person tokens
        raise ValueError("a network token needs two parts or more")
    return keys.mac(epoch, _all_said(parts))[:TOKEN_BYTES]


def _all_said(parts: Sequence[str]) -> bytes:
    if not all(parts):
        raise ValueError("an empty part makes no token")
    return length_prefixed(parts)
