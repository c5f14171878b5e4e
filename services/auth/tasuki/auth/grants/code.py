"""Authorization code with PKCE S256, for every kind of client.

https://www.rfc-editor.org/rfc/rfc7636, https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.auth.clients import PROVEN, PUBLIC
from tasuki.auth.families import (
    Family,
    LaunchContext,
    RedeemedCode,
    bind_family,
    family_end,
    redeem_code,
    save_code,
)
from tasuki.auth.grants.authlib_core import (
    AccessDeniedError,
    AuthorizationCodeGrant,
    CodeChallenge,
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
    compare_s256_code_challenge,
)
from tasuki.auth.grants.errors import InvalidTarget, LoginRequired
from tasuki.auth.grants.possession import check_key
from tasuki.auth.grants.tokens import family_response, granted_by, living_account
from tasuki.auth.launches import find_launch, reference, use_launch
from tasuki.auth.proxies.scopes import scopes_of
from tasuki.auth.rights import scopes_within
from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import BTG, PURPOSES_OF
from tasuki.shared.access.scopes import ScopeSet, parse_scopes

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.auth.accounts import Account
    from tasuki.auth.clients import Client
    from tasuki.auth.grants.request import FormRequest
    from tasuki.auth.launches import Launch
    from tasuki.auth.proxies.grant import Grant
    from tasuki.auth.sign_in_log import Method

MAX_NONCE = 255

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a checked authorization request asks for beyond its scopes.

    Attributes:
        purposes: Purposes of use the person may choose from; one where it is settled.
        patient: The one person the token shall be bound to; None for no wish.
        launch: Where another app chose that person.
        jkt: Thumbprint of the key the code shall be bound to; None for no wish.
    """

    audiences: tuple[str, ...]
    purposes: tuple[str, ...]
    patient: str | None
    nonce: str | None
    launch: Launch | None
    jkt: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who passed both factors, for this request.

    Attributes:
        patient: The person the token will be bound to.
        method: How they proved who they are.
        voucher: Account of the colleague who vouched, where one did.
        proxy: The grant by which they act for another.
    """

    account: Account
    purpose: str
    patient: str | None
    method: Method
    voucher: str | None = None
    proxy: Grant | None = None


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """Gives a code to a signed-in person's app, and tokens for the code, once."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PROVEN, PUBLIC)

    @staticmethod
    def validate_authorization_redirect_uri(request: FormRequest, client: Client) -> str:
        """Return the redirect URI, which must be registered; the fault does not repeat it."""
        uri: str | None = request.payload.redirect_uri
        if uri is None or not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect URI is missing or not registered.")
        return uri

    def validate_authorization_request(self) -> str:
        """Return the redirect URI of a sound request; see `wanted` for the rest."""
        redirect_uri: str = super().validate_authorization_request()
        try:
            self.wanted()
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def wanted(self) -> Wanted:
        """Return what the request asks for.

        Raises:
            OAuth2Error: Something is missing or not registered.
        """
        data: dict[str, str] = self.request.payload.data
        client: Client = self.request.client
        if "state" not in data:
            raise InvalidRequestError("A state is required.")
        if data.get("prompt") == "none":
            raise LoginRequired()
        if len(data.get("nonce", "")) > MAX_NONCE:
            raise InvalidRequestError("The nonce is too long.")
        audiences = client.audiences_among(self.request.values("aud", "resource"))
        if not audiences:
            raise InvalidTarget()
        launch, patient = self._launch(data.get("launch")), _patient(data.get("patient"))
        if launch is not None and patient not in (None, launch.patient):
            raise InvalidRequestError("The launch is for another patient.")
        patient = patient if launch is None else launch.patient
        return Wanted(
            audiences=audiences,
            purposes=_purposes(data, client, patient),
            patient=patient,
            nonce=data.get("nonce"),
            launch=launch,
            jkt=_thumbprint(data.get("dpop_jkt")),
        )

    def _launch(self, handle: str | None) -> Launch | None:
        if handle is None:
            return None
        context, client_id = self.server.context, self.request.client.client_id
        launch = find_launch(
            self.server.connection,
            context.box,
            handle,
            client_id=client_id,
            now=context.clock.now(),
        )
        if launch is None:
            raise InvalidRequestError("The launch is unknown, used or too old.")
        return launch

    def _use_launch(self, account: str, now: datetime) -> None:
        box, handle = self.server.context.box, self.request.payload.data["launch"]
        if not use_launch(self.server.connection, box, handle, account=account, now=now):
            raise AccessDeniedError(
                "The launch was used before.", redirect_uri=self.request.payload.redirect_uri
            )

    def save_authorization_code(self, code: str, request: FormRequest) -> None:
        """Do nothing: the code is stored where it is made."""

    def generate_authorization_code(self) -> str:
        """Return a code for the signed-in person, stored as a keyed hash."""
        server, signed_in, client = self.server, self.request.user, self.request.client
        now = server.context.clock.now()
        account: Account = signed_in.account
        wanted = self.wanted()
        context = None if wanted.launch is None else _context(wanted.launch)
        proxy: Grant | None = signed_in.proxy
        role = account.role if proxy is None else Role.PROXY
        scopes = parse_scopes(self.request.scope)
        if proxy is not None:
            scopes = scopes.narrowed_to(scopes_of(proxy.terms))
        scopes = scopes_within(role, scopes, patient=signed_in.patient, launch=context)
        if signed_in.purpose == BTG:  # an override ends; it is not renewed
            scopes = ScopeSet(scopes.resources, scopes.words - {"offline_access"})
        if not scopes and role is not Role.RESIDENT:
            raise AccessDeniedError(
                "Nothing that was asked for is open to this role.",
                redirect_uri=self.request.payload.redirect_uri,
            )
        if wanted.launch is not None:
            self._use_launch(account.id, now)
        ends = family_end(role, signed_in.purpose, now, signed_in.method)
        family = Family(
            id=server.context.ids.new(),
            account=account.id,
            client_id=client.client_id,
            scopes=scopes,
            audiences=wanted.audiences,
            purpose=signed_in.purpose,
            patient=signed_in.patient,
            nonce=wanted.nonce,
            amr=signed_in.method.amr,
            jkt=wanted.jkt,
            context=context,
            signed_in_at=now,
            expires_at=ends if proxy is None else min(ends, proxy.terms.ends_at),
            voucher=signed_in.voucher,
            proxy=None if proxy is None else proxy.id,
        )
        return save_code(
            server.connection,
            server.context.box,
            family,
            redirect_uri=self.request.payload.redirect_uri,
            challenge=self.request.payload.data["code_challenge"],
        )

    def query_authorization_code(self, code: str, client: Client) -> RedeemedCode | None:
        """Return the code and spend it in the same statement; it stays spent whatever follows."""
        return redeem_code(
            self.server.connection, self.server.context, code, client_id=client.client_id
        )

    def delete_authorization_code(self, authorization_code: RedeemedCode) -> None:
        """Do nothing: it is spent already, and kept so that a replay is noticed."""

    def authenticate_user(self, authorization_code: RedeemedCode) -> Account | None:
        """Return the account the code was given to, if it may still sign in."""
        account = living_account(self.server, authorization_code.family)
        if account is None:
            raise InvalidGrantError()
        return account

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """Return the token response for the redeemed code."""
        family: Family = self.request.authorization_code.family
        client: Client = self.request.client
        check_key(client, family, self.request.jkt)
        # A client with a key of its own proves itself by that; it may change the other.
        bind_family(self.server.connection, family.id, self.request.jkt if client.public else None)
        granted = granted_by(self.server, family, asked["user"], family.scopes, self.request)
        if not granted.audiences:
            raise InvalidTarget()
        return family_response(self.server, family, granted, self.request)


class S256Only(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
    """PKCE with S256, required of every client; `plain` and no method are refused."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012 - Authlib's own attribute

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Refuse a request without an S256 challenge."""
        data = grant.request.payload.data
        if "code_challenge" not in data or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


def _purposes(data: dict[str, str], client: Client, patient: str | None) -> tuple[str, ...]:
    if client.purpose is not None:
        open_to_choice: tuple[str, ...] = (client.purpose,)
    elif client.role is not None:
        open_to_choice = PURPOSES_OF[client.role]
    else:
        # A proxy's purpose is not chosen: it follows from what they were given.
        every = [
            purpose
            for role, purposes in PURPOSES_OF.items()
            if role is not Role.PROXY
            for purpose in purposes
        ]
        open_to_choice = tuple(dict.fromkeys(every))
    if patient is None:  # an emergency override is for one patient
        open_to_choice = tuple(purpose for purpose in open_to_choice if purpose != BTG)
    asked = data.get("purpose")
    chosen = open_to_choice if asked is None else (asked,)
    if not chosen or not set(chosen) <= set(open_to_choice):
        raise InvalidRequestError("The purpose of use is not open to this request.")
    return chosen


def _thumbprint(text: str | None) -> str | None:
    if text is not None and not _THUMBPRINT.fullmatch(text):
        raise InvalidRequestError("The dpop_jkt is no SHA-256 thumbprint.")
    return text


def _context(launch: Launch) -> LaunchContext:
    return LaunchContext(launch.encounter, launch.intent, banner=launch.banner)


def _patient(text: str | None) -> str | None:
    if text is None:
        return None
    patient = reference("Patient", text)
    if patient is None:
        raise InvalidRequestError("The patient is not a reference such as Patient/123.")
    return patient
