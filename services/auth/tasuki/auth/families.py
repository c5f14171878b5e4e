"""Codes and refresh tokens: each redeemed once, by one statement; a replay ends the whole family.

https://www.rfc-editor.org/rfc/rfc9700 (sections 2.2.2 and 4.14)
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, or_, select, update

from tasuki.auth.log.events import What
from tasuki.auth.log.tokens import family_ended
from tasuki.auth.sealing import CODE, REFRESH
from tasuki.auth.sign_in_log import Method
from tasuki.auth.tables import (
    ACCOUNT_SESSION,
    AUTHORIZATION_CODE,
    LAUNCH,
    PROXY_GUESS,
    REFRESH_TOKEN,
    REVOKED_TOKEN,
    TOKEN_FAMILY,
    USED_ASSERTION,
    USED_CHALLENGE,
    USED_PROOF,
)
from tasuki.auth.vouching import VOUCHED_MINUTES
from tasuki.shared.access.principal import STAFF, Role
from tasuki.shared.access.purposes import BTG
from tasuki.shared.access.scopes import ScopeSet, parse_scopes

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping, Select

    from tasuki.auth.context import AuthContext
    from tasuki.auth.sealing import SecretBox

CODE_SECONDS = 60
STAFF_FAMILY = timedelta(hours=12)  # one shift; then two factors again
OVERRIDE_FAMILY = timedelta(hours=1)  # one emergency
# Until the card is mended, or somebody else takes over.
VOUCHED_FAMILY = timedelta(minutes=VOUCHED_MINUTES)
RESIDENT_FAMILY = timedelta(days=90)  # as long as a Mynaportal consent lives


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What a launch tells the app besides the patient; see `launches.Launch`."""

    encounter: str | None
    intent: str | None
    banner: bool


@dataclass(frozen=True, slots=True)
class Family:
    """One sign-in at one client, and all that was granted by it.

    Attributes:
        amr: How the person proved who they are (RFC 8176).
        context: Of the launch it came from; None for a sign-in without one.
        voucher: Account of the colleague who vouched for the person, where one did.
        proxy: The grant by which the person acts for another; None where they act for themselves.
        jkt: The key its code, and then a public client's refresh tokens, are bound to.
    """

    id: str
    account: str
    client_id: str
    scopes: ScopeSet
    audiences: tuple[str, ...]
    purpose: str
    patient: str | None
    nonce: str | None
    signed_in_at: datetime
    expires_at: datetime
    amr: tuple[str, ...] = Method.PASSWORD_AND_CODE.amr
    context: LaunchContext | None = None
    jkt: str | None = None
    voucher: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class RedeemedCode:
    """A code that was good, and is spent now; the methods are the ones Authlib asks for."""

    family: Family
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        """Return the redirect URI it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scopes."""
        return str(self.family.scopes)


@dataclass(frozen=True, slots=True)
class UsedRefreshToken:
    """A refresh token that was good, and is spent now; the methods are the ones Authlib asks for."""

    family: Family

    def check_client(self, client: object) -> bool:
        """Return whether it was issued to this client."""
        return getattr(client, "client_id", None) == self.family.client_id

    def get_scope(self) -> str:
        """Return the granted scopes."""
        return str(self.family.scopes)


def family_end(role: Role, purpose: str, signed_in_at: datetime, method: Method) -> datetime:
    """Return when a sign-in of this role for this purpose stops giving tokens."""
    if method is Method.VOUCHED:
        return signed_in_at + VOUCHED_FAMILY
    if purpose == BTG:
        return signed_in_at + OVERRIDE_FAMILY
    return signed_in_at + (STAFF_FAMILY if role in STAFF else RESIDENT_FAMILY)


def save_code(
    connection: Connection, box: SecretBox, family: Family, *, redirect_uri: str, challenge: str
) -> str:
    """Store a new family and the code that opens it; return the code."""
    context = family.context
    connection.execute(
        insert(TOKEN_FAMILY).values(
            id=family.id,
            account=family.account,
            client_id=family.client_id,
            scope=str(family.scopes),
            audiences=list(family.audiences),
            purpose=family.purpose,
            patient=family.patient,
            nonce=family.nonce,
            amr=list(family.amr),
            jkt=family.jkt,
            voucher=family.voucher,
            proxy=family.proxy,
            encounter=None if context is None else context.encounter,
            intent=None if context is None else context.intent,
            banner=None if context is None else context.banner,
            signed_in_at=family.signed_in_at,
            expires_at=family.expires_at,
        )
    )
    code = secrets.token_urlsafe(32)
    connection.execute(
        insert(AUTHORIZATION_CODE).values(
            code_mac=box.mac(code.encode(), label=CODE),
            family=family.id,
            client_id=family.client_id,
            redirect_uri=redirect_uri,
            code_challenge=challenge,
            expires_at=family.signed_in_at + timedelta(seconds=CODE_SECONDS),
        )
    )
    return code


def redeem_code(
    connection: Connection, context: AuthContext, code: str, *, client_id: str
) -> RedeemedCode | None:
    """Spend a code; None where it is unknown, another client's, late, or spent before.

    A code spent before takes its whole family with it.
    """
    now = context.clock.now()
    table, mac = AUTHORIZATION_CODE, context.box.mac(code.encode("utf-8", "replace"), label=CODE)
    mine = (table.c.code_mac == mac, table.c.client_id == client_id)
    spend = update(table).where(*mine, table.c.redeemed_at.is_(None), table.c.expires_at > now)
    row = (
        connection.execute(
            spend.values(redeemed_at=now).returning(
                table.c.family, table.c.redirect_uri, table.c.code_challenge
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        _end_family_of(connection, context, select(table.c.family).where(*mine), What.CODE_REUSED)
        return None
    family = find_family(connection, row["family"], now=now)
    if family is None:
        return None
    return RedeemedCode(family, row["redirect_uri"], row["code_challenge"])


def save_refresh_token(
    connection: Connection, box: SecretBox, family: Family, *, now: datetime
) -> str:
    """Store and return a new refresh token of a family; it lives as long as the family."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(REFRESH_TOKEN).values(
            token_mac=box.mac(token.encode(), label=REFRESH),
            family=family.id,
            client_id=family.client_id,
            issued_at=now,
        )
    )
    return token


def use_refresh_token(
    connection: Connection, context: AuthContext, token: str, *, client_id: str
) -> UsedRefreshToken | None:
    """Spend a refresh token; None where it is unknown, another client's, ended, or spent before.

    A token spent before takes its whole family with it: either the thief or the owner has an old
    one, and we cannot tell which.
    """
    now = context.clock.now()
    table, mac = REFRESH_TOKEN, context.box.mac(token.encode("utf-8", "replace"), label=REFRESH)
    mine = (table.c.token_mac == mac, table.c.client_id == client_id)
    spend = update(table).where(*mine, table.c.used_at.is_(None)).values(used_at=now)
    family_id = connection.execute(spend.returning(table.c.family)).scalar_one_or_none()
    if family_id is None:
        spent = select(table.c.family).where(*mine)
        _end_family_of(connection, context, spent, What.REFRESH_REUSED)
        return None
    family = find_family(connection, family_id, now=now)
    return None if family is None else UsedRefreshToken(family)


def refresh_token_family(
    connection: Connection, box: SecretBox, token: str, *, now: datetime
) -> Family | None:
    """Return the living family of an unspent refresh token, without spending it."""
    table = REFRESH_TOKEN
    mac = box.mac(token.encode("utf-8", "replace"), label=REFRESH)
    unspent = select(table.c.family).where(table.c.token_mac == mac, table.c.used_at.is_(None))
    family_id = connection.execute(unspent).scalar_one_or_none()
    return None if family_id is None else find_family(connection, family_id, now=now)


def bind_family(connection: Connection, family_id: str, jkt: str | None) -> None:
    """Bind what comes of a sign-in from now on to a key; None to no key."""
    mine = update(TOKEN_FAMILY).where(TOKEN_FAMILY.c.id == family_id)
    connection.execute(mine.values(jkt=jkt))


def refresh_token_client(connection: Connection, box: SecretBox, token: str) -> str | None:
    """Return the client a refresh token, spent or not, was issued to."""
    mac = box.mac(token.encode("utf-8", "replace"), label=REFRESH)
    query = select(REFRESH_TOKEN.c.client_id).where(REFRESH_TOKEN.c.token_mac == mac)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def find_family(connection: Connection, family_id: str, *, now: datetime) -> Family | None:
    """Return a family that is neither revoked nor past its end."""
    row = (
        connection.execute(
            select(TOKEN_FAMILY).where(
                TOKEN_FAMILY.c.id == family_id,
                TOKEN_FAMILY.c.revoked_at.is_(None),
                TOKEN_FAMILY.c.expires_at > now,
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else _family(row)


def revoke_family(connection: Connection, family_id: str, *, now: datetime) -> bool:
    """End a family: its refresh tokens stop at once, its access tokens at introspection.

    False where it had been ended before.
    """
    table = TOKEN_FAMILY
    living = update(table).where(table.c.id == family_id, table.c.revoked_at.is_(None))
    ended = connection.execute(living.values(revoked_at=now).returning(table.c.id))
    return ended.scalar_one_or_none() is not None


def revoke_access_token(connection: Connection, jti: str, *, expires_at: datetime) -> None:
    """Note that one access token is revoked."""
    known = select(REVOKED_TOKEN.c.jti).where(REVOKED_TOKEN.c.jti == jti)
    if connection.execute(known).scalar_one_or_none() is None:
        connection.execute(insert(REVOKED_TOKEN).values(jti=jti, expires_at=expires_at))


def is_revoked(connection: Connection, jti: str, family_id: str | None, *, now: datetime) -> bool:
    """Return whether an access token, or the sign-in it came from, was revoked."""
    withdrawn = exists().where(REVOKED_TOKEN.c.jti == jti)
    if family_id is not None:
        living = (
            TOKEN_FAMILY.c.id == family_id,
            TOKEN_FAMILY.c.revoked_at.is_(None),
            TOKEN_FAMILY.c.expires_at > now,
        )
        return bool(connection.execute(select(or_(withdrawn, ~exists().where(*living)))).scalar())
    return bool(connection.execute(select(withdrawn)).scalar())


def forget_expired(connection: Connection, *, now: datetime) -> None:
    """Delete what can no longer matter: ended families and spent single-use marks."""
    spent = (USED_ASSERTION, USED_CHALLENGE, USED_PROOF, REVOKED_TOKEN)
    for table in (*spent, ACCOUNT_SESSION, LAUNCH, PROXY_GUESS, TOKEN_FAMILY):
        connection.execute(delete(table).where(table.c.expires_at < now - timedelta(days=1)))


def _end_family_of(
    connection: Connection, context: AuthContext, query: Select[str], what: What
) -> None:
    whole = select(TOKEN_FAMILY).where(TOKEN_FAMILY.c.id.in_(query))
    row = connection.execute(whole).mappings().one_or_none()
    if row is None:
        return
    living = revoke_family(connection, row["id"], now=context.clock.now())
    context.log.record(connection, family_ended(what, _family(row), was_living=living))


def _family(row: RowMapping) -> Family:
    return Family(
        id=row["id"],
        account=row["account"],
        client_id=row["client_id"],
        scopes=parse_scopes(row["scope"]),
        audiences=tuple(row["audiences"]),
        purpose=row["purpose"],
        patient=row["patient"],
        nonce=row["nonce"],
        amr=tuple(row["amr"]),
        jkt=row["jkt"],
        voucher=row["voucher"],
        proxy=row["proxy"],
        context=None
        if row["banner"] is None
        else LaunchContext(row["encounter"], row["intent"], row["banner"]),
        signed_in_at=row["signed_in_at"],
        expires_at=row["expires_at"],
    )
