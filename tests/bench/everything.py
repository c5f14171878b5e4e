"""`python -m tests.bench.everything`: `Patient/$everything` on a thousand resources. JSON out.

The whole way from the request to the bytes of the answer, with a real store and durable leaves;
without a network and without verifying a token. Nothing is asserted: read the numbers.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration.rest.house import House, house_on
from tests.store.world import Server, server_for_session, world_on

from tasuki.shared.access.rulings import Ruling
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCES = 1_000
PLACES = 20
TIMES = int(os.environ.get("TASUKI_BENCH_TIMES", "60"))
CHUNK = 100
LABEL = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def main() -> None:
    with server_for_session() as server, tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(measured(server, Path(folder)))
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


async def measured(server: Server, folder: Path) -> dict[str, Any]:
    await server.run("ALTER SYSTEM SET fsync = on")
    await server.run("ALTER SYSTEM SET synchronous_commit = on")
    await server.run("SELECT pg_reload_conf()")
    async with world_on(server, folder) as world, house_on(world) as house:
        everything = list(resources())
        for start in range(0, len(everything), CHUNK):
            raw = b"\n".join(render(r) for r in everything[start : start + CHUNK])
            answer = await house.post(
                f"/$load?source=bench&firstLine={start + 1}",
                raw=raw,
                headers={"Content-Type": "application/fhir+ndjson"},
            )
            assert answer.status_code == 200, answer.text
        found = await house.get("/Patient?_count=1")
        patient = found.json()["entry"][0]["resource"]["id"]
        permitted = await timed(house, patient)
        house.decider.rulings[patient] = Ruling.permit_partly(
            "bench", withheld_types=frozenset(), screen=unlabelled
        )
        return {
            "resources": RESOURCES,
            "times": TIMES,
            "permitted_milliseconds": permitted,
            "screened_milliseconds": await timed(house, patient),
        }


def unlabelled(resource: Any) -> bool:
    """Screen by label, as a consent does."""
    labels = resource.get("meta", {}).get("security", ())
    return not any(label.get("code") == "R" for label in labels)


async def timed(house: House, patient: str) -> dict[str, float]:
    taken, busy = [], []
    answer = await house.get(f"/Patient/{patient}/$everything", token="clinician")
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        answer = await house.get(f"/Patient/{patient}/$everything", token="clinician")
        taken.append(1_000 * (time.perf_counter() - began))
        busy.append(1_000 * (time.process_time() - worked))
    assert answer.json()["total"] == RESOURCES
    cuts = statistics.quantiles(taken, n=20)
    return {
        "p50": round(cuts[9], 1),
        "p95": round(cuts[18], 1),
        "own_cpu_p50": round(statistics.median(busy), 1),
        "bytes": len(answer.content),
    }


def resources() -> Iterator[dict[str, Any]]:
    """Yield a Patient with laboratory results, and the places they come from."""
    yield {"resourceType": "Patient", "id": "p", "name": [{"text": "ノト ハナコ"}]}
    for number in range(PLACES):
        yield {"resourceType": "Organization", "id": f"o{number}", "name": f"病院{number}"}
    for number in range(RESOURCES - 1):
        yield {
            "resourceType": "Observation",
            "id": f"b{number}",
            "meta": {"security": [{"system": LABEL, "code": "N"}]},
            "status": "final",
            "category": [{"coding": [{"system": "http://example.org/c", "code": "laboratory"}]}],
            "code": {
                "coding": [
                    {
                        "system": "urn:oid:1.2.392.200119.4.504",
                        "code": "3D0100000",
                        "display": "血糖",
                    },
                    {"system": "http://loinc.org", "code": "2339-0", "display": "Glucose"},
                ],
                "text": "血糖（グルコース）",
            },
            "subject": {"reference": "Patient/p"},
            "performer": [{"reference": f"Organization/o{number % PLACES}"}],
            "effectiveDateTime": f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}T09:00:00+09:00",
            "valueQuantity": {
                "value": 90.5 + number,
                "unit": "mg/dL",
                "system": "http://unitsofmeasure.org",
                "code": "mg/dL",
            },
            "referenceRange": [{"low": {"value": 70}, "high": {"value": 109}, "text": "70-109"}],
            "note": [{"text": "空腹時採血。前回値と比較して大きな変化はありません。"}],
        }


if __name__ == "__main__":
    main()
