"""Refusals that Authlib does not name, as it answers them."""

from __future__ import annotations

from tasuki.auth.grants.authlib_core import (
    InvalidClientError,
    OAuth2Error,
)


class InvalidTarget(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """No audience, or one the client is not registered for (RFC 8707)."""

    error = "invalid_target"
    description = "The audience is missing or not registered for this client."


class LoginRequired(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """Asked not to show a page, which we always do (OpenID Connect `prompt=none`)."""

    error = "login_required"


class ProofRefused(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """A missing proof of possession, or one that proves nothing here (RFC 9449)."""

    error = "invalid_dpop_proof"
    description = "The proof of possession is missing, not valid here, or was used before."


class ClientRefused(InvalidClientError):  # type: ignore[misc]  # Authlib ships no types
    """A client that did not prove itself; always in the same words."""

    status_code = 401
    description = "The client did not prove itself."

    def get_headers(self) -> list[tuple[str, str]]:
        """Return JSON headers, without asking for HTTP Basic, which we do not do."""
        return [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
