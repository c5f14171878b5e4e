"""Proofs of possession at the token endpoint: read before any grant, each used once.

https://www.rfc-editor.org/rfc/rfc9449#section-5
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.grants.authlib_core import InvalidGrantError
from tasuki.auth.grants.errors import ProofRefused
from tasuki.auth.sealing import PROOF
from tasuki.auth.tables import USED_PROOF
from tasuki.shared.access.dpop import NotProven, open_proof

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.clients import Client
    from tasuki.auth.context import AuthContext
    from tasuki.auth.families import Family
    from tasuki.shared.access.dpop import Proof, Shown


def proven_key(connection: Connection, context: AuthContext, shown: Shown | None) -> str | None:
    """Return the thumbprint of the key a request proves; None where it shows no proof.

    Raises:
        ProofRefused: It shows one that proves nothing here, or was used before.
    """
    if shown is None or not shown.proofs:
        return None
    try:
        proof = open_proof(shown, base_url=context.issuer.url, clock=context.clock)
    except NotProven as error:
        raise ProofRefused() from error
    if not _is_first_use(connection, context, proof):
        raise ProofRefused()
    return proof.jkt


def check_key(client: Client, family: Family, jkt: str | None) -> None:
    """Refuse a request that does not prove the key its sign-in is bound to.

    Raises:
        ProofRefused: The client always proves a key, and did not.
        InvalidGrantError: It proves none, or another key.
    """
    if client.proves_key and jkt is None:
        raise ProofRefused()
    if family.jkt is not None and family.jkt != jkt:
        raise InvalidGrantError()


def _is_first_use(connection: Connection, context: AuthContext, proof: Proof) -> bool:
    used = insert(USED_PROOF).values(
        jkt=proof.jkt,
        jti_mac=context.box.mac(proof.jti.encode("utf-8", "surrogatepass"), label=PROOF),
        expires_at=proof.until,
    )
    first = used.on_conflict_do_nothing().returning(USED_PROOF.c.jkt)
    return connection.execute(first).scalar_one_or_none() is not None
