"""What PyPI's fhirclient (SMART's own), as it is, does. https://github.com/smart-on-fhir/client-py

python with_fhirclient.py BASE_URL TOKEN MARK
"""

from __future__ import annotations

import json
import sys
from typing import Any

from fhirclient import client
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient

SYSTEM = "urn:oid:1.2.392.100495.20.3.51.11718000001"


def main(base: str, token: str, mark: str) -> dict[str, Any]:
    smart = client.FHIRClient(settings={"app_id": "tasuki-tests", "api_base": base})
    smart.server.session.headers["Authorization"] = f"Bearer {token}"
    smart.prepare()
    server = smart.server
    patient = Patient(
        {
            "resourceType": "Patient",
            "identifier": [{"system": SYSTEM, "value": f"client-py-{mark}"}],
            "name": [{"family": "能登", "given": ["花子"]}],
            "birthDate": "1938-04-05",
        }
    )
    made = patient.create(server)
    id_ = made["id"]
    steps: dict[str, Any] = {
        "ready": smart.ready,
        "read": Patient.read(id_, server).birthDate.isostring,
    }
    for day in range(1, 6):
        Observation(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                "subject": {"reference": f"Patient/{id_}"},
                "effectiveDateTime": f"2026-02-0{day}T08:00:00+09:00",
                "valueQuantity": {"value": 60 + day, "unit": "/min"},
            }
        ).create(server)
    search = Observation.where(
        {"patient": id_, "date": "ge2026-02-02", "_sort": "-date", "_count": "2"}
    )
    found = search.perform_resources(server)
    steps["values"] = [one.valueQuantity.value for one in found]
    held = Patient.read(id_, server)
    held.gender = "female"
    held.update(server)
    steps["updated"] = Patient.read(id_, server).gender
    history = Bundle(server.request_json(f"Patient/{id_}/_history"))
    steps["history"] = [entry.request.method for entry in history.entry]
    everything = list(Observation.where({"patient": id_}).perform_resources(server))
    for one in everything:
        one.delete(server)
    steps["gone"] = len(everything)
    Patient.read(id_, server).delete(server)
    return steps


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:4])) + "\n")
