"""Access tokens that come back to the server that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.auth.families import is_revoked
from tasuki.shared.access.tokens import audiences, key_id, open_token, principal_of
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.context import AuthContext
    from tasuki.auth.grants.server import OAuthServer
    from tasuki.shared.access.principal import Principal


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A good access token of ours.

    Attributes:
        audiences: Base URLs it is for.
        family: Sign-in it descends from; None for a backend's own.
    """

    principal: Principal
    audiences: tuple[str, ...]
    family: str | None
    claims: dict[str, Any]


def open_own_token(server: OAuthServer, token: str) -> OwnToken | None:
    """Return what a token of ours says; None for anything amiss, ended or revoked."""
    return read_own_token(server.context, server.connection, token)


def read_own_token(context: AuthContext, connection: Connection, token: str) -> OwnToken | None:
    """See `open_own_token`."""
    try:
        key = context.issuer.keys.key(key_id(token))
        if key is None:
            return None
        claims = open_token(token, key, issuer=context.issuer.url, clock=context.clock)
        principal = principal_of(claims)
    except Fault:
        return None
    family = claims.get("sid")
    if is_revoked(connection, principal.token_id, family, now=context.clock.now()):
        return None
    return OwnToken(principal, audiences(claims), family, claims)
