"""Reading the generator's export and choosing whose records the sample is made from."""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring.cleaning import cleaned, relabelled_allergy
from tasuki.deploy.sample.authoring.prescribing import rewritten
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasuki.deploy.sample.authoring.lots import Lots

Json = dict[str, Any]

_FILES = (
    "AllergyIntolerance",
    "Condition",
    "Immunization",
    "MedicationRequest",
    "Observation-keylabs",
    "Procedure",
)
_MEDICINES = range(1, 37)  # prescriptions of a chosen patient: some, but no endless list
_VACCINATIONS = 3  # the last few
_ELDERLY_SHARE = 80  # percent of the chosen who are 60 or older
_ELDERLY_BORN = 1966
_TESTS = frozenset(
    {
        "クレアチニン",
        "グリコヘモグロビンA1c",
        "カリウム",
        "ヘモグロビン",
        "プロトロンビン時間",
        "推算GFRcreat",
        "ヒト脳性Na利尿ペプチド",
        "ABO血液型",
        "Rh血液型",
    }
)


class Source:
    """The generator's patients with all that is kept about each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.patients = {one["id"]: one for one in self._lines("Patient")}
        self._about: dict[str, list[Json]] = defaultdict(list)
        for file in _FILES:
            for resource in self._lines(file):
                subject = resource.get("subject") or resource["patient"]
                self._about[subject["reference"].removeprefix("Patient/")].append(resource)

    def chosen(self, count: int, lots: Lots) -> list[str]:
        """Return the ids of up to `count` living patients with medicines, mostly elderly."""
        fit = [key for key in sorted(self.patients) if self._fits(key)]
        fit.sort(key=lambda key: lots.number(1 << 60, "choose", key))
        old = [key for key in fit if self.birth_date(key).year < _ELDERLY_BORN]
        young = [key for key in fit if self.birth_date(key).year >= _ELDERLY_BORN]
        wanted = count * _ELDERLY_SHARE // 100
        picked = old[:wanted]
        return picked + young[: count - len(picked)]

    def birth_date(self, key: str) -> date:
        """Return the birth date of a patient."""
        return date.fromisoformat(self.patients[key]["birthDate"])

    def records(self, key: str, region: str) -> list[Json]:
        """Return what a hospital of `region` holds of a patient: cleaned, Conditions first."""
        mine = self._about[key]
        kept = [_ready(one, region) for one in _thinned(mine)]
        return sorted(kept, key=lambda one: one["resourceType"] != "Condition")

    def _fits(self, key: str) -> bool:
        patient = self.patients[key]
        prescriptions = sum(one["resourceType"] == "MedicationRequest" for one in self._about[key])
        return patient.get("deceasedBoolean") is False and prescriptions in _MEDICINES

    def _lines(self, name: str) -> Iterator[Json]:
        with gzip.open(self._folder / f"{name}.ndjson.gz") as lines:
            for line in lines:
                yield parse_resource(line)


def _thinned(resources: list[Json]) -> Iterator[Json]:
    """Yield what is kept: the last value of some tests, the last vaccinations, all the rest."""
    newest: dict[str, Json] = {}
    vaccinations: list[Json] = []
    for one in resources:
        kind = one["resourceType"]
        if kind == "Observation":
            _keep_newest(newest, one)
        elif kind == "Immunization":
            vaccinations.append(one)
        elif kind != "Procedure" or not one["code"]["text"].isascii():
            yield one
    yield from newest.values()
    vaccinations.sort(key=lambda one: (one["occurrenceDateTime"], one["id"]))
    yield from vaccinations[-_VACCINATIONS:]


def _keep_newest(newest: dict[str, Json], observation: Json) -> None:
    test = observation["code"]["text"]
    known = newest.get(test)
    if test in _TESTS and (
        known is None or known["effectiveDateTime"] <= observation["effectiveDateTime"]
    ):
        newest[test] = observation


def _ready(resource: Json, region: str) -> Json:
    made = cleaned(resource)
    if made["resourceType"] == "MedicationRequest":
        return rewritten(made, region)
    if made["resourceType"] == "AllergyIntolerance":
        return relabelled_allergy(made)
    return made
