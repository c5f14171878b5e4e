"""Registering clients, opening accounts and binding residents; for the launcher and for operators.

None of this is reachable over HTTP.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.accounts import fold_username, place, username_mac
from tasuki.auth.launches import reference
from tasuki.auth.log.accounts import by_operator, client_registered
from tasuki.auth.log.events import What
from tasuki.auth.passwords import MAX_CHARACTERS, hash_password
from tasuki.auth.tables import ACCOUNT, CLIENT, PERSON_LINK, TOKEN_FAMILY
from tasuki.auth.withdrawing import given_by, withdraw_account
from tasuki.shared.access.principal import BACKENDS, STAFF, Role
from tasuki.shared.access.purposes import PURPOSES, may_ask
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.smart import GRANT_TYPES
from tasuki.shared.faults import Category, Fault
from tasuki.shared.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.means import Means


# A proxy signs in as themselves, and then says for whom.
NO_ACCOUNTS = BACKENDS | {Role.PROXY}


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """What a client is registered for.

    Attributes:
        jwks: Its public keys (EC P-256, EC P-384 or RSA); None for a public client, or one with
            `jwks_uri`.
        redirect_uris: Compared character by character.
        grant_types: Out of `smart.GRANT_TYPES`.
        scopes: Space-separated; the widest it may hold.
        audiences: Base URLs its tokens may be for.
        purpose: Fixed purpose of use; None where it is asked for.
        role: Of a backend its role; of an interactive client the only role that may sign in.
        public: Whether it cannot keep a key.
        answers_at: Base URLs it answers at itself. Only tokens addressed to one of them can it
            exchange or introspect.
        jwks_uri: Where its public keys are instead: https, or http on loopback.
        proves_key: Whether every token it gets must be bound to a key (DPoP).
    """

    client_id: str
    name: str
    jwks: Mapping[str, Any] | None
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: str
    audiences: tuple[str, ...]
    purpose: str | None
    role: Role | None
    region: str | None
    organization: str | None
    public: bool
    answers_at: tuple[str, ...] = ()
    jwks_uri: str | None = None
    proves_key: bool = False


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account to be opened.

    Attributes:
        totp_secret: Base32; see `one_time_codes.new_secret`.
        practitioner: Reference of a staff member, e.g. `Practitioner/1`.
        display: Name for access histories; staff only.
        administers: Whether it opens and withdraws the accounts of its organisation's staff.
    """

    username: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    role: Role
    practitioner: str | None = None
    organization: str | None = None
    region: str | None = None
    display: str | None = None
    administers: bool = False


class OneTimeCode(Enum):
    """What became of the code sent to the resident by another way (post, counter)."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    EXPIRED = "expired"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a person here; a name is no part of it, on purpose.

    Attributes:
        insurer: Keyed hash of insurer number, symbol, number and branch number.
    """

    insurer: bytes
    birth_date: date


@dataclass(frozen=True, slots=True)
class LinkEvidence:
    """Why an account is said to be a person's.

    Attributes:
        account: Id of a resident's account.
        patient: The person's reference in the PHR, e.g. `Patient/abc`.
        shown: What the resident showed.
        on_record: What the Patient record says.
        code: The one-time code sent to the address on record.
    """

    account: str
    patient: str
    shown: Identity
    on_record: Identity
    code: OneTimeCode


async def register_client(
    connection: AsyncConnection, means: Means, registration: ClientRegistration
) -> None:
    """Register a client, or replace its registration; a change is recorded, keys among it.

    Raises:
        Fault: INVALID for a registration that could not be used safely.
    """
    _check_registration(registration)
    values = {
        "name": registration.name,
        "jwks": None if registration.jwks is None else dict(registration.jwks),
        "jwks_uri": registration.jwks_uri,
        "redirect_uris": list(registration.redirect_uris),
        "grant_types": list(registration.grant_types),
        "scopes": str(parse_scopes(registration.scopes)),
        "audiences": list(registration.audiences),
        "answers_at": list(registration.answers_at),
        "purpose": registration.purpose,
        "role": None if registration.role is None else registration.role.value,
        "region": registration.region,
        "organization": registration.organization,
        "public": registration.public,
        "proves_key": registration.proves_key,
        "disabled": False,
    }
    known = select(CLIENT).where(CLIENT.c.client_id == registration.client_id)
    before = (await connection.execute(known.with_for_update())).mappings().one_or_none()
    if before is not None and all(before[name] == value for name, value in values.items()):
        return
    new = insert(CLIENT).values(client_id=registration.client_id, **values)
    await connection.execute(
        new.on_conflict_do_update(index_elements=[CLIENT.c.client_id], set_=values)
    )
    told = client_registered(registration.client_id, values, is_new=before is None)
    await connection.run_sync(means.log.record, told)


async def create_account(connection: AsyncConnection, means: Means, spec: AccountSpec) -> str:
    """Return the id of a new account.

    Raises:
        Fault: CONFLICT when the user name is taken, INVALID for a role nobody signs in as, an empty
            user name, or a password over 256 characters.
    """
    username = fold_username(spec.username)
    if spec.role in NO_ACCOUNTS or not username or not 0 < len(spec.password) <= MAX_CHARACTERS:
        raise Fault(Category.INVALID, "The account's role, user name or password cannot be used.")
    box, id_ = means.box, means.ids.new()
    display = spec.display
    new = insert(ACCOUNT).values(
        id=id_,
        username_mac=username_mac(box, username),
        username_sealed=box.seal(username.encode(), bound_to=place(id_, "username")),
        display_sealed=None
        if display is None
        else box.seal(display.encode(), bound_to=place(id_, "display")),
        password_hash=await asyncio.to_thread(hash_password, spec.password),
        totp_sealed=box.seal(spec.totp_secret.encode(), bound_to=place(id_, "totp")),
        role=spec.role.value,
        practitioner=spec.practitioner,
        organization=spec.organization,
        region=spec.region,
        failures=0,
        disabled=False,
        created_at=means.clock.now(),
        administers=spec.administers,
    )
    made = await connection.execute(new.on_conflict_do_nothing().returning(ACCOUNT.c.id))
    if made.scalar_one_or_none() is None:
        raise Fault(Category.CONFLICT, "This user name is taken.")
    opened = {
        "organization": spec.organization or "",
        "opened-as": spec.role.value,
        "administers": "yes" if spec.administers else "no",
    }
    told = by_operator(What.ACCOUNT_OPENED, id_, opened)
    await connection.run_sync(means.log.record, told)
    return id_


async def name_practitioner(
    connection: AsyncConnection, means: Means, account_id: str, practitioner: str
) -> None:
    """Say which Practitioner an account of staff is; tokens name it in `fhirUser`.

    Args:
        connection: The database.
        means: What it is done with.
        account_id: Of a member of staff.
        practitioner: Reference, e.g. `Practitioner/1`.

    Raises:
        Fault: INVALID for any other reference; NOT_FOUND for no such account of staff.
    """
    if reference("Practitioner", practitioner) != practitioner:
        raise Fault(Category.INVALID, "This is no reference to a Practitioner.")
    named = update(ACCOUNT).where(
        ACCOUNT.c.id == account_id, ACCOUNT.c.role.in_([one.value for one in STAFF])
    )
    done = await connection.execute(named.values(practitioner=practitioner))
    if not done.rowcount:
        raise Fault(Category.NOT_FOUND, "There is no such account of staff.")
    told = by_operator(What.ACCOUNT_CHANGED, account_id, {"practitioner": practitioner})
    await connection.run_sync(means.log.record, told)


async def link_resident(connection: AsyncConnection, means: Means, link: LinkEvidence) -> str:
    """Bind a resident's account to a person and return the id of the link.

    The evidence is checked here, and kept sealed with its outcome. The caller records it, who knows
    whose doing it is.

    Raises:
        Fault: FORBIDDEN when the evidence does not hold; CONFLICT when the account or the person
            is bound already; NOT_FOUND for no such resident account.
    """
    role = await connection.execute(select(ACCOUNT.c.role).where(ACCOUNT.c.id == link.account))
    if role.scalar_one_or_none() != Role.RESIDENT.value:
        raise Fault(Category.NOT_FOUND, "There is no such resident account.")
    if not holds(link):
        raise Fault(Category.FORBIDDEN, "The proof of identity does not hold.")
    link_id = means.ids.new()
    kept = {
        "insurer": link.shown.insurer.hex(),
        "birth_date": link.shown.birth_date.isoformat(),
        "code": link.code.value,
    }
    sealed = means.box.seal(json.dumps(kept).encode(), bound_to=f"auth/person_link/{link_id}")
    new = insert(PERSON_LINK).values(
        id=link_id,
        account=link.account,
        patient=link.patient,
        evidence_sealed=sealed,
        bound_at=means.clock.now(),
    )
    made = await connection.execute(new.on_conflict_do_nothing().returning(PERSON_LINK.c.id))
    if made.scalar_one_or_none() is None:
        raise Fault(Category.CONFLICT, "This account or this person is bound already.")
    return link_id


async def bind_resident(connection: AsyncConnection, means: Means, link: LinkEvidence) -> str:
    """Bind a resident's account on what the operator was shown; see `link_resident`."""
    link_id = await link_resident(connection, means, link)
    told = by_operator(What.BOUND, link.account, {"link": link_id}, patient=link.patient)
    await connection.run_sync(means.log.record, told)
    return link_id


async def unbind_resident(connection: AsyncConnection, means: Means, account_id: str) -> None:
    """End an account's link; the link stays as history. Who acts for the person by it does so no more."""
    living = update(PERSON_LINK).where(
        PERSON_LINK.c.account == account_id, PERSON_LINK.c.ended_at.is_(None)
    )
    now = means.clock.now()
    ended = await connection.execute(
        living.values(ended_at=now).returning(PERSON_LINK.c.id, PERSON_LINK.c.patient)
    )
    link = ended.one_or_none()
    table = TOKEN_FAMILY
    acting = update(table).where(
        table.c.proxy.in_(given_by(account_id)), table.c.revoked_at.is_(None)
    )
    await connection.execute(acting.values(revoked_at=now))
    if link is not None:
        told = by_operator(What.UNBOUND, account_id, {"link": link.id}, patient=link.patient)
        await connection.run_sync(means.log.record, told)


async def disable_account(connection: AsyncConnection, means: Means, account_id: str) -> None:
    """Withdraw an account: see `withdrawing.withdraw_account`."""
    await connection.run_sync(withdraw_account, account_id, now=means.clock.now())
    told = by_operator(What.ACCOUNT_WITHDRAWN, account_id)
    await connection.run_sync(means.log.record, told)


def holds(evidence: LinkEvidence) -> bool:
    """Return whether insurer identity, birth date and one-time code all agree."""
    shown, on_record = evidence.shown, evidence.on_record
    return (
        len(shown.insurer) == len(on_record.insurer) == 32  # noqa: PLR2004 - bytes of a keyed hash
        and hmac.compare_digest(shown.insurer, on_record.insurer)
        and shown.birth_date == on_record.birth_date
        and evidence.code is OneTimeCode.CONFIRMED
    )


def _check_registration(registration: ClientRegistration) -> None:
    parse_scopes(registration.scopes)
    interactive = "authorization_code" in registration.grant_types
    faults = (
        not registration.client_id.isascii() or not registration.client_id.isprintable(),
        not registration.client_id,
        not set(registration.grant_types) <= set(GRANT_TYPES) or not registration.grant_types,
        registration.public and not set(registration.grant_types) <= set(GRANT_TYPES[::2]),
        not _has_its_keys(registration),
        registration.purpose is not None and registration.purpose not in PURPOSES,
        not _role_fits(registration),
        interactive == (registration.role in BACKENDS),
        interactive and not registration.redirect_uris,
        not all(_is_safe_redirect(uri) for uri in registration.redirect_uris),
    )
    if any(faults):
        raise Fault(Category.INVALID, "This client registration cannot be used.")


def _role_fits(registration: ClientRegistration) -> bool:
    role, purpose = registration.role, registration.purpose
    return role is None or purpose is None or may_ask(role, purpose)


def _has_its_keys(registration: ClientRegistration) -> bool:
    by_value, by_url = registration.jwks, registration.jwks_uri
    if registration.public:
        return by_value is None and by_url is None
    if by_url is not None:
        return by_value is None and _is_safe_source(by_url)
    return _are_usable(by_value or {})


def _is_safe_source(url: str) -> bool:
    parts = urlsplit(url)
    whole = url.isascii() and url.isprintable() and not parts.fragment and not parts.username
    if parts.scheme == "http":
        return whole and parts.hostname in LOOPBACK
    return whole and parts.scheme == "https" and bool(parts.hostname)


def _are_usable(jwks: Mapping[str, Any]) -> bool:
    try:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
    except (JoseError, ValueError, LookupError, TypeError):
        return False
    return bool(keys) and all(
        not key.is_private
        and (
            (isinstance(key, ECKey) and key.curve_name in ("P-256", "P-384"))
            or isinstance(key, RSAKey)
        )
        for key in keys
    )


def _is_safe_redirect(uri: str) -> bool:
    parts = urlsplit(uri)
    if not uri.isascii() or not uri.isprintable() or parts.fragment or not parts.scheme:
        return False
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK
    # An app's own scheme holds a dot (RFC 8252 section 7.1); so never javascript: or data:.
    return (parts.scheme == "https" and bool(parts.hostname)) or "." in parts.scheme
