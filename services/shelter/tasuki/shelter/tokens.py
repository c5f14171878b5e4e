"""The token of somebody whom no network token names: it links nothing, and is ours alone."""

from __future__ import annotations

import hashlib

TOKEN_BYTES = 16
_DOMAIN = b"tasuki/shelter/local"


def local_token(holder: str, owner: str) -> str:
    """Return the token (hex) of one holder's one Patient."""
    parts = (_DOMAIN, holder.encode(), owner.encode())
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hashlib.sha256(message).digest()[:TOKEN_BYTES].hex()
