"""The Patient a summary is of, and the software that assembled it.

https://hl7.org/fhir/uv/ips/StructureDefinition-Patient-uv-ips.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tasuki.shared.clinical.fhirjson import children
from tasuki.shared.clinical.ips import words
from tasuki.shared.clinical.ips.entries import PROFILE
from tasuki.shared.clinical.ips.extensions import unknown
from tasuki.shared.clinical.ips.references import worded
from tasuki.shared.clinical.view_words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.clinical.language import Language

_KEPT: Final = (
    *("identifier", "active", "name", "telecom", "gender", "birthDate", "_birthDate", "address"),
    *("deceasedBoolean", "deceasedDateTime", "contact", "communication", "generalPractitioner"),
)

Body = dict[str, Any]


def patient_resource(patient: Mapping[str, object], language: Language) -> Body:
    """Return the Patient with what a summary needs; a missing name or birth date says so."""
    body: Body = {
        "resourceType": "Patient",
        "meta": {"profile": [f"{PROFILE}Patient-uv-ips"]},
        **{name: worded(value) for name, value in patient.items() if name in _KEPT},
    }
    names = [dict(name) for name in children(patient, "name") if _is_name(name)]
    body["name"] = worded(names) or [{"text": said(words.NAME_UNKNOWN, language)}]
    if "birthDate" not in body:
        body.setdefault("_birthDate", unknown())
    return body


def author_resource(author: Mapping[str, object] | str) -> Body:
    """Return the Device that assembled the summary: software, so that nobody takes it for a person."""
    if isinstance(author, str):
        return {
            "resourceType": "Device",
            "meta": {"profile": [f"{PROFILE}Device-observer-uv-ips"]},
            "deviceName": [{"name": author, "type": "user-friendly-name"}],
            "type": {"text": "software"},
        }
    kept = {name: value for name, value in author.items() if name != "id"}
    body: Body = worded(kept)
    return body


def _is_name(name: Mapping[str, object]) -> bool:
    return any(name.get(part) for part in ("text", "family", "given"))
