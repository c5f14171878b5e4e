"""The consent decision, pure: `decide(AccessRequest) -> Permit | Deny`."""

from __future__ import annotations

from tasuki.consent.decision.decide import decide
from tasuki.consent.decision.facts import Fate, ResourceFacts, facts_but_links, facts_of
from tasuki.consent.decision.outcome import (
    Basis,
    ConsentBasis,
    Decision,
    Deny,
    DenyReason,
    Permit,
    Route,
)
from tasuki.consent.decision.request import (
    BREAK_GLASS_LIMIT,
    AccessRequest,
    Actor,
    BreakGlass,
    BreakGlassReason,
)
from tasuki.consent.decision.residual import Reach, Residual

__all__ = [
    "BREAK_GLASS_LIMIT",
    "AccessRequest",
    "Actor",
    "Basis",
    "BreakGlass",
    "BreakGlassReason",
    "ConsentBasis",
    "Decision",
    "Deny",
    "DenyReason",
    "Fate",
    "Permit",
    "Reach",
    "Residual",
    "ResourceFacts",
    "Route",
    "decide",
    "facts_but_links",
    "facts_of",
]
