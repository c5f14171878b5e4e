"""The one door to Authlib: the parts of its framework-free core that we build on.

Authlib ships no types, and the stubs others wrote lag behind its releases, so its names are `Any`
here; what is built from them is typed by us.

https://docs.authlib.org/
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import rfc6749, rfc7009, rfc7636, rfc7662  # type: ignore[import-untyped]  # ships no types
from authlib.oauth2.rfc6749 import errors, grants  # type: ignore[import-untyped]  # ships no types
from authlib.oauth2.rfc7636 import challenge  # type: ignore[import-untyped]  # ships no types

AuthorizationServer: Any = rfc6749.AuthorizationServer
OAuth2Payload: Any = rfc6749.OAuth2Payload
OAuth2Request: Any = rfc6749.OAuth2Request

AuthorizationCodeGrant: Any = grants.AuthorizationCodeGrant
BaseGrant: Any = grants.BaseGrant
ClientCredentialsGrant: Any = grants.ClientCredentialsGrant
RefreshTokenGrant: Any = grants.RefreshTokenGrant
TokenEndpointMixin: Any = grants.TokenEndpointMixin

CodeChallenge: Any = rfc7636.CodeChallenge
compare_s256_code_challenge: Any = challenge.compare_s256_code_challenge
IntrospectionEndpoint: Any = rfc7662.IntrospectionEndpoint
RevocationEndpoint: Any = rfc7009.RevocationEndpoint

AccessDeniedError: Any = errors.AccessDeniedError
InvalidClientError: Any = errors.InvalidClientError
InvalidGrantError: Any = errors.InvalidGrantError
InvalidRequestError: Any = errors.InvalidRequestError
InvalidScopeError: Any = errors.InvalidScopeError
OAuth2Error: Any = errors.OAuth2Error
UnauthorizedClientError: Any = errors.UnauthorizedClientError
