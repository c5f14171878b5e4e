"""A server protocol that shows the app which certificate a connection was opened with.

uvicorn asks for certificates and checks them, but does not hand them on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tasuki.shared.rest.tls import certificate_extension

if TYPE_CHECKING:
    import asyncio


class CertificateProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with the caller's certificate in every request's scope."""

    _certificate: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol.connection_made`."""
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        if connection is not None:
            self._certificate = connection.getpeercert(binary_form=True)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = certificate_extension(self._certificate)
