"""The consent service's declaration keys: an ES256 key ring in a JWK set file, newest first.

The first key signs and is the only one whose private half is kept. Its predecessors stay published
until they are withdrawn, since what they signed is to be verified for as long as it runs. The file
is mode 0600 and stays out of the database directory.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tasuki.consent.signing.objects import ALGORITHM, sign_declaration
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tasuki.consent.declarations import Declaration

MOST = 20  # far more than one region rotates while a declaration runs
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class DeclarationKeys:
    """An opened key ring.

    Args:
        keys: The signing key first.
        issuer: FHIR base URL of the consent service; it stands in everything signed.
    """

    def __init__(self, keys: tuple[ECKey, ...], issuer: str) -> None:
        self._keys = keys
        self.issuer = issuer

    def sign(self, declaration: Declaration) -> str:
        """Return a version of a declaration as a compact JWS, by the newest key."""
        return sign_declaration(declaration, self._keys[0], self.issuer)

    @property
    def public(self) -> Mapping[str, ECKey]:
        """The published keys by id; what any other signed counts nowhere."""
        return {str(key.kid): key for key in self._keys}

    def published(self) -> dict[str, Any]:
        """Return the public JWK set, newest first."""
        return {"keys": [_described(key) | key.as_dict(private=False) for key in self._keys]}


def open_keys(path: Path, issuer: str) -> DeclarationKeys:
    """Return the key ring of a file.

    Raises:
        Fault: UNAVAILABLE when the file is missing, readable by others, or holds no P-256 key to
            sign with.
    """
    return DeclarationKeys(_read(path), issuer)


def rotate_keys(path: Path) -> str:
    """Put a fresh signing key in front, making the file if there is none; return its id.

    Of its predecessor the public half alone is kept. A running service takes it up when it starts
    anew.

    Raises:
        Fault: As `open_keys`.
    """
    kept = _read(path) if path.exists() else ()
    fresh = ECKey.generate_key("P-256", private=True, auto_kid=True)
    _write(path, (fresh, *kept[: MOST - 1]))
    return str(fresh.kid)


def withdraw_key(path: Path, key_id: str) -> str:
    """Take a key out of the published set; return the id of the one that signs from now on.

    What it signed counts nowhere any more, as soon as a service has asked for the keys again: an
    open declaration must be renewed to be signed anew. Where it was the signing key, a fresh one
    takes its place.

    Raises:
        Fault: NOT_FOUND for no such key; else as `open_keys`.
    """
    held = _read(path)
    kept = tuple(key for key in held if key.kid != key_id)
    if len(kept) == len(held):
        raise Fault(Category.NOT_FOUND, "There is no such key in this file.")
    if not kept or not kept[0].is_private:
        kept = (ECKey.generate_key("P-256", private=True, auto_kid=True), *kept)
    _write(path, kept)
    return str(kept[0].kid)


def _read(path: Path) -> tuple[ECKey, ...]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        members = json.loads(path.read_bytes())["keys"]
        keys = tuple(ECKey.import_key(member) for member in members)
    except (OSError, ValueError, LookupError, TypeError, JoseError) as error:
        raise _unusable("cannot be read") from error
    if mode & _OTHERS:
        raise _unusable("must be readable by its owner only (mode 0600)")
    if not keys or not keys[0].is_private or not all(key.curve_name == "P-256" for key in keys):
        raise _unusable("must hold P-256 keys, the first of them private")
    return keys


def _write(path: Path, keys: tuple[ECKey, ...]) -> None:
    members = [_described(key) | key.as_dict(private=index == 0) for index, key in enumerate(keys)]
    whole = path.with_name(path.name + ".new")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": members}, file)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)


def _described(key: ECKey) -> dict[str, Any]:
    return {"kid": key.kid, "use": "sig", "alg": ALGORITHM}


def _unusable(why: str) -> Fault:
    return Fault(Category.UNAVAILABLE, f"The file of declaration keys {why}.")
