"""Made-up resources in the numbers a measurement needs."""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32

IDENTIFIERS = "urn:oid:1.2.392.100495.20.3.51.11712345"
LOINC = "http://loinc.org"
CODES = ("8867-4", "8310-5", "8480-6", "8462-4", "2708-6", "29463-7", "2339-0", "4548-4")


def patient(id_: str) -> dict[str, Any]:
    """Return a person whom no sample holds."""
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [{"system": IDENTIFIERS, "value": id_}],
        "name": [{"family": "測定", "given": [id_]}],
        "gender": "female",
        "birthDate": "1950-01-01",
    }


def observation(id_: str, subject: str, number: int) -> dict[str, Any]:
    """Return a measurement; its day and code follow from the number."""
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": CODES[number % len(CODES)]}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}",
        "valueQuantity": {"value": 60 + number % 90, "unit": "/min"},
    }


def lines(person: str, count: int) -> list[bytes]:
    """Return NDJSON of one person with so many measurements."""
    made = [patient(person)]
    made += [observation(f"{person}-{n}", f"Patient/{person}", n) for n in range(count)]
    return [json.dumps(one, ensure_ascii=False).encode() for one in made]


def transaction(person: str, count: int) -> dict[str, Any]:
    """Return a transaction that creates a person with so many measurements."""
    subject = f"urn:uuid:00000000-0000-4000-8000-{crc32(person.encode()):012}"
    entries = [{"fullUrl": subject, "resource": patient(person)}]
    entries += [{"resource": observation(f"o{n}", subject, n)} for n in range(count)]
    for entry in entries:
        resource: dict[str, Any] = entry["resource"]  # type: ignore[assignment]
        resource.pop("id")
        entry["request"] = {"method": "POST", "url": resource["resourceType"]}
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
