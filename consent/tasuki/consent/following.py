"""The follower that keeps a service's consent snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.feed import KINDS
from tasuki.consent.keeping import FEED
from tasuki.shared.rest.following import FeedSource, Follower

if TYPE_CHECKING:
    from tasuki.consent.keeping import KeptSnapshot
    from tasuki.shared.clock import Clock
    from tasuki.shared.rest.neighbours import Neighbours

PATH = "/$feed"


def consent_follower(
    consent_url: str, snapshot: KeptSnapshot, near: Neighbours, clock: Clock
) -> Follower:
    """Return the follower of the consent feed at the consent service's FHIR base URL."""
    source = FeedSource(
        name=FEED,
        base_url=consent_url,
        path=PATH,
        scope="tasuki/feed",
        parameters={"kinds": ",".join(KINDS)},
    )
    return Follower(source, snapshot, http=near.http, tokens=near.tokens, clock=clock)
