"""Refresh with rotation: a new token each time, and a replayed one ends the sign-in.

https://www.rfc-editor.org/rfc/rfc6749#section-6, https://www.rfc-editor.org/rfc/rfc9700#section-4.14
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.auth.clients import PROVEN, PUBLIC
from tasuki.auth.families import (
    UsedRefreshToken,
    refresh_token_family,
    use_refresh_token,
)
from tasuki.auth.grants.authlib_core import (
    InvalidGrantError,
    InvalidScopeError,
    RefreshTokenGrant,
)
from tasuki.auth.grants.possession import check_key
from tasuki.auth.grants.tokens import family_response, granted_by, living_account
from tasuki.auth.log.events import What
from tasuki.shared.access.scopes import ScopeSet, parse_scopes
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from tasuki.auth.accounts import Account


class RotatingRefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib ships no types
    """Gives fresh tokens for a refresh token, which is spent by asking."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PROVEN, PUBLIC)

    def authenticate_refresh_token(self, refresh_token: str) -> UsedRefreshToken | None:
        """Return the refresh token and spend it in the same statement.

        A request for too much is refused before: it costs the client nothing but the answer. So is
        one without the right key: whoever stole the token alone cannot end the sign-in by it.
        """
        context, connection = self.server.context, self.server.connection
        now, client_id = context.clock.now(), self.request.client.client_id
        family = refresh_token_family(connection, context.box, refresh_token, now=now)
        if family is not None and family.client_id == client_id:
            check_key(self.request.client, family, self.request.jkt)
            narrower(self.request.payload.scope, family.scopes)
        return use_refresh_token(connection, context, refresh_token, client_id=client_id)

    def authenticate_user(self, refresh_token: UsedRefreshToken) -> Account:
        """Return the account, if it may still sign in."""
        account = living_account(self.server, refresh_token.family)
        if account is None:
            raise InvalidGrantError()
        return account

    def issue_token(self, user: Account, refresh_token: UsedRefreshToken) -> dict[str, Any]:
        """Return the token response; the new refresh token keeps the scopes first granted."""
        family = refresh_token.family
        scopes = narrower(self.request.payload.scope, family.scopes)
        granted = granted_by(self.server, family, user, scopes, self.request)
        if not granted.audiences:
            raise InvalidGrantError()
        return family_response(
            self.server, family, granted, self.request, what=What.TOKEN_REFRESHED
        )

    def _validate_token_scope(self, token: UsedRefreshToken) -> None:
        del token  # compared by meaning in `authenticate_refresh_token`, not letter by letter

    def revoke_old_credential(self, refresh_token: UsedRefreshToken) -> None:
        """Do nothing: it is spent already."""


def narrower(asked: str | None, held: ScopeSet) -> ScopeSet:
    """Return the asked scopes, or all that is held where none were asked for.

    Compared by meaning: `patient/Observation.r` is within `patient/*.rs`.

    Raises:
        InvalidScopeError: Something asked for is unknown or not held.
    """
    if not asked:
        return held
    try:
        scopes = parse_scopes(asked)
    except Fault as error:
        raise InvalidScopeError() from error
    if not scopes or not scopes.is_subset(held):
        raise InvalidScopeError()
    return scopes
