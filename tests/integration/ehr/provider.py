"""Somebody else's OpenID provider, small and real: discovery, keys and a token endpoint on loopback.

Its tokens are shaped as Keycloak's are with "at+jwt" as their type and ES256 as their algorithm.
https://www.keycloak.org/docs/latest/server_admin/, https://www.rfc-editor.org/rfc/rfc9068
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from tests.conftest import free_port

from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import Iterator

LIFETIME = 300


class Provider:
    """One issuer with a key of its own."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.rsa = RSAKey.generate_key(2048, auto_kid=True)
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}/realms/hospital"
        self.asked_for_keys = 0

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Sign a clinician's token; a change of None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "f:1234:sato",
            "aud": "account",
            "exp": now + LIFETIME,
            "iat": now,
            "jti": RandomIds().new(),
            "typ": "Bearer",
            "azp": "ward-app",
            "scope": "openid email profile user/*.rs",
            "realm_access": {"roles": ["offline_access", "uma_authorization", "physician"]},
            "name": "佐藤 一郎",
            "email": "sato@hospital.example",
        } | changes
        shown = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid} | (header or {})
        key: ECKey | RSAKey = self.rsa if str(shown["alg"]).startswith("RS") else self.key
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(shown, said, key, algorithms=[str(shown["alg"])], default_type=None)

    def app(self) -> FastAPI:
        app, realm = FastAPI(), "/realms/hospital"
        oidc = f"{realm}/protocol/openid-connect"

        @app.get(f"{realm}/.well-known/openid-configuration")
        async def discovery() -> dict[str, Any]:
            return {
                "issuer": self.issuer,
                "jwks_uri": f"http://127.0.0.1:{self.port}{oidc}/certs",
                "token_endpoint": f"http://127.0.0.1:{self.port}{oidc}/token",
            }

        @app.get(f"{oidc}/certs")
        @app.get(f"{realm}/jwks")
        async def keys() -> dict[str, Any]:
            self.asked_for_keys += 1
            return {
                "keys": [
                    one.as_dict(private=False) | {"kid": one.kid, "use": "sig"}
                    for one in (self.rsa, self.key)
                ]
            }

        @app.post(f"{oidc}/token")
        async def token(audience: str) -> dict[str, Any]:
            return {"access_token": self.token(aud=audience), "expires_in": LIFETIME}

        return app

    @contextmanager
    def serving(self) -> Iterator[None]:
        config = uvicorn.Config(self.app(), host="127.0.0.1", port=self.port, log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            thread.join(0.05)
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
