"""Tokens for calls between services: a key proven, or a person's token exchanged.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html,
https://www.rfc-editor.org/rfc/rfc8693
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey, import_key

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

RENEW_BEFORE = timedelta(seconds=30)  # so that a token does not end on its way to the other service
ASSERTION_SECONDS = 60  # single use, so it needs to live no longer than the call
TIMEOUT_SECONDS = 5.0
CACHED_TOKENS = 200

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a URN, no secret
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True, slots=True)
class ServiceCredentials:
    """How a client proves itself.

    Attributes:
        private_jwk: EC P-256, EC P-384 or RSA key with its `kid`.
        token_endpoint: URL from settings; also the `aud` of what is signed.
    """

    client_id: str
    private_jwk: Mapping[str, Any] = field(repr=False)
    token_endpoint: str


def client_assertion(credentials: ServiceCredentials, *, clock: Clock, ids: IdSource) -> str:
    """Return a fresh signed proof of the client's identity (RFC 7523), good once, for a minute."""
    key = import_key(dict(credentials.private_jwk))
    now = int(clock.now().timestamp())
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.client_id,
        "aud": credentials.token_endpoint,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": ids.new(),
    }
    algorithm = _algorithm(key)
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


class TokenClient:
    """Asks the authorization server for tokens in the name of one service."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        credentials: ServiceCredentials,
        *,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._ids = ids
        self._held: dict[tuple[str, ...], tuple[str, datetime]] = {}
        self._lock = asyncio.Lock()

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        """Return a token of the service's own, kept until 30 seconds before it expires.

        Args:
            scope: Space-separated scopes.
            audience: Base URL of the service to be called.
            purpose: v3-ActReason code.

        Raises:
            Fault: FORBIDDEN when the server refuses, UNAVAILABLE when it does not answer.
        """
        wanted = (scope, audience, purpose)
        async with self._lock:
            token, until = self._held.get(wanted, ("", self._clock.now()))
            if until > self._clock.now():
                return token
            form = {
                "grant_type": "client_credentials",
                "scope": scope,
                "resource": audience,
                "purpose": purpose,
            }
            token, lifetime = await self._asked(form)
            if len(self._held) >= CACHED_TOKENS:
                self._held.clear()
            self._held[wanted] = (token, self._clock.now() + lifetime - RENEW_BEFORE)
            return token

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        """Return a token for another service in which the caller's person stays the subject.

        Args:
            subject_token: The access token this service was called with.
            audience: Base URL of the service to be called.
            scope: Space-separated scopes, no wider than the subject token's.

        Raises:
            Fault: FORBIDDEN when the server refuses, UNAVAILABLE when it does not answer.
        """
        form = {
            "grant_type": EXCHANGE,
            "subject_token": subject_token,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "resource": audience,
            "scope": scope,
        }
        token, _ = await self._asked(form)
        return token

    async def _asked(self, form: dict[str, str]) -> tuple[str, timedelta]:
        proof = client_assertion(self._credentials, clock=self._clock, ids=self._ids)
        signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}
        try:
            response = await self._http.post(
                self._credentials.token_endpoint, data=form | signed, timeout=TIMEOUT_SECONDS
            )
        except httpx2.HTTPError as error:
            raise _unavailable() from error
        if response.is_client_error:
            raise Fault(Category.FORBIDDEN, "The sign-in service refused a token for this call.")
        if response.status_code != httpx2.codes.OK:
            raise _unavailable()
        return _token(response)


def _token(response: httpx2.Response) -> tuple[str, timedelta]:
    try:
        answer = response.json()
    except ValueError as error:
        raise _unavailable() from error
    token = answer.get("access_token") if isinstance(answer, dict) else None
    lifetime = answer.get("expires_in") if isinstance(answer, dict) else None
    if not isinstance(token, str) or type(lifetime) is not int:
        raise _unavailable()
    return token, timedelta(seconds=lifetime)


def _unavailable() -> Fault:
    return Fault(Category.UNAVAILABLE, "The sign-in service does not answer.")


def _algorithm(key: object) -> str:
    if isinstance(key, ECKey) and key.curve_name in ("P-256", "P-384"):
        return "ES256" if key.curve_name == "P-256" else "ES384"
    if isinstance(key, RSAKey):
        return "RS384"
    raise Fault(Category.INVALID, "A client key must be EC P-256, EC P-384 or RSA.")
