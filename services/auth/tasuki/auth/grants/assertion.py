"""A client proves itself with a signed assertion: `private_key_jwt`, strict, single use.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html,
https://www.rfc-editor.org/rfc/rfc7523
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeGuard

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.grants.errors import ClientRefused
from tasuki.auth.tables import USED_ASSERTION
from tasuki.shared.access.client import ASSERTION_TYPE
from tasuki.shared.access.smart import ASSERTION_ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from tasuki.auth.clients import Client
    from tasuki.auth.context import AuthContext
    from tasuki.auth.grants.request import FormRequest

LONGEST_SECONDS = 300  # SMART: exp no more than five minutes ahead
SKEW_SECONDS = 10  # a hospital's clock may run ahead of ours by this much
MAX_CHARACTERS = 8_000
MAX_JTI = 255

# So never jwk, x5u, x5c or crit; `jku` must be the registered URL, which it changes nothing about.
_HEADER = frozenset({"alg", "typ", "kid", "jku"})


class ClientAssertion:
    """Authenticates a client by its assertion; called by Authlib."""

    def __init__(self, context: AuthContext, connection: Connection) -> None:
        self._context = context
        self._connection = connection

    def __call__(
        self, query_client: Callable[[str], Client | None], request: FormRequest
    ) -> Client | None:
        """Return the client; None where the request holds no assertion.

        Raises:
            ClientRefused: For anything amiss.
            KeysNeeded: The client's keys must be fetched first.
        """
        form = request.form
        if "client_assertion" not in form and "client_assertion_type" not in form:
            return None
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise ClientRefused()
        # 1. form and header   2. whose it says it is   3. signature under a registered key
        # 4. claims            5. first use
        client_id, header = _claimed_client(assertion)
        if form.get("client_id", client_id) != client_id:
            raise ClientRefused()
        client = query_client(client_id)
        if client is None or ("jku" in header and header["jku"] != client.jwks_uri):
            raise ClientRefused()
        claims = _opened(assertion, self._keys(client, header.get("kid")))
        ends = self._checked_end(claims, client_id)
        if not self._is_first_use(client_id, claims["jti"], ends):
            raise ClientRefused()
        return client

    def _keys(self, client: Client, kid: object) -> list[Any]:
        if client.jwks_uri is None:
            return list((client.jwks or {}).get("keys", []))
        wanted = kid if isinstance(kid, str) else None
        return list(self._context.client_keys.of(client.jwks_uri, wanted))

    def _checked_end(self, claims: dict[str, Any], client_id: str) -> datetime:
        now = self._context.clock.now().timestamp()
        ends, jti = claims.get("exp"), claims.get("jti")
        ours = claims.get("aud") in (
            self._context.token_endpoint,
            [self._context.token_endpoint],
        )
        if claims.get("iss") != client_id or claims.get("sub") != client_id or not ours:
            raise ClientRefused()
        if not is_plain(jti) or len(jti) > MAX_JTI:
            raise ClientRefused()
        if type(ends) is not int or not now < ends <= now + LONGEST_SECONDS + SKEW_SECONDS:
            raise ClientRefused()
        for name in ("iat", "nbf"):
            begins = claims.get(name, 0)
            if type(begins) is not int or begins > now + SKEW_SECONDS:
                raise ClientRefused()
        return datetime.fromtimestamp(ends, UTC)

    def _is_first_use(self, client_id: str, jti: str, ends: datetime) -> bool:
        used = insert(USED_ASSERTION).values(client_id=client_id, jti=jti, expires_at=ends)
        first = used.on_conflict_do_nothing().returning(USED_ASSERTION.c.jti)
        return self._connection.execute(first).scalar_one_or_none() is not None


def is_plain(value: object) -> TypeGuard[str]:
    """Return whether a value is a non-empty text that a database column takes as it is."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()


def _claimed_client(assertion: str) -> tuple[str, dict[str, Any]]:
    if len(assertion) > MAX_CHARACTERS or not assertion.isascii():
        raise ClientRefused()
    try:
        parts = jws.extract_compact(assertion.encode())
        header, claims = parts.headers(), json.loads(parts.payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise ClientRefused() from error
    if not set(header) <= _HEADER or header.get("alg") not in ASSERTION_ALGORITHMS:
        raise ClientRefused()
    client_id = claims.get("sub") if isinstance(claims, dict) else None
    if not is_plain(client_id):
        raise ClientRefused()
    return client_id, header


def _opened(assertion: str, published: list[Any]) -> dict[str, Any]:
    if not published:
        raise ClientRefused()
    try:
        keys = KeySet.import_key_set({"keys": published})
        return jwt.decode(assertion, keys, algorithms=list(ASSERTION_ALGORITHMS)).claims
    except (JoseError, ValueError, LookupError) as error:
        raise ClientRefused() from error
