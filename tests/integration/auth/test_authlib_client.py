"""A client that is not ours: Authlib's own, unmodified, completes the flow against the real server.

https://docs.authlib.org/, https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from authlib.common.security import generate_token  # type: ignore[import-untyped]  # ships no types
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]  # ships no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # ships no types
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.integration.auth.test_passkeys_browser import issuer
from tests.integration.auth.world import PHR, REDIRECT, RESIDENT

from tasuki.auth.one_time_codes import code_at
from tasuki.shared.clock import SystemClock

if TYPE_CHECKING:
    import httpx2

__all__ = ["issuer"]  # the served authorization server, a fixture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    # Authlib's client still speaks of its older HTTP library; that is theirs to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def signed_in(client: Any, url: str) -> str:
    """Do what a browser and a person do; return where the browser is sent."""
    page: httpx2.Response = client.request("GET", url, withhold_token=True)
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert action is not None
    assert csrf is not None
    form = {
        "csrf": csrf[1],
        "username": RESIDENT.username,
        "password": RESIDENT.password,
        "code": code_at(RESIDENT.totp_secret, SystemClock().now()),
        "purpose": "PATRQT",
    }
    answer = client.request("POST", unescape(action[1]), data=form, withhold_token=True)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_discovery_code_pkce_id_token_userinfo_refresh_revocation(issuer: str) -> None:
    made: Any = OAuth2Client(
        client_id="demo",
        redirect_uri=REDIRECT,
        scope="openid fhirUser offline_access patient/*.rs",
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
    )
    with made as client:
        metadata = client.request(
            "GET", f"{issuer}/.well-known/openid-configuration", withhold_token=True
        ).json()
        assert metadata["issuer"] == issuer
        verifier, nonce = generate_token(48), generate_token(20)
        url, state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, aud=PHR
        )
        location = signed_in(client, url)
        assert urlsplit(location).netloc == urlsplit(REDIRECT).netloc
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=location,
            state=state,
            code_verifier=verifier,
        )
        assert token["patient"]

        keys = client.request("GET", metadata["jwks_uri"], withhold_token=True).json()
        decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={"iss": {"value": issuer}, "aud": {"value": "demo"}},
            params={"nonce": nonce, "client_id": "demo"},
        )
        claims.validate()

        told = client.get(metadata["userinfo_endpoint"]).json()
        assert told["sub"] == claims["sub"]
        old = token["refresh_token"]
        renewed = client.refresh_token(metadata["token_endpoint"])
        assert renewed["refresh_token"] != old
        gone = client.revoke_token(metadata["revocation_endpoint"], token=renewed["refresh_token"])
        assert gone.status_code == 200
        assert client.get(metadata["userinfo_endpoint"]).status_code == 401
