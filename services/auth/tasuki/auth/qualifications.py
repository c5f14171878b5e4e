"""What a qualification lets its holder be: HPKI's hcRole, and the role whose rights it gives.

Only qualifications that this platform gives rights to are here; no other opens an account.

https://www.mhlw.go.jp/shingi/2005/07/s0725-10c.html (HPKI certificate policy, hcRole)
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Qualification:
    """One qualification.

    Attributes:
        hc_role: `hcRole` in an HPKI certificate; None for who has no certificate of their own.
        role: The role whose rights it gives; see `rights.scopes_within`.
    """

    hc_role: str | None
    role: Role
    japanese: str
    english: str


QUALIFICATIONS: Mapping[str, Qualification] = MappingProxyType(
    {
        "doctor": Qualification("Medical Doctor", Role.CLINICIAN, "医師", "Physician"),
        "dentist": Qualification("Dentist", Role.CLINICIAN, "歯科医師", "Dentist"),
        "pharmacist": Qualification("Pharmacist", Role.CLINICIAN, "薬剤師", "Pharmacist"),
        "nurse": Qualification("General Nurse", Role.NURSE, "看護師", "Nurse"),
        "public-health-nurse": Qualification(
            "Public Health Nurse", Role.NURSE, "保健師", "Public health nurse"
        ),
        "midwife": Qualification("Midwife", Role.NURSE, "助産師", "Midwife"),
        "desk": Qualification(
            None, Role.NURSE, "受付の職員(権限を委ねる)", "Desk staff (delegated)"
        ),
    }
)
