"""The words consent is written in: purposes, roles, data classes, labels, policies.

Codes come from HL7 Terminology (v3-ActReason, v3-ActCode, v3-Confidentiality) and IHE PCF.
What is not listed here is not understood, and what is not understood is not permitted.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html
https://profiles.ihe.net/ITI/PCF/content.html
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
CONSENT_CATEGORY = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"
LOINC = "http://loinc.org"
RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"
JP_INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"

# Logical identifiers an actor may be named by in a Consent, beside a literal reference.
REGION_SYSTEM = "urn:tasuki:region"
ROLE_SYSTEM = "urn:tasuki:role"


class Purpose(StrEnum):
    """Why the data are asked for: v3-ActReason codes."""

    TREAT = "TREAT"
    ETREAT = "ETREAT"  # emergent care by users provisioned for it; not an override
    BTG = "BTG"  # emergency override
    COC = "COC"
    CAREMGT = "CAREMGT"
    PUBHLTH = "PUBHLTH"
    DISASTER = "DISASTER"  # care needed at once by a population in a disaster zone
    THREAT = "THREAT"
    PATRQT = "PATRQT"
    FAMRQT = "FAMRQT"
    SUPNWK = "SUPNWK"
    PWATRNY = "PWATRNY"
    HPAYMT = "HPAYMT"
    HOPERAT = "HOPERAT"
    HRESCH = "HRESCH"


# What somebody asks for who acts for the person: family, somebody else they named, their legal
# representative.
PROXIES = frozenset({Purpose.FAMRQT, Purpose.SUPNWK, Purpose.PWATRNY})

# Where a purpose stands under a wider one. A refusal of the wider refuses the narrower; a permit
# never stretches this way.
WIDER_PURPOSE: Mapping[Purpose, Purpose] = MappingProxyType(
    {
        Purpose.ETREAT: Purpose.TREAT,
        Purpose.BTG: Purpose.ETREAT,
        Purpose.COC: Purpose.TREAT,
        Purpose.CAREMGT: Purpose.TREAT,
        Purpose.DISASTER: Purpose.PUBHLTH,
        Purpose.THREAT: Purpose.PUBHLTH,
    }
)


class ActorRole(StrEnum):
    """In which capacity somebody asks."""

    RESIDENT = "resident"
    PROXY = "proxy"  # acts for the person, within what the person or the law opened to them
    CLINICIAN = "clinician"
    NURSE = "nurse"  # shelter staff; has no route but a disaster
    OFFICER = "officer"  # declares disasters; sees nobody's data
    HOSPITAL = "hospital"  # a backend client; only an explicit Consent lets it read


class DataClass(StrEnum):
    """The parts of a record people think in."""

    ALLERGIES = "allergies"
    MEDICINES = "medicines"
    CONDITIONS = "conditions"
    CONTACTS = "contacts"
    OTHER = "other"


EMERGENCY_CLASSES = frozenset(
    {DataClass.ALLERGIES, DataClass.MEDICINES, DataClass.CONDITIONS, DataClass.CONTACTS}
)


class Level(IntEnum):
    """v3-Confidentiality as a ladder: U unrestricted to V very restricted."""

    U = 0
    L = 1
    M = 2
    N = 3
    R = 4
    V = 5


# v3-ActCode sensitivity labels: those of IHE PCF (ETH to HIV), and the common rest.
SENSITIVITIES = frozenset(
    {"ETH", "ETHUD", "OPIOIDUD", "PSY", "SDV", "HIV"}
    | {"BH", "COGN", "DVD", "EMOTDIS", "GDIS", "MH", "MST", "PREGNANT", "PSYTHPN", "SCA"}
    | {"SEX", "SICKLE", "SPI", "STD", "SUD", "TBOO", "VIO"}
)

# JP-CLINS tags: the patient was not told, or is not to be given it.
WITHHELD_FROM_RESIDENT = frozenset({"UNINFORMED", "UNDELIVERED"})

RECIPIENT_ROLE = (PARTICIPATION, "IRCP")
PRIVACY_SCOPE = (CONSENT_SCOPE, "patient-privacy")

EMERGENCY_ONLY = frozenset({(ACT_CODE, "EMRGONLY"), (CONSENT_CATEGORY, "emrgonly")})
CATEGORIES = EMERGENCY_ONLY | {
    (LOINC, "59284-0"),
    (LOINC, "64292-6"),
    (ACT_CODE, "IDSCL"),
    (ACT_CODE, "INFA"),
}
# What EMRGONLY is defined by in v3-ActCode.
EMERGENCY_PURPOSES = frozenset({Purpose.ETREAT, Purpose.THREAT, Purpose.DISASTER})


class PolicyUri(StrEnum):
    """Policies a Consent of ours stands under; any other absolute URI groups just as well."""

    EVERYDAY = "urn:tasuki:policy:everyday"
    EMERGENCY = "urn:tasuki:policy:emergency"
    PCF_NORMAL = "https://profiles.ihe.net/ITI/PCF/Policy-basic-normal"
    PCF_ALL_NORMAL = "https://profiles.ihe.net/ITI/PCF/Policy-all-normal"
    PCF_BREAK_GLASS_ONLY = "https://profiles.ihe.net/ITI/PCF/Policy-break-glass-only"
    PCF_DENY = "https://profiles.ihe.net/ITI/PCF/Policy-deny"


class Status(StrEnum):
    """Consent.status."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REJECTED = "rejected"
    INACTIVE = "inactive"
    ENTERED_IN_ERROR = "entered-in-error"


class Effect(StrEnum):
    """What a rule says; the wire words of Consent.provision.type."""

    PERMIT = "permit"
    DENY = "deny"
