"""Discovery documents: OpenID Connect and RFC 8414 say the same here.

https://openid.net/specs/openid-connect-discovery-1_0.html, https://www.rfc-editor.org/rfc/rfc8414
"""

from __future__ import annotations

from tasuki.shared.access.smart import ASSERTION_ALGORITHMS, smart_configuration


def server_metadata(issuer: str) -> dict[str, object]:
    """Return the metadata of the authorization server at this issuer URL."""
    proofs = {
        f"{endpoint}_endpoint_auth_{what}": values
        for endpoint, methods in (
            ("introspection", ["private_key_jwt"]),
            ("revocation", ["private_key_jwt", "none"]),
        )
        for what, values in (
            ("methods_supported", methods),
            ("signing_alg_values_supported", list(ASSERTION_ALGORITHMS)),
        )
    }
    return {
        **smart_configuration(issuer),
        **proofs,
        "userinfo_endpoint": f"{issuer}/userinfo",
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "amr", "fhirUser"],
        "ui_locales_supported": ["ja", "en"],
        "prompt_values_supported": ["login"],
        "authorization_response_iss_parameter_supported": True,
    }
