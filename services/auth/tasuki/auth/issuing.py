"""What a token says: the claims every Tasuki service reads.

https://www.rfc-editor.org/rfc/rfc9068, https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.auth.signing import SigningKeys
    from tasuki.shared.access.principal import Role
    from tasuki.shared.access.scopes import ScopeSet

ACCESS_SECONDS = 300
EXCHANGED_SECONDS = 60  # one call to one other service


@dataclass(frozen=True, slots=True)
class Granted:
    """What was granted, before it becomes a token.

    Attributes:
        audiences: Base URLs the token is for; never empty.
        patient: The person it is bound to, e.g. `Patient/abc`.
        encounter: The encounter of the launch it came from, for the app to begin with.
        fhir_user: Reference of the person signed in, for `fhirUser`.
        family: Sign-in the token descends from; None for a backend's own token.
        actor: Services acting, latest first.
        jkt: Thumbprint of the key the caller must prove to use it; None for a bearer token.
        certificate: `x5t#S256` of the TLS certificate it must come with; None for any.
        ends_at: When it must end at the latest; None for no other limit than its lifetime.
    """

    subject: str
    role: Role
    client_id: str
    scopes: ScopeSet
    audiences: tuple[str, ...]
    purpose: str
    patient: str | None = None
    encounter: str | None = None
    organization: str | None = None
    region: str | None = None
    display: str | None = None
    fhir_user: str | None = None
    family: str | None = None
    actor: tuple[str, ...] = ()
    ends_at: datetime | None = None
    jkt: str | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class SignedInBy:
    """When a person signed in, and by which methods (RFC 8176)."""

    at: datetime
    amr: tuple[str, ...]


class Issuer:
    """Signs tokens in the name of one issuer URL."""

    def __init__(self, url: str, keys: SigningKeys) -> None:
        self.url = url
        self.keys = keys

    def access_token(
        self, granted: Granted, *, token_id: str, now: datetime, seconds: int
    ) -> tuple[str, int]:
        """Return the signed token and its lifetime in seconds."""
        issued = int(now.timestamp())
        ends = issued + seconds
        if granted.ends_at is not None:
            ends = min(ends, int(granted.ends_at.timestamp()))
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": granted.subject,
            "aud": list(granted.audiences),
            "exp": ends,
            "nbf": issued,
            "iat": issued,
            "jti": token_id,
            "client_id": granted.client_id,
            "scope": str(granted.scopes),
            "purpose": granted.purpose,
            "role": granted.role.value,
        }
        optional = {
            "patient": granted.patient,
            "encounter": granted.encounter,
            "organization": granted.organization,
            "region": granted.region,
            "display": granted.display,
            "fhirUser": granted.fhir_user if granted.scopes.has("fhirUser") else None,
            "sid": granted.family,
            "act": _chain(granted.actor),
            "cnf": _confirmation(granted),
        }
        claims |= {name: value for name, value in optional.items() if value is not None}
        return self.keys.sign(claims, typ="at+jwt"), ends - issued

    def id_token(
        self, granted: Granted, *, nonce: str | None, signed_in: SignedInBy, now: datetime
    ) -> str:
        """Return the OpenID Connect ID token for the client that signed the person in."""
        issued = int(now.timestamp())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": granted.subject,
            "aud": granted.client_id,
            "exp": issued + ACCESS_SECONDS,
            "iat": issued,
            "auth_time": int(signed_in.at.timestamp()),
            "amr": list(signed_in.amr),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        if granted.fhir_user is not None and granted.scopes.has("fhirUser"):
            claims["fhirUser"] = granted.fhir_user
        return self.keys.sign(claims, typ="JWT")


def _confirmation(granted: Granted) -> dict[str, str] | None:
    if granted.jkt is not None:
        return {"jkt": granted.jkt}
    return None if granted.certificate is None else {"x5t#S256": granted.certificate}


def _chain(actor: tuple[str, ...]) -> dict[str, Any] | None:
    act: dict[str, Any] | None = None
    for client_id in reversed(actor):
        act = {"sub": client_id} if act is None else {"sub": client_id, "act": act}
    return act
