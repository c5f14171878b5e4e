"""A request as Authlib reads it: parameters already parsed, checked and free of repeats.

https://www.rfc-editor.org/rfc/rfc6749
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tasuki.auth.grants.authlib_core import (
    InvalidRequestError,
    OAuth2Payload,
    OAuth2Request,
)

if TYPE_CHECKING:
    from tasuki.auth.clients import Client
    from tasuki.auth.issuing import Granted
    from tasuki.shared.access.dpop import Shown

MAX_FIELDS = 60
REPEATABLE = frozenset({"resource", "audience"})  # RFC 8707, RFC 8693

# What may appear in an error description (RFC 6749 section 5.2); Authlib puts some parameters
# into descriptions and fails on any other character.
_PLAIN = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
_FREE_TEXT = frozenset(
    {
        *("state", "username", "password", "code", "reason", "client_assertion"),
        *("passkey", "label", "display", "invitation", "name", "person"),
        *("insurer", "symbol", "number", "branch"),
    }
)


class FormPayload(OAuth2Payload):  # type: ignore[misc]  # Authlib ships no types
    """Parameters of a query or a form."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        """First value of each parameter; blank ones count as left out."""
        return {name: values[0] for name, values in self._lists.items() if values[0]}

    @property
    def datalist(self) -> dict[str, list[str]]:
        """All values of each parameter."""
        return self._lists


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib ships no types
    """A parsed request.

    Attributes:
        client: The client, once it is known.
        granted: What a grant decided, for the token that is made from it.
        shown: Proofs of possession that came with it.
        jkt: Thumbprint of the key it proved; None where it proved none.
        certificate: `x5t#S256` of the certificate its connection was opened with; None for none.
    """

    def __init__(
        self,
        method: str,
        pairs: list[tuple[str, str]],
        shown: Shown | None = None,
        *,
        certificate: str | None = None,
    ) -> None:
        # Authlib refuses any URL that is not https, also on loopback. The settings already hold
        # the issuer to https, save on loopback, so the transport is not checked twice.
        super().__init__(method, "https://transport-is-checked-in.settings")
        self.payload = FormPayload(pairs)
        self.client: Client | None = None
        self.granted: Granted | None = None
        self.shown = shown
        self.jkt: str | None = None
        self.certificate = certificate

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return self.payload.data

    @property
    def args(self) -> dict[str, str]:
        """The parameters."""
        return self.payload.data

    def values(self, *names: str) -> list[str]:
        """Return all values of some parameters, blanks left out, in order."""
        lists = self.payload.datalist
        return [value for name in names for value in lists.get(name, []) if value]


def read_parameters(encoded: str) -> list[tuple[str, str]]:
    """Return the parameters of an `application/x-www-form-urlencoded` text.

    Raises:
        InvalidRequestError: Not such a text, too many fields, a repeated one, or a character that
            OAuth does not allow.
    """
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise InvalidRequestError("The parameters cannot be read.") from error
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen and name not in REPEATABLE:
            raise InvalidRequestError("A parameter is given more than once.")
        seen.add(name)
        if name not in _FREE_TEXT and not _PLAIN.fullmatch(value):
            raise InvalidRequestError("A parameter holds a character that is not allowed.")
    return pairs
