"""A declaration as a signed object: whoever holds it and the issuer's keys can check it alone.

A compact JWS under ES256; the payload names the issuer and holds the declaration's JSON form:

    {"alg": "ES256", "kid": …, "typ": "tasuki-declaration+jws"} . {"iss": …, "declaration": {…}}

In the feed and at rest it lies in an envelope, which says nothing that the signature does not:

    {"form": "tasuki-declaration/2", "id": …, "jws": "…"}

https://www.rfc-editor.org/rfc/rfc7515
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from joserfc import jws
from joserfc.errors import JoseError

from tasuki.consent.declaration_json import read_declaration, write_declaration
from tasuki.consent.reading import as_element, refuse
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from joserfc.jwk import ECKey

    from tasuki.consent.declarations import Declaration

ALGORITHM = "ES256"
TYPE = "tasuki-declaration+jws"
SIGNED_FORM = "tasuki-declaration/2"
MAX_CHARACTERS = 65_536  # 2,000 municipalities are half of it
_HEADER = frozenset({"alg", "kid", "typ"})
_PAYLOAD = frozenset({"iss", "declaration"})


class Reason(StrEnum):
    """Why a declaration does not count."""

    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"  # never known, or withdrawn
    WRONG_SIGNATURE = "wrong-signature"
    OTHER_ISSUER = "other-issuer"
    BAD_CONTENT = "bad-content"


class Untrusted(Fault):
    """A declaration that opens nothing.

    Attributes:
        reason: Why; for the log and the meter.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(Category.INVALID, "This is no declaration signed by an issuer known here.")
        self.reason = reason


class Standing(StrEnum):
    """Where a declaration stands at a moment; a pure function of the two."""

    UPCOMING = "upcoming"
    OPEN = "open"
    OVER = "over"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Verified:
    """A declaration whose signature has been checked.

    Attributes:
        issuer: FHIR base URL of the consent service that signed it.
        key_id: The key it signed with.
        standing: At the moment it was checked.
    """

    declaration: Declaration
    issuer: str
    key_id: str
    standing: Standing


def sign_declaration(declaration: Declaration, key: ECKey, issuer: str) -> str:
    """Return a version of a declaration as a compact JWS: ASCII, short enough for a letter."""
    payload = {"iss": issuer, "declaration": write_declaration(declaration)}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": TYPE}
    return jws.serialize_compact(header, text.encode(), key, algorithms=[ALGORITHM])


def verify_declaration(
    signed: str, keys: Mapping[str, ECKey], now: datetime, *, issuer: str | None = None
) -> Verified:
    """Return what a signed declaration says, and where it stands now. Asks nobody.

    Args:
        signed: The compact JWS.
        keys: The issuer's public keys by key id; one that was withdrawn is not among them.
        now: For the standing; an old or a future declaration is verified all the same.
        issuer: Whose it must be; None where the keys are of one issuer only.

    Raises:
        Untrusted: With the reason, for anything amiss; nothing of it may be used.
    """
    # 1. form and header   2. a key that is known   3. signature under the one algorithm
    # 4. the payload is whole   5. the issuer   6. the declaration is one that may be made
    key_id = key_id_of(signed)
    key = keys.get(key_id)
    if key is None:
        raise Untrusted(Reason.UNKNOWN_KEY)
    try:
        opened = jws.deserialize_compact(signed, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise Untrusted(Reason.WRONG_SIGNATURE) from None
    said_by, declaration = _read_payload(opened.payload)
    if issuer is not None and said_by != issuer:
        raise Untrusted(Reason.OTHER_ISSUER)
    return Verified(declaration, said_by, key_id, standing_of(declaration, now))


def standing_of(declaration: Declaration, now: datetime) -> Standing:
    """Return where a declaration stands at a moment."""
    if declaration.closed_at is not None and declaration.closed_at <= now:
        return Standing.CLOSED
    if now >= declaration.end:
        return Standing.OVER
    return Standing.OPEN if now >= declaration.start else Standing.UPCOMING


def key_id_of(signed: str) -> str:
    """Return the id of the key a JWS says it was signed with.

    Raises:
        Untrusted: Not a JWS of this kind.
    """
    if len(signed) > MAX_CHARACTERS or not signed.isascii():
        raise Untrusted(Reason.MALFORMED)
    try:
        header = jws.extract_compact(signed.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Untrusted(Reason.MALFORMED) from None
    fits = set(header) == _HEADER and header["alg"] == ALGORITHM and header["typ"] == TYPE
    if not fits or not isinstance(header["kid"], str):
        raise Untrusted(Reason.MALFORMED)
    return header["kid"]


def write_signed(declaration: Declaration, signed: str) -> dict[str, object]:
    """Return the envelope a signed declaration travels and rests in."""
    return {"form": SIGNED_FORM, "id": declaration.id, "jws": signed}


def signature_of(body: Mapping[str, object]) -> str:
    """Return the JWS of an envelope.

    Raises:
        Untrusted: It is unsigned, or no envelope.
    """
    signed = body.get("jws")
    if body.get("form") != SIGNED_FORM or not isinstance(signed, str):
        raise Untrusted(Reason.UNSIGNED)
    return signed


def read_stored(body: Mapping[str, object]) -> Declaration:
    """Return what a record of the issuer's own sealed store says; for the issuer alone.

    Nothing is verified: what was signed with a key that has been withdrawn since is read too, so
    that it can be renewed or closed. Records from before declarations were signed are read as well.

    Raises:
        Fault: STRUCTURE with the path of what is not understood.
    """
    if body.get("form") != SIGNED_FORM:
        return read_declaration(body)
    try:
        opened = jws.extract_compact(signature_of(body).encode())
    except (JoseError, ValueError):
        raise refuse("declaration.jws", "A signed declaration is needed here.") from None
    return _read_payload(opened.payload)[1]


def _read_payload(payload: bytes) -> tuple[str, Declaration]:
    try:
        document = json.loads(payload, object_pairs_hook=_no_duplicates)
        read = as_element("payload", document)
        if set(document) != _PAYLOAD:
            raise Untrusted(Reason.BAD_CONTENT)
        return read.text("iss"), read_declaration(read.child("declaration").members)
    except (ValueError, RecursionError, OverflowError, Fault):
        raise Untrusted(Reason.BAD_CONTENT) from None


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
