"""TLS to other services: whom we believe, and how we show who we are.

https://www.rfc-editor.org/rfc/rfc8446, https://www.rfc-editor.org/rfc/rfc8705
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.settings import TlsSettings

EXTENSION = "tls"
_CERTIFICATE = "client_cert_der"


def calling(settings: TlsSettings) -> ssl.SSLContext:
    """Return how this service calls others: TLS 1.2 at least, names checked, our certificate shown.

    Raises:
        Fault: UNAVAILABLE where a file cannot be used; its path is not told.
    """
    try:
        context = ssl.create_default_context(cafile=settings.tls_authorities)
        if settings.tls_certificate is not None:
            context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise unusable() from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def answering(settings: TlsSettings) -> ssl.SSLContext:
    """Return how this service answers: TLS 1.2 at least; callers show certificates where asked to.

    Raises:
        Fault: As `calling`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(settings.tls_certificate), settings.tls_key)
        if settings.tls_clients != "none":
            # Of the roots named, and no others: those of the machine are for calling.
            context.load_verify_locations(cafile=settings.tls_authorities)
    except (OSError, ssl.SSLError) as error:
        raise unusable() from error
    context.verify_mode = {
        "none": ssl.CERT_NONE,
        "asked": ssl.CERT_OPTIONAL,
        "required": ssl.CERT_REQUIRED,
    }[settings.tls_clients]
    return context


def certificate_extension(transport_certificate: bytes | None) -> dict[str, dict[object, object]]:
    """Return what a request's ASGI scope says of the certificate its connection was opened with."""
    return {EXTENSION: {_CERTIFICATE: transport_certificate}}


def certificate_thumbprint(scope: Mapping[str, object]) -> str | None:
    """Return the `x5t#S256` of the certificate a caller showed on this very connection, or None.

    Behind a proxy there is none: a header could be anybody's.
    """
    extensions = scope.get("extensions")
    told = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    der = told.get(_CERTIFICATE) if isinstance(told, dict) else None
    if not isinstance(der, bytes):
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def unusable() -> Fault:
    """Return the fault for a certificate, key or list of roots that cannot be used."""
    return Fault(
        Category.UNAVAILABLE, "the TLS certificate, its key or the roots cannot be used; see them"
    )
