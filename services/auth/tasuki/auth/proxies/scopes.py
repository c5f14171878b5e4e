"""What a grant opens, as SMART scopes: services read from them which parts of a record it reaches.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html

Types are named one by one and never as `*`: who looked (AuditEvent) and what the person has said
(Consent) are in no part of a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.resource_types import types_of
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.scopes import OPENID_WORDS, ResourceScope, ScopeSet

if TYPE_CHECKING:
    from tasuki.auth.proxies.grant import Terms

# Of all other types those that are kept about people here, and what they refer to.
_OTHER = frozenset(
    {
        *("Binary", "CarePlan", "Composition", "Device", "DiagnosticReport", "DocumentReference"),
        *("Encounter", "ImagingStudy", "Immunization", "Location", "Observation", "Organization"),
        *("Practitioner", "PractitionerRole", "Procedure", "Provenance", "QuestionnaireResponse"),
        *("ServiceRequest", "Specimen"),
    }
)
# What a person writes about themselves; a proxy adds, and takes nothing back.
_LOG = frozenset({"AllergyIntolerance", "MedicationStatement", "Observation"})
_READ, _ADD, _SAY = frozenset("rs"), frozenset("c"), frozenset("crus")


def scopes_of(terms: Terms) -> ScopeSet:
    """Return the widest scopes a token of this grant can have."""
    types = types_of(terms.classes - {DataClass.OTHER})
    if DataClass.OTHER in terms.classes:
        types |= _OTHER
    letters = dict.fromkeys(types, _READ)
    if terms.writes:
        letters |= {type_: letters[type_] | _ADD for type_ in _LOG & types}
    if terms.wishes:
        letters["Consent"] = _SAY
    scopes = frozenset(ResourceScope("patient", type_, has) for type_, has in letters.items())
    return ScopeSet(scopes, OPENID_WORDS)
