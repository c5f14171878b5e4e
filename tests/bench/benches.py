"""What can be measured, by name."""

from __future__ import annotations

import asyncio
import json
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.bench.decisions import decisions
from tests.bench.figures import figures, rss_megabytes, slope_per_minute
from tests.bench.gate import gate
from tests.bench.lean import Request, open_loop
from tests.bench.mix import crud_mix, mixed, prepared
from tests.bench.people import IDENTIFIERS, lines, transaction
from tests.bench.signing_in import sign_ins

from tasuki.deploy.sample.sample import open_sample
from tasuki.shared.clock import SystemClock, today_in_japan
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.bench.house import House

SEARCHES = 25  # an account may search the desk thirty times a minute
TRANSACTIONS = 20
ENTRIES = 100
OF_ONE_TYPE = 2_000
OF_ONE_PERSON = 1_000
SAMPLE_SECONDS = 5.0


async def desk(house: House) -> dict[str, Any]:
    """The desk: search, and the emergency profile flat out and at a steady rate."""
    nurse = house.token("nurse")
    person = {
        "resourceType": "Patient",
        "name": [{"family": "ノト", "given": ["ハナコ"]}],
        "birthDate": "1938-04-05",
    }
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": person}],
    }
    search = Request(
        f"{house.shelter}/Patient/$match", nurse, "POST", json.dumps(parameters).encode()
    )
    status, answer = await house.ask(search)
    if status != 200:
        raise SystemExit(f"the desk search was refused: {status}")
    entries = [one["resource"] for one in answer["entry"]]
    found = next(one["id"] for one in entries if one["resourceType"] == "Patient")
    profile = Request(f"{house.shelter}/Patient/{found}/$emergency-profile", nurse).to_bytes()
    steady = await open_loop([profile], *house.address, per_second=50, seconds=house.seconds)
    return {
        "search": await house.in_turn(search.to_bytes(), SEARCHES),
        "profile": await house.flat_out([profile]),
        "profile_at_50_per_second": figures(steady),
    }


async def reads(house: House) -> dict[str, Any]:
    """FHIR read of a clinician through token, gate, consent and audit leaf."""
    return await house.flat_out([await house.read_wire()])


async def summary(house: House) -> dict[str, Any]:
    """The patient summary over two regions."""
    home = await house.home_patient()
    wire = Request(f"{house.noto}/Patient/{home}/$summary", house.token("clinician")).to_bytes()
    return await house.flat_out([wire], seconds=house.seconds / 2)


async def transactions(house: House) -> dict[str, Any]:
    """Transaction Bundles of one new person with measurements."""
    wires = [
        Request(
            house.noto,
            house.token("hospital"),
            "POST",
            json.dumps(transaction(f"t{number}", ENTRIES - 1)).encode(),
        ).to_bytes()
        for number in range(TRANSACTIONS)
    ]
    told = [await house.in_turn(wire, 1) for wire in wires]
    taken = sum(1 / one["per_second"] for one in told)
    latencies = sorted(one["milliseconds"]["p50"] for one in told)
    return {
        "entries_of_each": ENTRIES,
        "statuses": told[0]["statuses"],
        "resources_per_second": round(TRANSACTIONS * ENTRIES / taken, 1),
        "milliseconds": {"p50": latencies[len(latencies) // 2], "longest": latencies[-1]},
    }


async def load(house: House) -> dict[str, Any]:
    """A whole region's NDJSON under another source name, so that every line is new."""
    today = today_in_japan(SystemClock())
    given = [render(one) for one in open_sample().resources("noto", today)]
    taken = await house.loaded(given, "bench")
    return {"resources": len(given), "per_second": round(len(given) / taken, 1)}


async def search(house: House) -> dict[str, Any]:
    """Searches over 2,000 resources of one type and person."""
    await house.loaded(lines("bench-search", OF_ONE_TYPE), "bench-search")
    id_ = await house.patient_by(IDENTIFIERS, "bench-search")
    token = house.token("hospital")
    asked = {
        "by_person_and_code": f"Observation?patient={id_}&code=http://loinc.org|8867-4",
        "by_person_and_date": f"Observation?patient={id_}&date=ge2020-01-01&_count=50",
        "by_code_of_anybody": "Observation?code=http://loinc.org|4548-4&_count=20",
    }
    return {
        name: await house.in_turn(Request(f"{house.noto}/{query}", token).to_bytes(), 30)
        for name, query in asked.items()
    }


async def everything(house: House) -> dict[str, Any]:
    """`$everything` of one person with 1,000 resources."""
    await house.loaded(lines("bench-everything", OF_ONE_PERSON - 1), "bench-everything")
    id_ = await house.patient_by(IDENTIFIERS, "bench-everything")
    request = Request(f"{house.noto}/Patient/{id_}/$everything", house.token("hospital"))
    return await house.in_turn(request.to_bytes(), 20)


async def memory(house: House) -> dict[str, Any]:
    """Resident memory of the serving process under the mix: samples, and their slope."""
    workers = await prepared(house)
    samples: list[tuple[float, float]] = []
    began = time.monotonic()

    async def watch() -> None:
        while True:
            samples.append((time.monotonic() - began, rss_megabytes(house.pid)))
            await asyncio.sleep(SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    requests = 0
    while time.monotonic() - began < house.minutes * 60:
        left = house.minutes * 60 - (time.monotonic() - began)
        measured = await mixed(workers, min(30.0, max(1.0, left)))
        requests += len(measured[0])
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    settled = samples[len(samples) // 3 :]
    return {
        "minutes": house.minutes,
        "requests": requests,
        "rss_megabytes": [round(value, 1) for _, value in samples[:: max(1, len(samples) // 20)]],
        "largest_megabytes": max(value for _, value in samples),
        "megabytes_per_minute_after_the_first_third": (
            slope_per_minute(settled) if len(settled) > 1 else None
        ),
    }


BENCHES: Mapping[str, Callable[[House], Awaitable[dict[str, Any]]]] = MappingProxyType(
    {
        "desk": desk,
        "reads": reads,
        "gate": gate,
        "mix": crud_mix,
        "transactions": transactions,
        "load": load,
        "search": search,
        "everything": everything,
        "summary": summary,
        "decisions": decisions,
        "memory": memory,
        "sign-ins": sign_ins,
    }
)
