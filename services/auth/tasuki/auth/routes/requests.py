"""One visit to the authorization endpoint: what was asked for, and what becomes of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.auth.grants.authlib_core import (
    OAuth2Error,
)
from tasuki.auth.grants.code import CodeGrant, SignedIn, Wanted
from tasuki.auth.grants.request import FormRequest
from tasuki.auth.pages import csrf_fits
from tasuki.auth.proving import prove
from tasuki.auth.routes.tokens import oauth_server
from tasuki.auth.sign_in_log import Outcome, SignIn
from tasuki.shared.access.principal import BACKENDS, Role
from tasuki.shared.access.purposes import BTG, may_ask

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.clients import Client
    from tasuki.auth.context import AuthContext
    from tasuki.auth.grants.server import Answer, OAuthServer
    from tasuki.auth.proving import Posted

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Visit:
    """A sound authorization request, and the means to answer it in this transaction."""

    server: OAuthServer
    request: FormRequest
    grant: CodeGrant
    wanted: Wanted
    client: Client
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A faulty authorization request.

    Attributes:
        error: OAuth error code.
        answer: Redirect to the app; None where the app's address is not to be trusted.
    """

    error: str
    answer: Answer | None = None


def checked_visit(
    connection: Connection, context: AuthContext, pairs: list[tuple[str, str]]
) -> Visit | Refused:
    """Return the visit these parameters make."""
    server, request = oauth_server(context, connection), FormRequest("GET", pairs)
    try:
        grant = server.get_consent_grant(request, None)
        wanted = grant.wanted()
        client: Client | None = grant.client
    except OAuth2Error as error:
        if error.redirect_uri:
            return Refused(error.error, server.handle_error_response(request, error))
        return Refused(error.error)
    if client is None:
        return Refused("invalid_client")
    return Visit(server, request, grant, wanted, client, grant.redirect_uri)


async def decided(
    connection: AsyncConnection,
    context: AuthContext,
    visit: Visit,
    posted: Posted,
) -> Answer | str:
    """Return the redirect with a code; or the key of the words that say why there is none."""
    form, now = posted.form, context.clock.now()
    if not csrf_fits(context.box, form.get("csrf", ""), posted.browser, posted.page, now=now):
        return "expired"
    purpose, reason = _purpose(visit.wanted, form), form.get("reason", "").strip()[:MAX_REASON]
    if purpose is None:
        return "no_purpose"
    if purpose == BTG and not reason:
        return "no_reason"
    proof = await prove(connection, context, posted)
    account, outcome = proof.account, proof.outcome
    if outcome is Outcome.SIGNED_IN and not _permitted(account, visit, purpose):
        outcome = Outcome.NOT_PERMITTED
    attempt = SignIn(
        id=context.ids.new(),
        at=now,
        account=None if account is None else account.id,
        client_id=visit.client.client_id,
        outcome=outcome,
        purpose=purpose,
        patient=visit.wanted.patient,
        reason=reason if purpose == BTG else None,
        method=proof.method,
        voucher=proof.voucher,
    )
    await connection.run_sync(context.sign_ins.record, attempt)
    if outcome is Outcome.NOT_PERMITTED:
        return "not_permitted"
    if outcome is not Outcome.SIGNED_IN or account is None:
        return "not_signed_in"
    patient = account.patient if account.role is Role.RESIDENT else visit.wanted.patient
    signed_in = SignedIn(account, purpose, patient, proof.method, proof.voucher)
    return await connection.run_sync(_answer, visit, signed_in)


def _answer(connection: Connection, visit: Visit, signed_in: SignedIn) -> Answer:
    del connection  # the visit's server already works on it
    answer: Answer = visit.server.create_authorization_response(
        visit.request, grant_user=signed_in, grant=visit.grant
    )
    return answer


def _purpose(wanted: Wanted, form: dict[str, str]) -> str | None:
    if len(wanted.purposes) == 1:
        return wanted.purposes[0]
    chosen = form.get("purpose")
    return chosen if chosen in wanted.purposes else None


def _permitted(account: Account | None, visit: Visit, purpose: str) -> bool:
    if account is None or account.role in BACKENDS:
        return False
    if visit.client.role is not None and account.role is not visit.client.role:
        return False
    launch = visit.wanted.launch
    if launch is not None and launch.account != account.id:
        return False
    other_person = account.role is Role.RESIDENT and visit.wanted.patient not in (
        None,
        account.patient,
    )
    return may_ask(account.role, purpose) and not other_person
