"""Sign-in as an OpenID Connect client: authorization code with PKCE, the client proven by a key.

https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc9700,
https://www.rfc-editor.org/rfc/rfc9207 (`iss` in the answer)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx2
from joserfc import jws, jwt
from joserfc.errors import JoseError

from tasuki.shared.access.client import ASSERTION_TYPE, ServiceCredentials, client_assertion
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.jwks import JwksSource
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.web.sessions import Session, Sessions
    from tasuki.shared.web.settings import WebClientSettings

RENEW_BEFORE = timedelta(seconds=30)
TIMEOUT_SECONDS = 5.0
SECRET_BYTES = 32
ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way; the browser carries it in a cookie that no page can read.

    Attributes:
        state: Ties the answer to this browser.
        nonce: Ties the ID token to this attempt.
        verifier: The PKCE secret.
        then: Local path to go to afterwards.
    """

    state: str
    nonce: str
    verifier: str
    then: str

    @classmethod
    def new(cls, then: str) -> Attempt:
        """Return a fresh attempt."""
        state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
        return cls(state, nonce, verifier, then)

    def cookie(self) -> str:
        """Return its cookie value."""
        parts = [self.state, self.nonce, self.verifier, self.then]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def from_cookie(cls, value: str) -> Attempt | None:
        """Return the attempt of a cookie; None where it is not one of ours."""
        try:
            parts = json.loads(base64.urlsafe_b64decode(value.encode()))
        except ValueError:
            return None
        texts = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
        return cls(*texts) if len(texts) == len(fields(cls)) and all(texts) else None


class RelyingParty:
    """Signs people in and keeps their tokens fresh.

    Args:
        settings: The client.
        sessions: Where sessions lie.
        http: Must not follow redirects.
        jwks: The issuer's keys, e.g. `HttpJwks`.
        clock: The time.
        ids: Fresh ids.
    """

    def __init__(
        self,
        settings: WebClientSettings,
        sessions: Sessions,
        *,
        http: httpx2.AsyncClient,
        jwks: JwksSource,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self.settings = settings
        self.sessions = sessions
        self._http = http
        self._jwks = jwks
        self._verifier = AccessTokenVerifier(settings.issuer, settings.resources[0], jwks, clock)
        self._clock = clock
        self._ids = ids
        self._credentials = ServiceCredentials(
            client_id=settings.client_id,
            private_jwk=json.loads(settings.private_jwk_file.read_text(encoding="utf-8")),
            token_endpoint=f"{settings.issuer}/token",
        )
        sessions.renewing = self

    @property
    def redirect_uri(self) -> str:
        """The registered redirect URI."""
        return f"{self.settings.public_url}/callback"

    def authorize_url(self, attempt: Attempt, language: str) -> str:
        """Return where the browser goes to sign in."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        pairs = [
            ("response_type", "code"),
            ("client_id", self.settings.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.settings.scope),
            ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", base64.urlsafe_b64encode(digest).decode().rstrip("=")),
            ("code_challenge_method", "S256"),
            ("ui_locales", language),
            *(("resource", url) for url in self.settings.resources),
        ]
        if self.settings.purpose is not None:
            pairs.append(("purpose", self.settings.purpose))
        return f"{self.settings.issuer}/authorize?{urlencode(pairs)}"

    async def finish(
        self, answer: Mapping[str, str], attempt: Attempt | None
    ) -> tuple[Session, str]:
        """Return the new session and its cookie value.

        Raises:
            Fault: UNAUTHENTICATED where the answer is not one to this attempt; UNAVAILABLE.
        """
        # 1. the answer is to this attempt   2. from our issuer   3. the code is redeemed
        # 4. the access token is for us      5. the ID token is for this attempt, of that person
        if attempt is None or not hmac.compare_digest(
            attempt.state.encode(), answer.get("state", "").encode()
        ):
            raise _failed()
        if answer.get("iss", self.settings.issuer) != self.settings.issuer or "code" not in answer:
            raise _failed()
        tokens = await self._asked(
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": self.redirect_uri,
                "code_verifier": attempt.verifier,
            }
        )
        principal = await self._verifier.verify(_text(tokens, "access_token"))
        await self._check_id_token(_text(tokens, "id_token"), attempt, principal.subject)
        return await self.sessions.begin(
            principal,
            self._kept(tokens, {}),
            longest=self._longest(tokens),
        )

    def _longest(self, tokens: Mapping[str, Any]) -> timedelta:
        """Return how long a session may last: no longer than the sign-in, where that is told."""
        told = tokens.get("sign_in_expires_in")
        longest = self.settings.longest_seconds
        return timedelta(seconds=min(longest, told) if type(told) is int else longest)

    async def fresh_token(self, session: Session) -> str:
        """See `Renewing.fresh_token`."""
        if self._is_fresh(session):
            return session.kept["access_token"]
        # A refresh token is good once: two workers asking with the same would end the sign-in.
        async with self.sessions.alone(session.key):
            newest = await self.sessions.by_key(session.key)
            if newest is None:
                raise _failed()
            if self._is_fresh(newest):
                return newest.kept["access_token"]
            if "refresh_token" not in newest.kept:
                raise _failed()
            renewed = await self._renewed(newest)
            await self.sessions.save(renewed)
            return renewed.kept["access_token"]

    async def _renewed(self, session: Session) -> Session:
        form = {"grant_type": "refresh_token", "refresh_token": session.kept["refresh_token"]}
        try:
            tokens = await self._asked(form)
        except Fault as refusal:
            if refusal.category is Category.UNAUTHENTICATED:
                await self.sessions.end(session.key)
            raise
        return replace(session, kept=self._kept(tokens, session.kept))

    def _is_fresh(self, session: Session) -> bool:
        ends = datetime.fromisoformat(session.kept["token_ends"])
        return ends - RENEW_BEFORE > self._clock.now()

    def _kept(self, tokens: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
        lifetime = tokens.get("expires_in")
        ends = self._clock.now() + timedelta(seconds=lifetime if type(lifetime) is int else 0)
        kept = {
            **before,
            "access_token": _text(tokens, "access_token"),
            "token_ends": ends.isoformat(),
        }
        if (sign_in := _sign_in_of(kept["access_token"])) is not None:
            kept["sid"] = sign_in
        if isinstance(tokens.get("refresh_token"), str):
            kept["refresh_token"] = tokens["refresh_token"]
        return kept

    async def _asked(self, form: dict[str, str]) -> Mapping[str, Any]:
        proof = client_assertion(self._credentials, clock=self._clock, ids=self._ids)
        signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": proof}
        try:
            response = await self._http.post(
                self._credentials.token_endpoint, data=form | signed, timeout=TIMEOUT_SECONDS
            )
        except httpx2.HTTPError as error:
            raise _unavailable() from error
        if response.is_client_error:
            raise _failed()
        try:
            answer = response.json()
        except ValueError as error:
            raise _unavailable() from error
        if response.status_code != httpx2.codes.OK or not isinstance(answer, dict):
            raise _unavailable()
        return answer

    async def _check_id_token(self, token: str, attempt: Attempt, subject: str) -> None:
        try:
            header = jws.extract_compact(token.encode()).headers()
            key = await self._jwks.key(str(header.get("kid")))
            if key is None:
                raise _failed()
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise _failed() from error
        expected = {
            "iss": self.settings.issuer,
            "aud": self.settings.client_id,
            "nonce": attempt.nonce,
            "sub": subject,
        }
        ends = claims.get("exp")
        if any(claims.get(name) != value for name, value in expected.items()):
            raise _failed()
        if type(ends) is not int or ends <= self._clock.now().timestamp():
            raise _failed()


def _text(tokens: Mapping[str, Any], name: str) -> str:
    value = tokens.get(name)
    if not isinstance(value, str) or not value:
        raise _failed()
    return value


def _sign_in_of(token: str) -> str | None:
    """Return the sign-in a token of our issuer descends from, where it says so."""
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        return None
    sign_in = claims.get("sid") if isinstance(claims, dict) else None
    return sign_in if isinstance(sign_in, str) else None


def _failed() -> Fault:
    return Fault(Category.UNAUTHENTICATED, "The sign-in did not succeed. Please sign in again.")


def _unavailable() -> Fault:
    return Fault(Category.UNAVAILABLE, "The sign-in service does not answer.")
