"""Proofs of possession: a token that only the holder of a key can use (DPoP).

https://www.rfc-editor.org/rfc/rfc9449
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

if TYPE_CHECKING:
    from tasuki.shared.clock import Clock

ALGORITHMS = ("ES256", "ES384")
MAX_AGE = timedelta(seconds=60)
SKEW = timedelta(seconds=10)  # a phone's clock may run ahead of ours by this much
MAX_CHARACTERS = 4_000
MAX_JTI = 255
MOST_REMEMBERED = 200_000  # about 150 bytes each

_TYPE = "dpop+jwt"
_HEADER = frozenset({"typ", "alg", "jwk", "kid"})  # so never jku, x5u, x5c or crit
_KEY = ("kty", "crv", "x", "y")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NotProven(Exception):
    """A proof that proves nothing; which check failed is not told."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Proofs as they came with a request.

    Attributes:
        proofs: Values of its `DPoP` headers.
        method: Its method.
        path: Its path, from the root of our public origin; a proxy in front may have changed
            scheme and host, so they are not taken from the request.
    """

    proofs: tuple[str, ...]
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A good proof; single use is still to be checked.

    Attributes:
        jkt: Thumbprint of the key (RFC 7638), for `cnf.jkt`.
        until: From when on it would be refused as too old.
    """

    jkt: str
    jti: str
    until: datetime


def open_proof(shown: Shown, *, base_url: str, clock: Clock, token: str | None = None) -> Proof:
    """Return what a request proves.

    Args:
        shown: What came with the request.
        base_url: A public URL of ours; its scheme, host and port are what callers write.
        clock: For its age.
        token: The access token it must be for; None at the token endpoint.

    Raises:
        NotProven: For anything amiss.
    """
    # 1. one proof   2. header and key   3. signature under that key   4. this request, this token
    # 5. age
    if len(shown.proofs) != 1:
        raise NotProven
    text = shown.proofs[0]
    key = _key(text)
    try:
        claims = jwt.decode(text, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError) as error:
        raise NotProven from error
    _check_request(claims, shown.method, f"{_origin(base_url)}{shown.path}", token)
    made = claims.get("iat")
    if type(made) is not int:
        raise NotProven
    now, at = clock.now(), _moment(made)
    if not now - MAX_AGE < at <= now + SKEW:
        raise NotProven
    return Proof(key.thumbprint(), claims["jti"], at + MAX_AGE)


class SeenProofs:
    """Proofs already used, until they are too old to be used again.

    Kept by one process: another worker of the same service would take a stolen proof once more,
    for the same request and within a minute.

    Args:
        clock: For when they may be forgotten.
        most: When this many are remembered, further ones are refused.
    """

    def __init__(self, clock: Clock, most: int = MOST_REMEMBERED) -> None:
        self._clock = clock
        self._most = most
        self._until: dict[bytes, datetime] = {}
        self._sweep_at = clock.now() + MAX_AGE

    def is_first(self, proof: Proof) -> bool:
        """Note a proof; False where it was used before, or no more can be remembered."""
        now = self._clock.now()
        if now >= self._sweep_at or len(self._until) >= self._most:
            self._until = {name: until for name, until in self._until.items() if until > now}
            self._sweep_at = now + MAX_AGE
        name = hashlib.sha256(f"{proof.jkt} {proof.jti}".encode()).digest()
        if name in self._until or len(self._until) >= self._most:
            return False
        self._until[name] = proof.until
        return True


def same_url(one: str, other: str) -> bool:
    """Return whether two URLs name the same place, apart from query and fragment."""
    return _normal(one) == _normal(other)


def token_hash(token: str) -> str:
    """Return the `ath` of an access token."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(text: str) -> ECKey:
    if len(text) > MAX_CHARACTERS or not text.isascii():
        raise NotProven
    try:
        header: dict[str, Any] = jws.extract_compact(text.encode()).headers()
        jwk = header["jwk"]
        if not set(header) <= _HEADER or header.get("typ") != _TYPE:
            raise NotProven
        if header.get("alg") not in ALGORITHMS or "d" in jwk or jwk.get("kty") != "EC":
            raise NotProven
        return ECKey.import_key({name: jwk[name] for name in _KEY})
    except (JoseError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotProven from error


def _check_request(claims: dict[str, Any], method: str, url: str, token: str | None) -> None:
    jti, htu = claims.get("jti"), claims.get("htu")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI or not isinstance(htu, str):
        raise NotProven
    if claims.get("htm") != method or not same_url(htu, url):
        raise NotProven
    if token is not None:
        said = claims.get("ath")
        if not isinstance(said, str) or not hmac.compare_digest(
            said.encode(), token_hash(token).encode()
        ):
            raise NotProven


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotProven from error


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        raise NotProven from error
    return parts.scheme, parts.hostname or "", port, unquote(parts.path) or "/"
