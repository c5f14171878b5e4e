"""Who comes to the consent service besides those who come to records: one line each."""

from __future__ import annotations

from typing import Any

from tests.access.callers import CALLERS, Caller

EVERYTHING = "patient/*.cruds user/*.cruds system/*.cruds"
OVERRIDES = "user/*.rs tasuki/override"


def _resident(name: str, scope: str, **more: Any) -> Caller:
    given = {"region": "", "organization": None, "own": True, **more}
    return Caller(f"resident, {name}", "resident", "PATRQT", scope, **given)


def _doctor(name: str, **more: Any) -> Caller:
    given = {"role": "clinician", "purpose": "TREAT", "scope": OVERRIDES, **more}
    return Caller(f"clinician, {name}", **given)


def _service(name: str, scope: str, role: str = "service") -> Caller:
    return Caller(f"{role}, {name}", role, "HOPERAT", scope, organization=None)


def _by_law(name: str, scope: str, *, own: bool = True) -> Caller:
    return Caller(f"proxy by law, {name}", "proxy", "PWATRNY", scope, "", None, own=own)


AT_THE_CONSENT_SERVICE = (
    *CALLERS,
    _resident("Consents alone", "patient/Consent.rs"),
    _resident("Consents by id", "patient/Consent.r"),
    _resident("Consents by search", "patient/Consent.s"),
    _resident("saying alone", "patient/Consent.cu"),
    _resident("who looked alone", "patient/AuditEvent.rs"),
    _resident("results alone", "patient/Observation.rs"),
    _resident("some Consents", "patient/Consent.rs?status=inactive"),
    _resident("no scopes", "openid"),
    _resident("bound to nobody", "patient/*.cruds", own=None),
    _resident("another's, with words", f"{EVERYTHING} tasuki/override tasuki/review", own=False),
    _by_law("all scopes", "patient/*.cruds"),
    _by_law("of another", "patient/*.cruds", own=False),
    _by_law("results", "patient/Observation.rs"),
    _doctor("bound to them", scope=EVERYTHING, own=True),
    _doctor("bound to another", scope=EVERYTHING, own=False),
    _doctor("all scopes", scope=EVERYTHING),
    _doctor("overrides"),
    _doctor("who opened it", override="theirs"),
    _doctor("who opened another's", override="another's"),
    _doctor("overrides, other region", region="other"),
    _doctor("overrides, no region", region=""),
    _doctor("overrides, disaster", purpose="DISASTER"),
    Caller("nurse, overrides", "nurse", "DISASTER", OVERRIDES),
    _resident("overrides", f"patient/*.cruds {OVERRIDES}"),
    Caller("officer, declaring", "officer", "PUBHLTH", f"{EVERYTHING} tasuki/declare"),
    Caller("privacy", "privacy", "HOPERAT", f"{EVERYTHING} tasuki/review", organization=None),
    _service("feed alone", "tasuki/feed"),
    _service("audit alone", "system/AuditEvent.rs"),
    _service("warnings alone", "tasuki/warn"),
    _service("other contexts", "user/AuditEvent.rs patient/AuditEvent.rs tasuki/locate"),
    _service("audit", "system/AuditEvent.rs system/Patient.rs", "hospital"),
)
# They differ from others in what matters where records are.
_ALIKE = (
    *("clinician, ETREAT", "clinician, other region", "clinician, shunned"),
    *("clinician, no organisation", "clinician, no region", "clinician, by category"),
    *("nurse, ETREAT", "hospital, TREAT", "hospital, other region", "hospital, by category"),
    *("resident, by category", "clinician, few scopes"),
)
SOME = tuple(one for one in AT_THE_CONSENT_SERVICE if one.name not in _ALIKE)
