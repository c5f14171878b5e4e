"""Our own server as anybody meets it: one region's records, in processes of their own, over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.conformance.r4.client import Target
from tests.faults.apart import REGION, Apart, apart

from tasuki.deploy.folder import read_json
from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.clock import SystemClock
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = f"{REGION}-hospital"
SCOPE = "system/*.cruds"


@contextmanager
def own_region() -> Iterator[Target]:
    """Run the sign-in service and one region's record service while inside."""
    with asyncio.Runner() as runner:
        opened = apart(("auth", "ehr"))
        house = runner.run(opened.__aenter__())
        try:
            tokens = _tokens(house)
            base = house.at.ehr[REGION]
            # Asked for anew when it is about to expire: a slow machine must not fail for that.
            yield Target(
                base,
                lambda: runner.run(tokens.client_credentials(SCOPE, base, "TREAT")),
                is_ours=True,
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _tokens(house: Apart) -> TokenClient:
    key = read_json(house.house.folder.client_key(CLIENT))
    credentials = ServiceCredentials(CLIENT, key, f"{house.at.auth}/token")
    return TokenClient(house.http, credentials, clock=SystemClock(), ids=RandomIds())
