"""Certificates of a made-up authority, one for each service."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Certificates:
    """An authority and what it has signed, in files as somebody would have them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        folder.mkdir(parents=True, exist_ok=True)
        self.roots = folder / "roots.pem"
        self._authority.cert_pem.write_to_path(str(self.roots))

    def files(self, name: str) -> tuple[Path, Path]:
        """Return the certificate with its chain, and its key, of a service on loopback."""
        chain, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        if not chain.exists():
            made = self._authority.issue_cert("127.0.0.1", "localhost", common_name=name)
            chain.write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
            made.private_key_pem.write_to_path(str(key))
            key.chmod(0o600)
        return chain, key

    def calling(self, name: str) -> ssl.SSLContext:
        """Return how somebody calls who has the certificate of this name."""
        context = ssl.create_default_context(cafile=self.roots)
        context.load_cert_chain(*self.files(name))
        return context

    def environment(self, service: str) -> dict[str, str]:
        """Return what a service is told: its certificate, the roots, and to ask for certificates."""
        chain, key = self.files(service)
        told = {
            "tls_certificate": str(chain),
            "tls_key": str(key),
            "tls_authorities": str(self.roots),
            "tls_clients": "required",
        }
        return {f"TASUKI_{service}_{name}".upper(): value for name, value in told.items()}
