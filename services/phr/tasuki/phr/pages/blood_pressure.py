"""A blood pressure measured at home: from the form to Observations.

https://hl7.org/fhir/R4/bp.html, https://hl7.org/fhir/R4/heartrate.html
A pulse is an Observation of its own, as the profiles want it: whoever looks for it finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tasuki.phr.pages.fields import Bounds, Problem, moment_in, number_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasuki.shared.fhir.json import Resource

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
PANEL, SYSTOLIC, DIASTOLIC, PULSE = "85354-9", "8480-6", "8462-4", "8867-4"
# Beyond these a slip of the finger is far more likely than a reading.
SYSTOLIC_BOUNDS: Final = Bounds(50, 300)
DIASTOLIC_BOUNDS: Final = Bounds(20, 200)
PULSE_BOUNDS: Final = Bounds(20, 300)
_PROFILES: Final = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody read off their meter.

    Attributes:
        systolic: mmHg.
        diastolic: mmHg.
        pulse: Beats a minute, or None.
        at: When it was measured, Japan time.
    """

    systolic: int
    diastolic: int
    pulse: int | None
    at: datetime


def read_reading(form: Mapping[str, str], now: datetime) -> Reading | tuple[Problem, ...]:
    """Return the reading of a form, or everything that is wrong with it."""
    systolic = number_in(form, "systolic", SYSTOLIC_BOUNDS, needed=True)
    diastolic = number_in(form, "diastolic", DIASTOLIC_BOUNDS, needed=True)
    pulse = number_in(form, "pulse", PULSE_BOUNDS, needed=False)
    at = moment_in(form, "measured_at", now)
    problems = tuple(one for one in (systolic, diastolic, pulse, at) if isinstance(one, Problem))
    if isinstance(systolic, int) and isinstance(diastolic, int) and systolic <= diastolic:
        problems += (Problem("diastolic", "problem.diastolic.above"),)
    if (
        problems
        or not isinstance(systolic, int)
        or not isinstance(diastolic, int)
        or isinstance(pulse, Problem)
        or isinstance(at, Problem)
    ):
        return problems
    return Reading(systolic, diastolic, pulse, at)


def observations(reading: Reading, patient: str) -> tuple[Resource, ...]:
    """Return the Observations of a reading by `patient` (`Patient/…`): the pressure, the pulse."""
    pressure = _vital_sign("bp", PANEL, "家庭血圧", reading, patient) | {
        "component": [
            {"code": _code(SYSTOLIC, "収縮期血圧"), "valueQuantity": _pressure(reading.systolic)},
            {"code": _code(DIASTOLIC, "拡張期血圧"), "valueQuantity": _pressure(reading.diastolic)},
        ]
    }
    if reading.pulse is None:
        return (pressure,)
    beats = {"value": reading.pulse, "unit": "回/分", "system": UCUM, "code": "/min"}
    pulse = _vital_sign("heartrate", PULSE, "脈拍", reading, patient) | {"valueQuantity": beats}
    return (pressure, pulse)


def _vital_sign(profile: str, code: str, text: str, reading: Reading, patient: str) -> Resource:
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "meta": {"profile": [_PROFILES + profile]},
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "vital-signs"}]}],
        "code": _code(code, text),
        "subject": {"reference": patient},
        "effectiveDateTime": reading.at.isoformat(timespec="seconds"),
        "performer": [{"reference": patient}],
    }


def _code(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}], "text": text}


def _pressure(value: int) -> dict[str, Any]:
    return {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
