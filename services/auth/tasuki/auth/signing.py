"""The issuer's signing keys: an ES256 key ring in a JWK set file, newest first.

The first key signs; the one before it stays published until the next rotation, so that tokens
signed shortly before stay good. The file is mode 0600 and stays out of the database directory.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHM = "ES256"
PUBLISHED = 2  # the signing key and its predecessor


class SigningKeys:
    """An opened key ring."""

    def __init__(self, keys: tuple[ECKey, ...]) -> None:
        self._keys = keys

    def sign(self, claims: dict[str, Any], *, typ: str) -> str:
        """Return the claims as a JWT of this type, signed by the newest key."""
        key = self._keys[0]
        header = {"alg": ALGORITHM, "typ": typ, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def key(self, kid: str) -> ECKey | None:
        """Return a published key by its id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def published(self) -> dict[str, Any]:
        """Return the public JWK set, newest first."""
        return {"keys": [_described(key) | key.as_dict(private=False) for key in self._keys]}


def open_keys(path: Path) -> SigningKeys:
    """Return the key ring of a file.

    Raises:
        Fault: UNAVAILABLE when the file is missing, readable by others, or holds no P-256 key.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        members = json.loads(path.read_bytes())["keys"]
        keys = tuple(ECKey.import_key(member) for member in members[:PUBLISHED])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _unusable("cannot be read") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _unusable("must be readable by its owner only (mode 0600)")
    if not keys or not all(key.curve_name == "P-256" and key.is_private for key in keys):
        raise _unusable("must hold private P-256 keys")
    return SigningKeys(keys)


def rotate_keys(path: Path) -> str:
    """Put a fresh signing key in front, making the file if there is none; return its id.

    A running server takes it up when it starts anew.
    """
    fresh = ECKey.generate_key("P-256", private=True, auto_kid=True)
    kept: list[Any] = []
    if path.exists():
        open_keys(path)
        kept = json.loads(path.read_bytes())["keys"][: PUBLISHED - 1]
    members = [_described(fresh) | fresh.as_dict(private=True), *kept]
    whole = path.with_name(path.name + ".new")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": members}, file)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)
    return str(fresh.kid)


def _described(key: ECKey) -> dict[str, Any]:
    return {"kid": key.kid, "use": "sig", "alg": ALGORITHM}


def _unusable(why: str) -> Fault:
    return Fault(Category.UNAVAILABLE, f"The file of signing keys {why}.")
