"""Purposes of use: the v3-ActReason codes accepted here, and who may ask for which.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

TREAT = "TREAT"  # everyday treatment
ETREAT = "ETREAT"  # emergent treatment by users provisioned for it; not an override
BTG = "BTG"  # emergency override ("break the glass")
DISASTER = "DISASTER"  # immediately needed care for a population in a disaster zone
PATRQT = "PATRQT"  # at the request of the person
FAMRQT = "FAMRQT"  # at the request of a family member the person authorised
SUPNWK = "SUPNWK"  # at the request of somebody else the person authorised
PWATRNY = "PWATRNY"  # at the request of the person's legal representative
HOPERAT = "HOPERAT"  # healthcare operations: delivery of records, feeds
PUBHLTH = "PUBHLTH"  # public health
HSYSADMIN = "HSYSADMIN"  # administration of the systems themselves

PURPOSES = frozenset(
    {
        *(TREAT, ETREAT, BTG, DISASTER, HOPERAT, PUBHLTH, HSYSADMIN),
        *(PATRQT, FAMRQT, SUPNWK, PWATRNY),
    }
)

# A service has no purpose of its own in care: it acts for a person by token exchange.
PURPOSES_OF: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        Role.RESIDENT: (PATRQT,),
        Role.PROXY: (FAMRQT, SUPNWK, PWATRNY),
        Role.CLINICIAN: (TREAT, ETREAT, DISASTER, BTG),
        Role.NURSE: (DISASTER, ETREAT, BTG),
        Role.OFFICER: (PUBHLTH, HOPERAT),
        Role.PRIVACY: (HOPERAT,),
        Role.HOSPITAL: (HOPERAT, TREAT),
        Role.SERVICE: (HOPERAT, HSYSADMIN, PUBHLTH),
    }
)
"""What each role may ask for, most usual first."""

CARE = frozenset({TREAT, ETREAT, BTG})
"""Purposes of a token under which its holder may act under an emergency override."""


def may_ask(role: Role, purpose: str) -> bool:
    """Return whether the role may act for this purpose; an unknown code is never allowed."""
    return purpose in PURPOSES_OF.get(role, ())
