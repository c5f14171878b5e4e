"""Read a FHIR R4 Consent into a `ConsentRule`, or refuse it whole.

The reading is that of IHE PCF: the root provision is the base answer, one level of nesting, nested
types literal. What PCF leaves out (`action`, `code`, `policyRule`, deeper nesting) and any code we
do not know is refused rather than half obeyed: a resident must be able to trust that what was
accepted is kept.

https://profiles.ihe.net/ITI/PCF/volume-1.html
https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.consent.conditions import read_actors, read_data, read_period, read_purposes
from tasuki.consent.reading import Element, as_element, refuse
from tasuki.consent.rules import ConsentRule, HeldConsent, Provision, UnreadableConsent
from tasuki.consent.times import stretch_of
from tasuki.consent.vocabulary import (
    CATEGORIES,
    EMERGENCY_ONLY,
    EMERGENCY_PURPOSES,
    PRIVACY_SCOPE,
    Effect,
    Status,
)
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.times import Stretch

# Elements that say who recorded it, when and where: they do not change who may see what.
_ABOUT = ("meta", "language", "text", "contained", "identifier", "performer", "organization")
_SOURCE = ("sourceAttachment", "sourceReference", "verification")
_BINDING = ("resourceType", "status", "scope", "category", "patient", "dateTime", "policy")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def read_consent(resource: Mapping[str, object]) -> ConsentRule:
    """Return what a Consent says, under its own patient reference.

    Raises:
        Fault: STRUCTURE with the path of the first element that is not understood.
    """
    consent = as_element("Consent", resource)
    consent.only(*_BINDING, *_ABOUT, *_SOURCE, "provision")
    _require_consent(consent)
    emergency = _require_categories(consent)
    root = _read_provision(consent.child("provision"))
    if emergency:
        root = _for_emergency(root)
    return ConsentRule(
        id=consent.text("id"),
        version=_version(consent),
        patient=consent.child("patient").text("reference"),
        status=_status(consent),
        policy=_policy(consent),
        dated=_dated(consent),
        root=root,
        nested=_nested(consent.child("provision"), emergency=emergency),
    )


def read_held_consent(resource: Mapping[str, object]) -> HeldConsent:
    """Return a Consent met in the snapshot, under its own patient reference.

    One that cannot be read becomes an `UnreadableConsent`, which refuses: it was accepted once, so
    it says something, and we do not know what.
    """
    try:
        return read_consent(resource)
    except Fault:
        name = resource.get("id")
        return UnreadableConsent(name if isinstance(name, str) else "", patient="")


def _require_consent(consent: Element) -> None:
    if consent.text("resourceType") != "Consent":
        raise refuse("Consent.resourceType", "This is no Consent.")
    if _codings(consent.child("scope")) != [PRIVACY_SCOPE]:
        raise refuse("Consent.scope", "Only the scope patient-privacy is evaluated here.")
    for check in consent.children("verification"):
        # An instruction known not to be verified is no instruction.
        if check.members.get("verified") is not True:
            raise refuse(check.at("verified"), "An unverified Consent cannot be obeyed.")


def _codings(concept: Element) -> list[tuple[str, str]]:
    concept.only("coding", "text")
    found = [(coding.text("system"), coding.text("code")) for coding in concept.children("coding")]
    if not found:
        raise refuse(concept.at("coding"), "A code is needed here; a text is not enough.")
    return found


def _require_categories(consent: Element) -> bool:
    seen: set[tuple[str, str]] = set()
    for category in consent.children("category"):
        for coding in _codings(category):
            if coding not in CATEGORIES:
                raise refuse(category.path, "This category is not known here.")
            seen.add(coding)
    if not seen:
        raise refuse("Consent.category", "A category is needed here.")
    return bool(seen & EMERGENCY_ONLY)


def _status(consent: Element) -> Status:
    try:
        return Status(consent.text("status"))
    except ValueError:
        raise refuse("Consent.status", "This status is not known here.") from None


def _version(consent: Element) -> str | None:
    return consent.child("meta").optional_text("versionId") if consent.has("meta") else None


def _policy(consent: Element) -> str:
    policies = list(consent.children("policy"))
    if len(policies) != 1:
        raise refuse("Consent.policy", "Exactly one policy is needed here.")
    policies[0].only("authority", "uri")
    uri = policies[0].text("uri")
    if not _ABSOLUTE.fullmatch(uri):
        raise refuse(policies[0].at("uri"), "An absolute URI is needed here.")
    return uri


def _dated(consent: Element) -> Stretch:
    stretch = stretch_of(consent.text("dateTime"))
    if stretch is None:
        raise refuse("Consent.dateTime", "This is no date.")
    return stretch


def _effect(provision: Element) -> Effect:
    try:
        return Effect(provision.text("type"))
    except ValueError:
        raise refuse(provision.at("type"), "Only permit and deny are evaluated here.") from None


def _read_provision(provision: Element) -> Provision:
    provision.only(
        *("type", "period", "actor", "purpose", "securityLabel", "class", "data", "dataPeriod"),
        *(() if provision.path != "Consent.provision" else ("provision",)),
    )
    return Provision(
        path=provision.path,
        effect=_effect(provision),
        actors=read_actors(provision),
        purposes=read_purposes(provision),
        period=read_period(provision, "period"),
        data=read_data(provision),
    )


def _nested(root: Element, *, emergency: bool) -> tuple[Provision, ...]:
    found = tuple(_read_provision(each) for each in root.children("provision"))
    return tuple(_only_emergency(each) for each in found) if emergency else found


def _for_emergency(root: Provision) -> Provision:
    """EMRGONLY without purposes means the emergency purposes, and no others."""
    return _only_emergency(replace(root, purposes=root.purposes or EMERGENCY_PURPOSES))


def _only_emergency(provision: Provision) -> Provision:
    if provision.purposes <= EMERGENCY_PURPOSES:
        return provision
    raise refuse(f"{provision.path}.purpose", "An emergency-only Consent has emergency purposes.")
