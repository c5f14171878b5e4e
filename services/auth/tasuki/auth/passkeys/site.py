"""Who we are to a browser's passkeys: the domain they belong to and the origin of our pages.

https://www.w3.org/TR/webauthn-3/#rp-id
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """The relying party.

    Attributes:
        domain: The relying party id; a passkey works on this domain and below it only.
        origin: Scheme, host and port of our pages, as browsers write it.
    """

    domain: str
    origin: str


def site_of(issuer: str, domain: str | None) -> Site | None:
    """Return the site of an issuer; None where browsers would allow no passkey there.

    Args:
        issuer: URL of the authorization server.
        domain: The relying party id; None for the issuer's host name.

    Raises:
        ValueError: The issuer's host does not lie on the domain.
    """
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    if domain is None:
        if _is_address(host):
            return None
        domain = host
    elif host != domain and not (host.endswith(f".{domain}") and "." in domain):
        message = "the domain of passkeys must be the issuer's host or one it lies below"
        raise ValueError(message)
    return Site(domain, f"{parts.scheme}://{parts.netloc}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
