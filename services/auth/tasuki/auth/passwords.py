"""Passwords: Argon2id, checked in a thread, with the same work for a user nobody knows.

https://www.rfc-editor.org/rfc/rfc9106
"""

from __future__ import annotations

import os
import unicodedata
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 19_456  # OWASP's choice with two passes and one lane; 22 ms on our two cores
PASSES = 2
LANES = 1
MAX_CHARACTERS = 256  # of input; a longer one is cut off from checking, not hashed


def hash_password(password: str) -> str:
    """Return the Argon2id hash in PHC string form."""
    function = Argon2id(
        salt=os.urandom(16), length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return function.derive_phc_encoded(_folded(password))


def password_fits(password: str, hashed: str | None) -> bool:
    """Return whether the password belongs to the hash.

    Args:
        password: As typed.
        hashed: PHC string; None (no such account) costs the same time and is never right.
    """
    try:
        Argon2id.verify_phc_encoded(_folded(password[:MAX_CHARACTERS]), hashed or _nobodys())
    except InvalidKey:
        return False
    return hashed is not None and len(password) <= MAX_CHARACTERS


def unusable_hash() -> str:
    """Return a hash no password fits, and that costs a check as much as any other."""
    return _nobodys()


def _folded(password: str) -> bytes:
    # RFC 8265 OpaqueString: NFC, so that two keyboards write the same password the same way.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return hash_password(os.urandom(16).hex())
