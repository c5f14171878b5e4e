"""A phone that proves its key, and can be told to do it wrongly."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tasuki.shared.access.dpop import token_hash
from tasuki.shared.clock import FixedClock
from tasuki.shared.ids import RandomIds

URL = "https://a.example.jp/ehr/a/fhir/Patient/1"
NOW = int(FixedClock().now().timestamp())
PHONE = ECKey.generate_key("P-256")
THIEF = ECKey.generate_key("P-256")


def proof(
    url: str = URL,
    method: str = "GET",
    *,
    token: str | None = None,
    key: ECKey = PHONE,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return a sound proof, with some claims and header members changed or left out."""
    claims = {"jti": RandomIds().new(), "htm": method, "htu": url, "iat": NOW}
    if token is not None:
        claims["ath"] = token_hash(token)
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    shown = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    shown = {name: value for name, value in (shown | (header or {})).items() if value is not None}
    return jwt.encode(shown, claims, key, algorithms=[str(shown["alg"])], default_type=None)
