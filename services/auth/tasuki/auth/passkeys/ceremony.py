"""The two ceremonies: a passkey is made, and a passkey signs somebody in.

The device must have checked its holder (user verification), or a passkey would be one factor.
No attestation is asked for: which make a device is, is not our business.

https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential,
https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import webauthn
from webauthn.helpers import (
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

if TYPE_CHECKING:
    from tasuki.auth.passkeys.site import Site
    from tasuki.auth.passkeys.store import Passkey

MAX_CHARACTERS = 16_000
WAIT_MILLISECONDS = 120_000  # for a person to find the device and their finger

# What the library and the readers under it raise on bytes that are not what they claim to be.
_MALFORMED = (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a device made.

    Attributes:
        public_key: COSE key.
    """

    credential: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that a browser sent, read but not yet believed.

    Attributes:
        credential: Id of the passkey it says it comes from.
        challenge: The challenge it says it answers.
        owner: The account it says it is of; None where the device does not tell.
    """

    parsed: AuthenticationCredential | RegistrationCredential
    credential: bytes
    challenge: bytes
    owner: str | None


def creation_options(
    site: Site, challenge: bytes, *, account: str, name: str, known: list[Passkey]
) -> str:
    """Return what a browser needs to make a passkey, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=site.domain,
        rp_name="Tasuki",
        user_id=account.encode(),
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        timeout=WAIT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential) for key in known],
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes) -> str:
    """Return what a browser needs to sign in with a passkey of its choice, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.domain,
        challenge=challenge,
        timeout=WAIT_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_assertion(text: str) -> Given | None:
    """Return what a browser answered to `request_options`; None where it is nothing of the kind."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        parsed = parse_authentication_credential_json(text)
        client = parse_client_data_json(parsed.response.client_data_json)
        handle = parsed.response.user_handle
        owner = None if handle is None else handle.decode()
    except (*_MALFORMED, RecursionError):
        return None
    return _given(parsed, client, owner)


def read_attestation(text: str) -> Given | None:
    """Return what a browser answered to `creation_options`; None where it is nothing of the kind."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        parsed = parse_registration_credential_json(text)
        client = parse_client_data_json(parsed.response.client_data_json)
    except (*_MALFORMED, RecursionError):
        return None
    return _given(parsed, client, None)


def checked_assertion(site: Site, given: Given, passkey: Passkey) -> int | None:
    """Return the counter of an answer signed by this passkey; None for anything amiss.

    The caller compares the counter, and has checked that the challenge is ours.
    """
    if not isinstance(given.parsed, AuthenticationCredential):
        return None
    if given.owner not in (None, passkey.account):
        return None
    try:
        verified = webauthn.verify_authentication_response(
            credential=given.parsed,
            expected_challenge=given.challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return verified.new_sign_count


def checked_attestation(site: Site, given: Given) -> NewKey | None:
    """Return the key a device made; None for anything amiss.

    The caller has checked that the challenge is ours.
    """
    if not isinstance(given.parsed, RegistrationCredential):
        return None
    try:
        verified = webauthn.verify_registration_response(
            credential=given.parsed,
            expected_challenge=given.challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return NewKey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def is_copy(passkey: Passkey, sign_count: int) -> bool:
    """Return whether a counter did not go up: then there may be two of a device.

    https://www.w3.org/TR/webauthn-3/#sctn-sign-counter
    """
    counts = passkey.sign_count > 0 or sign_count > 0
    return counts and sign_count <= passkey.sign_count


def _given(
    parsed: AuthenticationCredential | RegistrationCredential,
    client: CollectedClientData,
    owner: str | None,
) -> Given | None:
    # Our pages allow no frame around them, so a ceremony inside one is not ours.
    if client.cross_origin:
        return None
    return Given(parsed, parsed.raw_id, client.challenge, owner)
