"""A passkey device in software, as far as a server can tell; it can be told to misbehave.

https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    import httpx2

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "http://localhost:8765"


@dataclass
class Authenticator:
    """One device with one passkey."""

    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    owner: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any], **odd: Any) -> str:
        """Return what `navigator.credentials.create` would."""
        self.owner = unpadded(options["user"]["id"]).decode()
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        attested = (
            bytes(16)
            + len(self.credential).to_bytes(2, "big")
            + self.credential
            + cbor2.dumps(cose)
        )
        data = self._data(odd.get("domain", options["rp"]["id"]), ATTESTED, odd) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = client_data("webauthn.create", options["challenge"], odd)
        response = {"clientDataJSON": text(client), "attestationObject": text(statement)}
        return self._answer(response)

    def get(self, options: dict[str, Any], **odd: Any) -> str:
        """Return what `navigator.credentials.get` would."""
        data = self._data(odd.get("domain", options["rpId"]), 0, odd)
        client = client_data("webauthn.get", options["challenge"], odd)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(odd.get("signed", signed), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": text(odd.get("owner", self.owner).encode()),
        }
        return self._answer(response)

    def _data(self, domain: str, flags: int, odd: dict[str, Any]) -> bytes:
        self.count = odd.get("count", self.count + 1)
        flags |= odd.get("flags", PRESENT | VERIFIED)
        head = hashlib.sha256(domain.encode()).digest() + bytes([flags])
        return head + self.count.to_bytes(4, "big")

    def _answer(self, response: dict[str, str]) -> str:
        id_ = text(self.credential)
        return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response})


def client_data(what: str, challenge: str, odd: dict[str, Any]) -> bytes:
    """Return what a browser says it did."""
    said = {
        "type": odd.get("what", what),
        "challenge": odd.get("challenge", challenge),
        "origin": odd.get("origin", ORIGIN),
        "crossOrigin": odd.get("framed", False),
    }
    return json.dumps(said).encode()


def asked(page: httpx2.Response) -> dict[str, Any]:
    """Return what a page asks the browser for."""
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None
    read: dict[str, Any] = json.loads(unescape(options[1]))
    return read


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpadded(encoded: str) -> bytes:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
