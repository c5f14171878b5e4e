"""Backend services: a client without a person, by `client_credentials` and a proven key.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.auth.clients import PROVEN
from tasuki.auth.grants.authlib_core import (
    ClientCredentialsGrant,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from tasuki.auth.grants.errors import InvalidTarget, ProofRefused
from tasuki.auth.grants.tokens import token_response
from tasuki.auth.issuing import Granted
from tasuki.auth.rights import scopes_within
from tasuki.shared.access.principal import BACKENDS
from tasuki.shared.access.purposes import may_ask
from tasuki.shared.access.scopes import ScopeSet, recognised_scopes
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from tasuki.auth.clients import Client
    from tasuki.shared.access.principal import Role


class BackendGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """Gives a token to a hospital's or a Tasuki service's own backend."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PROVEN,)

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """Return the token response."""
        del asked  # decided from the request and the registration
        client: Client = self.request.client
        if client.role not in BACKENDS:
            raise UnauthorizedClientError("This client is not registered as a backend.")
        if client.proves_key and self.request.jkt is None:
            raise ProofRefused()
        granted = Granted(
            subject=client.client_id,
            role=client.role,
            client_id=client.client_id,
            scopes=_scopes(self.request.payload.scope, client, client.role),
            audiences=_audiences(self.request.values("resource", "audience"), client),
            purpose=_purpose(self.request.form.get("purpose"), client, client.role),
            organization=client.organization,
            region=client.region,
            jkt=self.request.jkt,
            certificate=self.request.certificate,
        )
        return token_response(self.server, granted)


def _scopes(asked: str | None, client: Client, role: Role) -> ScopeSet:
    try:
        narrowed = recognised_scopes(asked or "").narrowed_to(client.scopes)
    except Fault as error:
        raise InvalidScopeError() from error
    scopes = scopes_within(role, narrowed, patient=None)
    if not scopes:
        raise InvalidScopeError()
    return scopes


def _audiences(asked: list[str], client: Client) -> tuple[str, ...]:
    # A plain SMART backend cannot name an audience; then it gets all it is registered for.
    audiences = client.audiences_among(asked) if asked else client.audiences
    if not audiences:
        raise InvalidTarget()
    return audiences


def _purpose(asked: str | None, client: Client, role: Role) -> str:
    purpose = asked if client.purpose is None else client.purpose
    if purpose is None or asked not in (None, purpose) or not may_ask(role, purpose):
        raise InvalidRequestError("The purpose of use is missing or not open to this client.")
    return purpose
