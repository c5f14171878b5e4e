"""One authorization server per request, on one connection and thus one transaction.

https://www.rfc-editor.org/rfc/rfc6749, https://www.rfc-editor.org/rfc/rfc9207 (`iss`)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tasuki.auth.clients import PROVEN, PUBLIC, Client, find_client
from tasuki.auth.families import refresh_token_client
from tasuki.auth.grants.assertion import ClientAssertion, is_plain
from tasuki.auth.grants.authlib_core import (
    AuthorizationServer,
    InvalidClientError,
)
from tasuki.auth.grants.errors import ClientRefused, ProofRefused
from tasuki.auth.grants.possession import proven_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from tasuki.auth.context import AuthContext
    from tasuki.auth.grants.request import FormRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that Authlib composed.

    Attributes:
        body: JSON object; empty for a redirect.
        location: Where to send the browser; None for no redirect.
    """

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    location: str | None = None


class OAuthServer(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's server over our tables; grants reach the rest through `context` and `connection`."""

    def __init__(self, context: AuthContext, connection: Connection) -> None:
        super().__init__()
        self.context = context
        self.connection = connection
        self.register_client_auth_method(PROVEN, ClientAssertion(context, connection))
        self.register_client_auth_method(PUBLIC, self._public_client)

    def query_client(self, client_id: str) -> Client | None:
        """Return a registered client."""
        return find_client(self.connection, client_id) if is_plain(client_id) else None

    def authenticate_client(
        self, request: FormRequest, methods: list[str], endpoint: str = "token"
    ) -> Client:
        """Return the client that proved itself.

        Raises:
            ClientRefused: In the same words for every reason.
        """
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:
            raise ClientRefused() from error
        return client

    def create_token_response(self, request: FormRequest) -> Answer:
        """Return the answer of the token endpoint; the proof of a key is looked at first."""
        try:
            request.jkt = proven_key(self.connection, self.context, request.shown)
        except ProofRefused as error:
            refused: Answer = self.handle_error_response(request, error)
            return refused
        answer: Answer = super().create_token_response(request)
        return answer

    def save_token(self, token: dict[str, Any], request: FormRequest) -> None:
        """Do nothing: refresh tokens are stored where they are made, access tokens nowhere."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: nobody listens."""

    def validate_requested_scope(self, scope: str | None) -> None:
        """Do nothing: the client's registration and the role narrow scopes."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        """Return the request, which is parsed already."""
        return request

    def handle_response(
        self, status: int, body: dict[str, Any] | str, headers: Iterable[tuple[str, str]]
    ) -> Answer:
        """Return the answer; a redirect says who it comes from (RFC 9207)."""
        named = dict(headers)
        location = named.pop("Location", None)
        if location is not None:
            return Answer(303, {}, named, _with_issuer(location, self.context.issuer.url))
        return Answer(status, body if isinstance(body, dict) else {}, named)

    def _public_client(
        self, query_client: Callable[[str], Client | None], request: FormRequest
    ) -> Client | None:
        form = request.form
        if "client_assertion" in form:
            return None
        client_id = form.get("client_id")
        if client_id is None and "refresh_token" in form:
            # SMART's own JavaScript client leaves its id out when it refreshes.
            token = form["refresh_token"]
            client_id = refresh_token_client(self.connection, self.context.box, token)
        return None if client_id is None else query_client(client_id)


def _with_issuer(location: str, issuer: str) -> str:
    parts = urlsplit(location)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("iss", issuer)]
    return urlunsplit(parts._replace(query=urlencode(query)))
