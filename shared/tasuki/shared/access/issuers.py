"""More than one issuer: each token is checked as its own issuer's, by that issuer's keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tasuki.shared.access.tokens import claimed_issuer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.dpop import Shown
    from tasuki.shared.access.principal import Principal


class Verifier(Protocol):
    """Tells who a token speaks for."""

    async def verify(self, token: str) -> Principal:
        """Return the principal, or raise UNAUTHENTICATED in one uniform wording."""
        ...

    async def verify_over_tls(self, token: str, certificate: str) -> Principal:
        """Return the principal of a token that came with this certificate, or raise the same."""
        ...

    async def verify_bound(self, token: str, shown: Shown) -> Principal:
        """Return the principal of a token whose key the request proves, or raise the same."""
        ...


class SeveralIssuers:
    """A `Verifier` for tokens of our own server and of others.

    Args:
        own: For tokens of our own server, and to refuse what is nobody's.
        others: For the others', by issuer.
    """

    def __init__(self, own: Verifier, others: Mapping[str, Verifier]) -> None:
        self._own = own
        self._others = dict(others)

    async def verify(self, token: str) -> Principal:
        """See `Verifier.verify`."""
        return await self._of(token).verify(token)

    async def verify_over_tls(self, token: str, certificate: str) -> Principal:
        """See `Verifier.verify_over_tls`."""
        return await self._of(token).verify_over_tls(token, certificate)

    async def verify_bound(self, token: str, shown: Shown) -> Principal:
        """See `Verifier.verify_bound`."""
        return await self._of(token).verify_bound(token, shown)

    def _of(self, token: str) -> Verifier:
        return self._others.get(claimed_issuer(token) or "", self._own)
