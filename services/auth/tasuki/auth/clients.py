"""Registered clients: what each may ask for, and how it proves itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from tasuki.auth.tables import CLIENT
from tasuki.shared.access.principal import Role
from tasuki.shared.access.scopes import ScopeSet, parse_scopes, recognised_scopes
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

PROVEN = "private_key_jwt"
PUBLIC = "none"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client; the methods in the second half are the ones Authlib asks for.

    Attributes:
        jwks: Its public keys; None where it has none or has them by URL.
        jwks_uri: Where its keys are.
        scopes: The widest it may hold.
        audiences: Base URLs its tokens may be for.
        answers_at: Base URLs it answers at itself; a token it may exchange is addressed to one.
        purpose: Fixed purpose of use; None where it is asked for at sign-in or in the request.
        role: Of a backend: its role. Of an interactive client: the only role that may sign in
            there; None for any.
        proves_key: Whether every token it gets must be bound to a key (DPoP).
        public: Without a key of its own (an app on a phone or in a browser).
    """

    client_id: str
    name: str
    jwks: Mapping[str, Any] | None
    jwks_uri: str | None
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: ScopeSet
    audiences: tuple[str, ...]
    answers_at: tuple[str, ...]
    purpose: str | None
    role: Role | None
    region: str | None
    organization: str | None
    public: bool
    proves_key: bool = False

    def audiences_among(self, asked: list[str]) -> tuple[str, ...] | None:
        """Return the asked base URLs as registered; None where one is not registered.

        A trailing slash makes no difference: SMART apps send both spellings.
        """
        known = {url.rstrip("/"): url for url in self.audiences}
        found = [known.get(url.rstrip("/")) for url in asked]
        if None in found:
            return None
        return tuple(dict.fromkeys(url for url in found if url is not None))

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return no redirect URI: a request must name one."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the asked scopes within the registration; None (refused) where nothing is left."""
        try:
            narrowed = recognised_scopes(scope or "").narrowed_to(self.scopes)
        except Fault:
            return None
        return str(narrowed) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether the URI is registered, character by character."""
        return redirect_uri in self.redirect_uris

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Return whether the client proves itself this way, at any endpoint."""
        del endpoint
        return method == (PUBLIC if self.public else PROVEN)

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may use the authorization endpoint so."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use this grant."""
        return grant_type in self.grant_types


def find_client(connection: Connection, client_id: str) -> Client | None:
    """Return a client that is registered and not disabled."""
    query = select(CLIENT).where(CLIENT.c.client_id == client_id, CLIENT.c.disabled.is_(False))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Client(
        client_id=row["client_id"],
        name=row["name"],
        jwks=row["jwks"],
        jwks_uri=row["jwks_uri"],
        redirect_uris=tuple(row["redirect_uris"]),
        grant_types=tuple(row["grant_types"]),
        scopes=parse_scopes(row["scopes"]),
        audiences=tuple(row["audiences"]),
        answers_at=tuple(row["answers_at"]),
        purpose=row["purpose"],
        role=None if row["role"] is None else Role(row["role"]),
        region=row["region"],
        organization=row["organization"],
        public=row["public"],
        proves_key=row["proves_key"],
    )
