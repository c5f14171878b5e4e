"""What PyPI's fhirpy, as it is, does against a FHIR base URL. https://github.com/beda-software/fhir-py

    python with_fhirpy.py BASE_URL TOKEN MARK

Prints one JSON object: what each step gave. MARK keeps runs apart.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

SYSTEM = "urn:oid:1.2.392.100495.20.3.51.11718000001"
WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}


def main(base: str, token: str, mark: str) -> dict[str, Any]:
    client = SyncFHIRClient(base, authorization=f"Bearer {token}")
    identifier = [{"system": SYSTEM, "value": f"fhirpy-{mark}"}]
    patient = client.resource(
        "Patient", identifier=identifier, name=[{"text": "能登 𠮷子"}], gender="female"
    )
    patient.save()
    steps: dict[str, Any] = {"created": bool(patient.id), "name": patient["name"][0]["text"]}
    patient["gender"] = "other"
    patient.save()
    steps["updated"] = client.reference("Patient", patient.id).to_resource()["gender"]

    mine = client.resources("Patient").search(identifier=f"{SYSTEM}|fhirpy-{mark}")
    again, made = mine.update(
        client.resource(
            "Patient", identifier=identifier, name=[{"text": "能登 𠮷子"}], gender="female"
        )
    )
    steps["update"] = [again.id == patient.id, made, again["gender"]]
    try:
        # It puts the criteria into the address, where R4 has none: refused, or it would make doubles.
        mine.get_or_create(client.resource("Patient", identifier=identifier))
        steps["get_or_create"] = None
    except OperationOutcome as error:
        steps["get_or_create"] = error.resource["issue"][0]["code"]
    for value in range(5):
        client.resource(
            "Observation",
            status="final",
            code=WEIGHT,
            subject=patient.to_reference(),
            effectiveDateTime=f"2026-01-0{value + 1}",
            valueQuantity={"value": 50 + value, "unit": "kg"},
        ).save()
    weights = client.resources("Observation").search(patient=patient.id)
    steps["count"] = weights.count()
    steps["pages"] = [
        one["valueQuantity"]["value"] for one in weights.sort("-date").limit(2).fetch_all()
    ]
    steps["chained"] = len(
        client.resources("Observation")
        .search(subject__Patient__identifier=f"{SYSTEM}|fhirpy-{mark}", code="29463-7")
        .fetch_all()
    )
    found = client.resources("Patient").search(_id=patient.id).revinclude("Observation", "patient")
    bundle = found.fetch_raw()
    steps["revincluded"] = sum(
        entry["resource"]["resourceType"] == "Observation" for entry in bundle["entry"]
    )
    for one in weights.fetch_all():
        one.delete()
    steps["left"] = weights.count()
    patient.delete()
    try:
        client.reference("Patient", patient.id).to_resource()
        steps["gone"] = False
    except ResourceNotFound:
        steps["gone"] = True
    try:
        client.resources("Patient").search(nonsense="1").fetch()
        steps["refused"] = None
    except OperationOutcome as error:
        steps["refused"] = error.resource["issue"][0]["code"]
    return steps


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:4])) + "\n")
