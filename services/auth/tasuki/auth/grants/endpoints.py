"""Introspection for services and revocation for clients.

https://www.rfc-editor.org/rfc/rfc7662, https://www.rfc-editor.org/rfc/rfc7009
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.auth.clients import PROVEN, PUBLIC
from tasuki.auth.families import (
    refresh_token_family,
    revoke_access_token,
    revoke_family,
    use_refresh_token,
)
from tasuki.auth.grants.authlib_core import (
    IntrospectionEndpoint,
    InvalidRequestError,
    RevocationEndpoint,
)
from tasuki.auth.grants.own_tokens import OwnToken, open_own_token
from tasuki.auth.log.events import What
from tasuki.auth.log.tokens import family_ended, token_revoked

if TYPE_CHECKING:
    from tasuki.auth.clients import Client
    from tasuki.auth.families import Family
    from tasuki.auth.grants.request import FormRequest

_TOLD = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "act", "cnf")
_TOLD_OURS = ("purpose", "role", "patient", "encounter", "organization", "region", "fhirUser")


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """Tells a service about an access token that is addressed to it."""

    CLIENT_AUTH_METHODS = (PROVEN,)

    def authenticate_token(self, request: FormRequest, client: Client) -> OwnToken | None:
        """Return the token if it is good, and addressed or issued to the asking client."""
        subject = open_own_token(self.server, _token(request))
        if subject is None:
            return None
        addressed = set(subject.audiences) & set(client.answers_at)
        return subject if addressed or subject.principal.client_id == client.client_id else None

    def create_introspection_payload(self, token: OwnToken | None) -> dict[str, Any]:
        """Return what the token says, or only that it is not active."""
        if token is None:
            return {"active": False}
        claims = token.claims
        told = {name: claims[name] for name in (*_TOLD, *_TOLD_OURS) if name in claims}
        return {
            "active": True,
            "token_type": "DPoP" if "jkt" in told.get("cnf", {}) else "Bearer",
            **told,
        }


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """Ends a token; a refresh token takes its whole sign-in with it."""

    CLIENT_AUTH_METHODS = (PROVEN, PUBLIC)

    def authenticate_token(self, request: FormRequest, client: Client) -> OwnToken | Family | None:
        """Return the token if it was issued to this client; None otherwise, which is no error."""
        text, server = _token(request), self.server
        own = open_own_token(server, text)
        if own is not None:
            return own if own.principal.client_id == client.client_id else None
        context = server.context
        now = context.clock.now()
        family = refresh_token_family(server.connection, context.box, text, now=now)
        if family is None or family.client_id != client.client_id:
            return None
        use_refresh_token(server.connection, context, text, client_id=client.client_id)
        return family

    def revoke_token(self, token: OwnToken | Family, request: FormRequest) -> None:
        """End it."""
        del request
        connection, context = self.server.connection, self.server.context
        if isinstance(token, OwnToken):
            whose = token.principal
            revoke_access_token(connection, whose.token_id, expires_at=whose.expires_at)
            told = token_revoked(whose.subject, whose.client_id, whose.token_id)
        else:
            revoke_family(connection, token.id, now=context.clock.now())
            told = family_ended(What.TOKEN_REVOKED, token, was_living=True)
        context.log.record(connection, told)


def _token(request: FormRequest) -> str:
    token = request.form.get("token")
    if token is None:
        raise InvalidRequestError("A token is required.")
    return token
