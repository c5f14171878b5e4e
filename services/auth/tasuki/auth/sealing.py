"""What this service needs of the key ring: seal small values and look secrets up by keyed hash.

A sealed value, append-only:

    length of w (2 bytes, big-endian) | w = a fresh data key, wrapped | nonce (12) | AES-256-GCM

Both the wrapped key and the value are bound to the value's place.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasuki.shared.crypto.keys import CannotOpen

if TYPE_CHECKING:
    from tasuki.shared.crypto.keyring import KeyRing


class SecretBox(Protocol):
    """Seals and hashes under keys that are kept apart from the database."""

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """Return the value sealed so that it opens only at this place, e.g. `account/1/totp`."""
        ...

    def unseal(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return the plain value.

        Raises:
            CannotOpen: Altered bytes, a wrong key or a wrong place; which one is not told.
        """
        ...

    def mac(self, message: bytes, *, label: str) -> bytes:
        """Return the 32-byte keyed hash of a message, under a key of its own for each label."""
        ...


# Labels of the keyed hashes; stored values depend on them, so they never change.
USERNAME = "auth/username"
CODE = "auth/authorization-code"
REFRESH = "auth/refresh-token"
CSRF = "auth/csrf"
INSURER = "auth/insurer-identity"
CHALLENGE = "auth/passkey-challenge"
ACCOUNT_SESSION = "auth/account-session"
LAUNCH = "auth/launch"
PROOF = "auth/dpop-proof"
VOUCHER = "auth/voucher"
INVITATION = "auth/invitation"
PROXY_CODE = "auth/proxy-code"
BINDING_CODE = "auth/binding-code"

_LENGTH_BYTES = 2
_NONCE_BYTES = 12


class KeyRingBox:
    """A `SecretBox` over a tenant's key ring.

    Attributes:
        ring: The keys it works with.
    """

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """See `SecretBox.seal`."""
        key, nonce, place = AESGCM.generate_key(256), os.urandom(_NONCE_BYTES), bound_to.encode()
        wrapped = self.ring.wrap(key, bound_to=place)
        sealed = AESGCM(key).encrypt(nonce, plain, place)
        return len(wrapped).to_bytes(_LENGTH_BYTES, "big") + wrapped + nonce + sealed

    def unseal(self, sealed: bytes, *, bound_to: str) -> bytes:
        """See `SecretBox.unseal`."""
        place = bound_to.encode()
        ends = _LENGTH_BYTES + int.from_bytes(sealed[:_LENGTH_BYTES], "big")
        key = self.ring.unwrap(sealed[_LENGTH_BYTES:ends], bound_to=place)
        nonce, body = sealed[ends : ends + _NONCE_BYTES], sealed[ends + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, place)
        except (InvalidTag, ValueError):
            raise CannotOpen from None

    def mac(self, message: bytes, *, label: str) -> bytes:
        """See `SecretBox.mac`."""
        return self.ring.mac(label, message)
