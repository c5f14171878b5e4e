"""What every part of a running authorization server shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasuki.auth.client_keys import ClientKeys
    from tasuki.auth.issuing import Issuer
    from tasuki.auth.log.events import AuthLog
    from tasuki.auth.passkeys.site import Site
    from tasuki.auth.proxies.people import People
    from tasuki.auth.sealing import SecretBox
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource


@dataclass(frozen=True, slots=True)
class AuthContext:
    """The server's parts, put together by `tasuki.auth.app`.

    Attributes:
        client_keys: Clients' keys by URL.
        log: What is done is recorded there.
        people: Who lives where, asked of the PHR; None where it is not told of one.
        site: Who we are to passkeys; None where there are none.
    """

    issuer: Issuer
    box: SecretBox
    clock: Clock
    ids: IdSource
    log: AuthLog
    client_keys: ClientKeys
    site: Site | None = None
    people: People | None = None

    @property
    def token_endpoint(self) -> str:
        """URL of the token endpoint."""
        return f"{self.issuer.url}/token"
