"""Access tokens as services read them: RFC 9068 JWTs, ES256, every claim required.

https://www.rfc-editor.org/rfc/rfc9068, https://www.rfc-editor.org/rfc/rfc8725
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from tasuki.shared.access.dpop import NotProven, SeenProofs, Shown, open_proof
from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.purposes import may_ask
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.withdrawals import names_of
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joserfc.jwk import ECKey

    from tasuki.shared.access.jwks import JwksSource
    from tasuki.shared.access.withdrawals import Withdrawals
    from tasuki.shared.clock import Clock

    InOurWords = Callable[[Mapping[str, Any]], dict[str, Any] | None]

ALGORITHM = "ES256"
TYPES = frozenset({"at+jwt", "application/at+jwt"})
SKEW_SECONDS = 5  # between the issuer's clock and ours, for `iat` and `nbf`; `exp` gets none
MAX_CHARACTERS = 8_000
MAX_ACTORS = 3
CACHED_TOKENS = 10_000  # about 1 kB each

_HEADER = frozenset({"alg", "typ", "kid"})  # so never jwk, jku, x5u, x5c or crit
_TEXTS = ("iss", "sub", "client_id", "jti", "purpose", "role")
_TIMES = ("exp", "nbf", "iat")
_OPTIONAL_TEXTS = ("patient", "organization", "region", "display")


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was good.

    Attributes:
        jkt: Names the key it is bound to; None where it is bound to none.
        certificate: Names the TLS certificate it is bound to; None where it is bound to none.
        names: By which it may be withdrawn.
    """

    principal: Principal
    jkt: str | None
    certificate: str | None
    names: frozenset[str]


class AccessTokenVerifier:
    """Turns an access token into a principal.

    A verified token is remembered until it expires, so withdrawing a signing key takes at most one
    token lifetime (five minutes) to bite.

    Args:
        issuer: The one issuer trusted, exactly as in `iss`.
        audience: Base URL of this service, exactly as in `aud`.
        jwks: The issuer's keys.
        clock: For `exp`, `nbf` and `iat`.
        withdrawals: What the issuer took back; None for an issuer that takes nothing back.
        in_our_words: Puts the claims of another's server into ours; None for a server of ours.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks: JwksSource,
        clock: Clock,
        withdrawals: Withdrawals | None = None,
        in_our_words: InOurWords | None = None,
    ) -> None:
        self._issuer = issuer
        self._in_our_words = in_our_words
        self._audience = audience
        self._jwks = jwks
        self._clock = clock
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._seen = SeenProofs(clock)
        self._withdrawals = withdrawals

    async def verify(self, token: str) -> Principal:
        """Return who a bearer token speaks for.

        Raises:
            Fault: UNAUTHENTICATED for anything amiss, always in the same words, also for a token
                that is bound to something; UNAVAILABLE when the issuer's keys were never learned.
        """
        verified = await self._known(token)
        if verified.jkt is not None or verified.certificate is not None:
            raise not_valid()
        return verified.principal

    async def verify_over_tls(self, token: str, certificate: str) -> Principal:
        """Return who a token speaks for that came over a connection opened with a certificate.

        Args:
            token: Bound to this certificate, or to nothing.
            certificate: Its `x5t#S256`.

        Raises:
            Fault: As for `verify`; also where it is bound to another certificate.
        """
        verified = await self._known(token)
        if verified.jkt is not None or verified.certificate not in (None, certificate):
            raise not_valid()
        return verified.principal

    async def verify_bound(self, token: str, shown: Shown) -> Principal:
        """Return who a token speaks for that is bound to a key, which the request must prove.

        Raises:
            Fault: As for `verify`; also where the token is not bound, the proof is of another
                key, request or token, too old, or was used before.
        """
        verified = await self._known(token)
        try:
            proof = open_proof(shown, base_url=self._audience, clock=self._clock, token=token)
        except NotProven as error:
            raise not_valid() from error
        if verified.jkt != proof.jkt or not self._seen.is_first(proof):
            raise not_valid()
        return verified.principal

    async def _known(self, token: str) -> _Verified:
        if not token.isascii():
            raise not_valid()
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._remembered(digest)
        if verified is None:
            verified = await self._verified_now(token)
            self._verified[digest] = verified
            if len(self._verified) > CACHED_TOKENS:
                self._verified.popitem(last=False)
        if self._withdrawals is not None and await self._withdrawals.any_of(verified.names):
            raise not_valid()
        return verified

    def _remembered(self, digest: bytes) -> _Verified | None:
        known = self._verified.get(digest)
        if known is not None and known.principal.expires_at > self._clock.now():
            self._verified.move_to_end(digest)
            return known
        self._verified.pop(digest, None)
        return None

    async def _verified_now(self, token: str) -> _Verified:
        key = await self._jwks.key(key_id(token))
        if key is None:
            raise not_valid()
        claims = open_token(
            token,
            key,
            issuer=self._issuer,
            clock=self._clock,
            in_our_words=self._in_our_words,
        )
        if self._audience not in audiences(claims):
            raise not_valid()
        return _Verified(
            principal_of(claims),
            key_thumbprint(claims),
            certificate_bound_to(claims),
            names_of(claims),
        )


def not_valid() -> Fault:
    """Return the one fault for every bad token: which check failed is not told."""
    return Fault(
        Category.UNAUTHENTICATED, "This access token is not valid here. Please sign in again."
    )


def key_id(token: str) -> str:
    """Return the key id in the header of a token that has the form of one of ours.

    Raises:
        Fault: UNAUTHENTICATED for any other header.
    """
    if len(token) > MAX_CHARACTERS or not token.isascii():
        raise not_valid()
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise not_valid() from error
    kid, typ = header.get("kid"), header.get("typ")
    if not isinstance(kid, str) or not isinstance(typ, str):
        raise not_valid()
    if set(header) != _HEADER or header["alg"] != ALGORITHM or typ not in TYPES:
        raise not_valid()
    return kid


def claimed_issuer(token: str) -> str | None:
    """Return the `iss` of a token that nobody has checked: to know whose keys to check it by."""
    if len(token) > MAX_CHARACTERS or not token.isascii():
        return None
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        return None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else None


def open_token(
    token: str,
    key: ECKey,
    *,
    issuer: str,
    clock: Clock,
    in_our_words: InOurWords | None = None,
) -> dict[str, Any]:
    """Return the claims after every check but the audience, which the caller must make.

    Raises:
        Fault: UNAUTHENTICATED for anything amiss.
    """
    # 1. form and header   2. signature under the one algorithm   3. issuer
    # 4. claims there and typed, another server's in our words     5. times
    key_id(token)
    try:
        said = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise not_valid() from error
    if said.get("iss") != issuer:
        raise not_valid()
    claims = said if in_our_words is None else in_our_words(said)
    if claims is None or not _is_whole(claims):
        raise not_valid()
    now = clock.now().timestamp()
    if claims["exp"] <= now or max(claims["nbf"], claims["iat"]) > now + SKEW_SECONDS:
        raise not_valid()
    return claims


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the base URLs the token is for; none where the claim is not a text or a list of them."""
    aud = claims.get("aud")
    members = aud if isinstance(aud, list) else [aud]
    return tuple(member for member in members if isinstance(member, str) and member)


def key_thumbprint(claims: Mapping[str, Any]) -> str | None:
    """Return the thumbprint of the key a token is bound to; None where it is bound to none.

    Raises:
        Fault: UNAUTHENTICATED for a token bound in a way we do not know.
    """
    return _confirmation(claims).get("jkt")


def certificate_bound_to(claims: Mapping[str, Any]) -> str | None:
    """Return the `x5t#S256` of the certificate a token is bound to; None where it is to none.

    https://www.rfc-editor.org/rfc/rfc8705#section-3.1

    Raises:
        Fault: As `key_thumbprint`.
    """
    return _confirmation(claims).get("x5t#S256")


def _confirmation(claims: Mapping[str, Any]) -> dict[str, str]:
    cnf = claims.get("cnf", {})
    if "cnf" not in claims:
        return {}
    known = isinstance(cnf, dict) and len(cnf) == 1 and cnf.keys() <= {"jkt", "x5t#S256"}
    if not known or not all(isinstance(name, str) and name for name in cnf.values()):
        raise not_valid()
    return dict(cnf)


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Return the principal of claims that came out of `open_token`.

    Raises:
        Fault: UNAUTHENTICATED for an unknown role, scope or purpose, or an over-long actor chain.
    """
    try:
        role = Role(claims["role"])
        scopes = parse_scopes(claims["scope"])
    except (ValueError, Fault) as error:
        raise not_valid() from error
    if not may_ask(role, claims["purpose"]):
        raise not_valid()
    return Principal(
        subject=claims["sub"],
        role=role,
        client_id=claims["client_id"],
        scopes=scopes,
        purpose=claims["purpose"],
        patient=claims.get("patient"),
        organization=claims.get("organization"),
        region=claims.get("region"),
        token_id=claims["jti"],
        issuer=claims["iss"],
        actor=_actors(claims.get("act")),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        display=claims.get("display"),
    )


def _is_whole(claims: Mapping[str, Any]) -> bool:
    def is_text(name: str) -> bool:
        return isinstance(claims.get(name), str) and claims[name] != ""

    return (
        all(is_text(name) for name in _TEXTS)
        and isinstance(claims.get("scope"), str)
        and bool(audiences(claims))
        and all(type(claims.get(name)) is int for name in _TIMES)
        and all(is_text(name) for name in _OPTIONAL_TEXTS if name in claims)
    )


def _actors(act: object) -> tuple[str, ...]:
    actors: list[str] = []
    while act is not None:
        subject = act.get("sub") if isinstance(act, dict) else None
        if not isinstance(subject, str) or not subject or len(actors) == MAX_ACTORS:
            raise not_valid()
        actors.append(subject)
        act = act.get("act") if isinstance(act, dict) else None
    return tuple(actors)
