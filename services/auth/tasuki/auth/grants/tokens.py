"""How every grant here turns what it granted into a token response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.auth.accounts import Account, any_account, find_account
from tasuki.auth.families import Family, save_refresh_token
from tasuki.auth.grants.authlib_core import InvalidGrantError
from tasuki.auth.issuing import ACCESS_SECONDS, Granted, SignedInBy
from tasuki.auth.log.events import What
from tasuki.auth.log.tokens import token_given
from tasuki.auth.proxies.book import standing
from tasuki.auth.proxies.scopes import scopes_of
from tasuki.auth.rights import scopes_within
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from tasuki.auth.grants.request import FormRequest
    from tasuki.auth.grants.server import OAuthServer
    from tasuki.auth.proxies.grant import Grant
    from tasuki.shared.access.scopes import ScopeSet


def token_response(
    server: OAuthServer,
    granted: Granted,
    *,
    what: What = What.TOKEN_ISSUED,
    seconds: int = ACCESS_SECONDS,
) -> dict[str, Any]:
    """Return a token response with an access token and nothing else; the log says so."""
    context = server.context
    token_id = context.ids.new()
    token, lifetime = context.issuer.access_token(
        granted, token_id=token_id, now=context.clock.now(), seconds=seconds
    )
    context.log.record(server.connection, token_given(what, granted, token_id))
    response: dict[str, Any] = {
        "access_token": token,
        "token_type": "Bearer" if granted.jkt is None else "DPoP",
        "expires_in": lifetime,
        "scope": str(granted.scopes),
    }
    if granted.patient is not None:  # SMART wants the bare id
        response["patient"] = granted.patient.removeprefix("Patient/")
    return response


def family_response(
    server: OAuthServer,
    family: Family,
    granted: Granted,
    request: FormRequest,
    *,
    what: What = What.TOKEN_ISSUED,
) -> dict[str, Any]:
    """Return a token response for a person: with refresh and ID token where they were granted."""
    context, now = server.context, server.context.clock.now()
    response = token_response(server, granted, what=what) | _launched(family)
    # Ours: a page that keeps its own session must not outlive the sign-in.
    response["sign_in_expires_in"] = int((family.expires_at - now).total_seconds())
    client = request.client
    renewable = client is not None and client.check_grant_type("refresh_token")
    if renewable and family.scopes.has("offline_access"):
        response["refresh_token"] = save_refresh_token(
            server.connection, context.box, family, now=now
        )
    if granted.scopes.has("openid"):
        signed_in = SignedInBy(family.signed_in_at, family.amr)
        response["id_token"] = context.issuer.id_token(
            granted, nonce=family.nonce, signed_in=signed_in, now=now
        )
    return response


def _launched(family: Family) -> dict[str, Any]:
    context = family.context
    if context is None:
        return {}
    told: dict[str, Any] = {"need_patient_banner": context.banner}
    if context.encounter is not None:
        told["encounter"] = context.encounter.removeprefix("Encounter/")
    if context.intent is not None:
        told["intent"] = context.intent
    return told


def granted_by(
    server: OAuthServer, family: Family, account: Account, scopes: ScopeSet, request: FormRequest
) -> Granted:
    """Return what a sign-in grants now: the account, its link and its grant are read anew each time."""
    client = request.client
    if client is None:
        raise RuntimeError("a grant without a client")
    proxy = proxy_of(server, family)
    role = account.role if proxy is None else Role.PROXY
    patient = account.patient if role is Role.RESIDENT else family.patient
    open_ = scopes if proxy is None else scopes.narrowed_to(scopes_of(proxy.terms))
    return Granted(
        subject=account.id,
        role=role,
        client_id=family.client_id,
        scopes=scopes_within(
            role, open_.narrowed_to(client.scopes), patient=patient, launch=family.context
        ),
        audiences=tuple(url for url in family.audiences if url in client.audiences),
        purpose=family.purpose,
        patient=patient,
        encounter=None if family.context is None else family.context.encounter,
        organization=account.organization,
        region=account.region,
        display=_display(server, family, account) if proxy is None else proxy.display,
        fhir_user=account.fhir_user,
        family=family.id,
        ends_at=family.expires_at,
        jkt=request.jkt,
    )


def _display(server: OAuthServer, family: Family, account: Account) -> str | None:
    """Return the name for access histories; where a colleague vouched, both are named."""
    if family.voucher is None:
        return account.display
    voucher = any_account(server.connection, server.context.box, family.voucher)
    return f"{account.display} / {'' if voucher is None else voucher.display}"


def proxy_of(server: OAuthServer, family: Family) -> Grant | None:
    """Return the grant by which a sign-in is for another; None where it is for nobody else.

    Raises:
        InvalidGrantError: It does not stand any more.
    """
    if family.proxy is None:
        return None
    context, now = server.context, server.context.clock.now()
    grant = standing(server.connection, context.box, family.proxy, family.account, now)
    if grant is None or grant.patient != family.patient:
        raise InvalidGrantError()
    return grant


def living_account(server: OAuthServer, family: Family) -> Account | None:
    """Return the account of a family unless it is disabled, or bound to another person since.

    A resident who was unbound keeps a token without a person; one bound to another person must
    sign in again, or the old sign-in would open the new person's records.
    """
    account = find_account(server.connection, server.context.box, family.account)
    if family.voucher is not None:
        vouching = find_account(server.connection, server.context.box, family.voucher)
        account = None if vouching is None else account
    if account is None or account.role is not Role.RESIDENT or family.proxy is not None:
        return account
    return account if account.patient in (None, family.patient) else None
