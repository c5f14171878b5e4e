"""Synthea's transactions go in as they are, but for the types we do not keep.

They name hospitals and practitioners by conditional reference and each other by urn:uuid.
https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

import bz2
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from tests.conftest import Demo

FOLDER = Path(__file__).parents[2] / "data" / "fhir" / "synthea"
FILES = sorted(FOLDER.glob("*.bz2"))  # hospitals and practitioners come first


def _without(value: Any, gone: set[str]) -> Any:
    """Return a value without references to entries that are gone."""
    if isinstance(value, dict):
        return {k: _without(v, gone) for k, v in value.items() if not _refers(v, gone)}
    if isinstance(value, list):
        return [_without(item, gone) for item in value if not _refers(item, gone)]
    return value


def _refers(value: Any, gone: set[str]) -> bool:
    return isinstance(value, dict) and value.get("reference") in gone


def _kept(bundle: dict[str, Any]) -> dict[str, Any]:
    entries = bundle["entry"]
    gone = {e["fullUrl"] for e in entries if e["resource"]["resourceType"] not in SERVED_TYPES}
    left = [entry for entry in entries if entry["fullUrl"] not in gone]
    return {**bundle, "entry": _without(left, gone)}


def test_synthea_s_people_go_in_whole_and_come_out_counted(demo: Demo) -> None:
    headers = {
        "Authorization": f"Bearer {demo.token('hospital')}",
        "Content-Type": "application/fhir+json",
    }
    base = demo.ehr("noto")
    with httpx2.Client(timeout=120.0, trust_env=False, headers=headers) as http:
        for file in FILES:
            bundle = _kept(json.loads(bz2.decompress(file.read_bytes())))
            answer = http.post(base, content=json.dumps(bundle))
            assert answer.status_code == 200, answer.text[:500]
            made = answer.json()["entry"]
            assert {entry["response"]["status"][:3] for entry in made} <= {"200", "201"}
            sent = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
            if "Patient" not in sent:
                continue
            (patient,) = {
                entry["response"]["location"].split("/_history")[0].rpartition("/")[2]
                for entry in made
                if "/Patient/" in f"/{entry['response']['location']}"
            }
            for type_ in ("Observation", "Condition", "Encounter", "MedicationRequest"):
                found = http.get(f"{base}/Patient/{patient}/{type_}?_count=0").json()
                assert found["total"] == sent[type_], type_
