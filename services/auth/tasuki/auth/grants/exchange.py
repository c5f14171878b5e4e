"""Token exchange: a service calls another one, and the person who asked stays the subject.

The new token is for one audience, names the service as actor, lives a minute at most, and is never
wider than the token it was made from.

https://www.rfc-editor.org/rfc/rfc8693
"""

from __future__ import annotations

from typing import Any

from tasuki.auth.clients import PROVEN, Client
from tasuki.auth.grants.authlib_core import (
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)
from tasuki.auth.grants.errors import InvalidTarget
from tasuki.auth.grants.own_tokens import OwnToken, open_own_token
from tasuki.auth.grants.refresh import narrower
from tasuki.auth.grants.tokens import token_response
from tasuki.auth.issuing import EXCHANGED_SECONDS, Granted
from tasuki.auth.log.events import What
from tasuki.shared.access.client import ACCESS_TOKEN, EXCHANGE
from tasuki.shared.access.principal import Role
from tasuki.shared.access.tokens import MAX_ACTORS


class ExchangeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib ships no types
    """Gives a Tasuki service a token for another one, on behalf of whoever called it."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = (PROVEN,)

    def validate_token_request(self) -> None:
        """Check the service, the token it was called with, and what it wants to do with it.

        Raises:
            OAuth2Error: Something is missing, not held, or not addressed to this service.
        """
        client: Client = self.authenticate_token_endpoint_client()
        self.request.client = client
        if not client.check_grant_type(EXCHANGE) or client.role is not Role.SERVICE:
            raise UnauthorizedClientError("This client may not exchange tokens.")
        subject = self._subject(client)
        audiences = client.audiences_among(self.request.values("resource", "audience"))
        if audiences is None or len(audiences) != 1:
            raise InvalidTarget()
        scopes = narrower(self.request.payload.scope, subject.principal.scopes)
        scopes = scopes.narrowed_to(client.scopes)
        if not scopes:
            raise InvalidScopeError()
        principal = subject.principal
        self.request.granted = Granted(
            subject=principal.subject,
            role=principal.role,
            client_id=client.client_id,
            scopes=scopes,
            audiences=audiences,
            purpose=principal.purpose,
            patient=principal.patient,
            organization=principal.organization,
            region=principal.region,
            display=principal.display,
            family=subject.family,
            actor=(client.client_id, *principal.actor),
            ends_at=principal.expires_at,
            jkt=self.request.jkt,
            certificate=self.request.certificate,
        )

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Return the answer with the exchanged token."""
        body = token_response(
            self.server,
            self.request.granted,
            what=What.TOKEN_EXCHANGED,
            seconds=EXCHANGED_SECONDS,
        )
        return 200, body | {"issued_token_type": ACCESS_TOKEN}, self.TOKEN_RESPONSE_HEADER

    def _subject(self, client: Client) -> OwnToken:
        form: dict[str, str] = self.request.form
        if form.get("subject_token_type") != ACCESS_TOKEN or "actor_token" in form:
            raise InvalidRequestError("Only an access token can be exchanged.")
        if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("Only an access token is given.")
        subject = open_own_token(self.server, form.get("subject_token", ""))
        if subject is None or len(subject.principal.actor) >= MAX_ACTORS:
            raise InvalidGrantError()
        # A token sent to somebody else and found by this service must not become a new one.
        if not set(subject.audiences) & set(client.answers_at):
            raise InvalidGrantError()
        return subject
