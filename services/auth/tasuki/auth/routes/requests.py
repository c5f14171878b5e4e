"""One visit to the authorization endpoint: what was asked for, and what becomes of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.auth.accounts import find_account
from tasuki.auth.grants.authlib_core import (
    OAuth2Error,
)
from tasuki.auth.grants.code import CodeGrant, SignedIn, Wanted
from tasuki.auth.grants.request import FormRequest
from tasuki.auth.pages import csrf_fits
from tasuki.auth.proving import prove
from tasuki.auth.proxies.book import acting_for, standing
from tasuki.auth.proxies.tickets import Ticket, new_ticket, spend_ticket
from tasuki.auth.routes.tokens import oauth_server
from tasuki.auth.sign_in_log import Outcome, SignIn, event_of
from tasuki.shared.access.principal import BACKENDS, Role
from tasuki.shared.access.purposes import BTG, PATRQT, may_ask
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.text import holds_my_number

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from tasuki.auth.accounts import Account
    from tasuki.auth.clients import Client
    from tasuki.auth.context import AuthContext
    from tasuki.auth.grants.server import Answer, OAuthServer
    from tasuki.auth.proving import Posted, Proof
    from tasuki.auth.proxies.grant import Grant
    from tasuki.auth.sign_in_log import Method

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


@dataclass(frozen=True, slots=True)
class ForWhom:
    """Somebody who acts for others has signed in, and is to say for whom.

    Attributes:
        ticket: What shows on the next page that they did.
    """

    ticket: str
    grants: tuple[Grant, ...]


async def decided(
    connection: AsyncConnection,
    context: AuthContext,
    visit: Visit,
    posted: Posted,
) -> Answer | ForWhom | str:
    """Return the redirect with a code; what is asked next; or the key of the words on why neither."""
    form, now = posted.form, context.clock.now()
    if not csrf_fits(context.box, form.get("csrf", ""), posted.browser, posted.page, now=now):
        return "expired"
    if "ticket" in form:
        return await connection.run_sync(_chosen, context, visit, posted)
    asked = _asked(visit.wanted, form)
    if isinstance(asked, str):
        return asked
    purpose, reason = asked
    proof = await prove(connection, context, posted)
    account = proof.account
    outcome, acts_for = await connection.run_sync(_judged, context, visit, proof, purpose)
    attempt = SignIn(
        account=None if account is None else account.id,
        client_id=visit.client.client_id,
        outcome=outcome,
        purpose=purpose,
        patient=visit.wanted.patient,
        reason=reason,
        method=proof.method,
        voucher=proof.voucher,
        locked_until=proof.locked_until,
    )
    await connection.run_sync(context.log.record, event_of(attempt))
    if outcome is not Outcome.SIGNED_IN or account is None:
        return "not_permitted" if outcome is Outcome.NOT_PERMITTED else "not_signed_in"
    if acts_for and visit.wanted.patient is None:
        ticket = Ticket(account.id, proof.method)
        told = new_ticket(context, ticket, browser=posted.browser, page=posted.page)
        return ForWhom(told, acts_for)
    if acts_for:
        signed_in = _as_proxy(account, acts_for[0], proof.method)
    else:
        patient = account.patient if account.role is Role.RESIDENT else visit.wanted.patient
        signed_in = SignedIn(account, purpose, patient, proof.method, proof.voucher)
    return await connection.run_sync(_answer, visit, signed_in)


def _judged(
    connection: Connection, context: AuthContext, visit: Visit, proof: Proof, purpose: str
) -> tuple[Outcome, tuple[Grant, ...]]:
    """Return how an attempt ends here, and for whom somebody may act."""
    if proof.outcome is not Outcome.SIGNED_IN:  # nothing more is asked: failing takes as long
        return proof.outcome, ()
    acts_for = _acts_for(connection, context, proof.account, visit)
    permitted = _permitted(proof.account, visit, purpose, acts_for)
    return Outcome.SIGNED_IN if permitted else Outcome.NOT_PERMITTED, acts_for


def _asked(wanted: Wanted, form: dict[str, str]) -> tuple[str, str | None] | str:
    """Return purpose, and reason where it needs one; or what is missing, as a key of the words."""
    purpose, reason = _purpose(wanted, form), form.get("reason", "").strip()[:MAX_REASON]
    if purpose is None:
        return "no_purpose"
    if purpose == BTG and not reason:
        return "no_reason"
    if purpose == BTG and holds_my_number(reason):  # it is kept for years
        return "no_my_number"
    return purpose, reason if purpose == BTG else None


def _acts_for(
    connection: Connection, context: AuthContext, account: Account | None, visit: Visit
) -> tuple[Grant, ...]:
    """Return for whom somebody may act at this app; of one person it asks for, that one alone."""
    asked = parse_scopes(visit.request.scope or "")
    if account is None or account.role is not Role.RESIDENT or not asked.has("launch/patient"):
        return ()
    person = visit.wanted.patient
    if person is not None and person == account.patient:
        return ()
    found = acting_for(connection, context.box, account.id, context.clock.now())
    return tuple(grant for grant in found if person in (None, grant.patient))


def _as_proxy(account: Account, grant: Grant, method: Method) -> SignedIn:
    return SignedIn(account, grant.purpose, grant.patient, method, proxy=grant)


def _chosen(
    connection: Connection, context: AuthContext, visit: Visit, posted: Posted
) -> Answer | str:
    """Return the redirect for whom somebody chose who has signed in on the page before."""
    form, now = posted.form, context.clock.now()
    ticket = spend_ticket(
        connection, context, form["ticket"], browser=posted.browser, page=posted.page
    )
    account = None if ticket is None else find_account(connection, context.box, ticket.account)
    if ticket is None or account is None:
        return "expired"
    signed_in = SignedIn(account, PATRQT, account.patient, ticket.method)
    if form.get("acts_for", "self") != "self":
        grant = standing(connection, context.box, form["acts_for"], account.id, now)
        if grant is None or grant not in _acts_for(connection, context, account, visit):
            return "not_permitted"
        signed_in = _as_proxy(account, grant, ticket.method)
        attempt = SignIn(
            account=account.id,
            client_id=visit.client.client_id,
            outcome=Outcome.SIGNED_IN,
            purpose=grant.purpose,
            patient=grant.patient,
            method=ticket.method,
            proxy=grant.id,
        )
        context.log.record(connection, event_of(attempt))
    return _answer(connection, visit, signed_in)


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


def _permitted(
    account: Account | None, visit: Visit, purpose: str, acts_for: tuple[Grant, ...]
) -> bool:
    if account is None or account.role in BACKENDS:
        return False
    if visit.client.role is not None and account.role is not visit.client.role:
        return False
    launch = visit.wanted.launch
    if launch is not None and launch.account != account.id:
        return False
    of_whom = {None, account.patient, *(grant.patient for grant in acts_for)}
    other_person = account.role is Role.RESIDENT and visit.wanted.patient not in of_whom
    return may_ask(account.role, purpose) and not other_person
