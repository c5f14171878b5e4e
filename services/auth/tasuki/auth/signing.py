"""The issuer's signing keys: an ES256 key ring in a JWK set file.

Three keys are published: the one that signs; the one that will sign next, so that every service knows
it before the first token under it; and the one before, so that tokens signed shortly before stay
good. The file is mode 0600 and stays out of the database directory.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHM = "ES256"
_NEXT = "tasuki_next"  # marks, in the file only, the key that does not sign yet


class SigningKeys:
    """An opened key ring.

    Args:
        keys: What is published; the first signs.
    """

    def __init__(self, keys: tuple[ECKey, ...]) -> None:
        self._keys = keys

    def sign(self, claims: dict[str, Any], *, typ: str) -> str:
        """Return the claims as a JWT of this type."""
        key = self._keys[0]
        header = {"alg": ALGORITHM, "typ": typ, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def key(self, kid: str) -> ECKey | None:
        """Return a published key by its id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def published(self) -> dict[str, Any]:
        """Return the public JWK set, the signing key first."""
        return {"keys": [_described(key) | key.as_dict(private=False) for key in self._keys]}


def open_keys(path: Path) -> SigningKeys:
    """Return the key ring of a file.

    Raises:
        Fault: UNAVAILABLE when the file is missing, readable by others, or holds no P-256 key.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        ring = _Ring.of(json.loads(path.read_bytes())["keys"])
        keys = tuple(ECKey.import_key(member) for member in ring.published)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unusable("cannot be read") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _unusable("must be readable by its owner only (mode 0600)")
    if not keys or not all(key.curve_name == "P-256" and key.is_private for key in keys):
        raise _unusable("must hold private P-256 keys")
    return SigningKeys(keys)


def rotate_keys(path: Path) -> str:
    """Let the next key sign from the next start on, make another next one, return who signs.

    A file that is not there is made. One without a next key gets one, and goes on signing as it did: it
    can be rotated once every service has learned the new key, which takes an hour.
    """
    if not path.exists():
        ring = _Ring(signing=_fresh(), following=_fresh(), before=None)
    else:
        open_keys(path)
        old = _Ring.of(json.loads(path.read_bytes())["keys"])
        if old.following is None:
            ring = _Ring(old.signing, _fresh(), old.before)
        else:
            ring = _Ring(old.following, _fresh(), old.signing)
    return _write(path, ring)


def replace_keys(path: Path) -> str:
    """Put fresh keys in place of every one there is, and return who signs.

    For a key that somebody else may have: from the next start on, every token signed before is
    refused as soon as a service asks for the keys anew, an hour later at most.
    """
    return _write(path, _Ring(signing=_fresh(), following=_fresh(), before=None))


@dataclass(frozen=True, slots=True)
class _Ring:
    """The members of a file by what they are for."""

    signing: dict[str, Any]
    following: dict[str, Any] | None
    before: dict[str, Any] | None

    @classmethod
    def of(cls, members: list[dict[str, Any]]) -> _Ring:
        """Return the ring of a file's members; files of before have no next key."""
        following = next((one for one in members if one.get(_NEXT) is True), None)
        signing, *older = [one for one in members if one.get(_NEXT) is not True]
        return cls(signing, following, older[0] if older else None)

    @property
    def published(self) -> list[dict[str, Any]]:
        every = (self.signing, self.following, self.before)
        return [
            {name: value for name, value in member.items() if name != _NEXT}
            for member in every
            if member is not None
        ]

    @property
    def members(self) -> list[dict[str, Any]]:
        return [
            member | {_NEXT: True} if at == 1 and self.following is not None else member
            for at, member in enumerate(self.published)
        ]


def _fresh() -> dict[str, Any]:
    key = ECKey.generate_key("P-256", private=True, auto_kid=True)
    return _described(key) | key.as_dict(private=True)


def _write(path: Path, ring: _Ring) -> str:
    whole = path.with_name(path.name + ".new")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": ring.members}, file)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)
    return str(ring.signing["kid"])


def _described(key: ECKey) -> dict[str, Any]:
    return {"kid": key.kid, "use": "sig", "alg": ALGORITHM}


def _unusable(why: str) -> Fault:
    return Fault(Category.UNAVAILABLE, f"The file of signing keys {why}.")
