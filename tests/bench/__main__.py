"""`make bench`: load rate, desk search and profile over HTTP, memory. JSON to standard output.

Sign-in token, consent decision and durable audit leaf are part of every measured request; server,
database and load generator share the machine. Nothing is asserted: read the numbers.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.lean import Connection, Request, closed_loop, open_loop

from tasuki.deploy.sample.sample import open_sample
from tasuki.shared.clock import SystemClock, today_in_japan
from tasuki.shared.fhir.json import render

SECONDS = float(os.environ.get("TASUKI_BENCH_SECONDS", "10"))
CONNECTIONS = 8
CHUNK = 500
SEARCHES = 25
PORT = 8799


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tasuki-bench-"))
    began = time.perf_counter()
    tasuki("demo", "--detach", "--port", str(PORT), folder=folder)
    try:
        ready = time.perf_counter() - began
        result = asyncio.run(measured(folder))
        result["demo"]["first_ready_seconds"] = round(ready, 2)
    finally:
        tasuki("stop", folder=folder)
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def tasuki(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tasuki.deploy.cli", *words, "--data", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


async def measured(folder: Path) -> dict[str, Any]:
    told = json.loads((folder / "demo.json").read_text())
    host, port = "127.0.0.1", urlsplit(told["base_url"]).port or 0
    shelter = f"{told['services']['shelter']}/fhir"
    nurse = tasuki("token", "nurse", folder=folder)
    search = Request(
        f"{shelter}/Patient/$match", nurse, "POST", match_body("ノト ハナコ", "1938-04-05")
    )
    connection = Connection(host, port)
    status, answer = await connection.ask(search.to_bytes())
    if status != 200:
        raise SystemExit(f"the desk search was refused: {status} {answer.decode()}")
    entries = json.loads(answer)["entry"]
    found = next(e["resource"]["id"] for e in entries if e["resource"]["resourceType"] == "Patient")
    profile = Request(f"{shelter}/Patient/{found}/$emergency-profile", nurse).to_bytes()
    clinician = tasuki("token", "clinician", folder=folder)
    noto = told["services"]["ehr"]["noto"]
    home = await home_patient(connection, noto, clinician)
    read = Request(f"{noto}/Patient/{home}", clinician).to_bytes()
    summary = Request(f"{noto}/Patient/{home}/$summary", clinician).to_bytes()
    searching = await in_turn(search.to_bytes(), connection, SEARCHES)
    connection.close()
    return {
        "machine": {
            "cores": os.cpu_count(),
            "cpu": cpu_name(),
            "python": platform.python_version(),
            "note": "server, PostgreSQL and load generator on the same cores; one worker process",
        },
        "search": searching,
        "profile": await both(profile, host, port),
        "read": await flat_out([read], host, port),
        "summary": await flat_out([summary], host, port, seconds=SECONDS / 2),
        "load": await load_rate(folder, noto, host, port),
        "demo": {"rss_megabytes": rss_megabytes(int((folder / "demo.pid").read_text()))},
    }


async def in_turn(wire: bytes, connection: Connection, times: int) -> dict[str, Any]:
    """One after the other: an account may search thirty times a minute, so not flat out."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    began = time.perf_counter()
    for _ in range(times):
        asked = time.perf_counter()
        status, _ = await connection.ask(wire)
        latencies.append(time.perf_counter() - asked)
        statuses[status] = statuses.get(status, 0) + 1
    return figures(latencies, statuses, time.perf_counter() - began)


async def both(wire: bytes, host: str, port: int) -> dict[str, Any]:
    return {
        "flat_out": await flat_out([wire], host, port),
        "at_50_per_second": figures(
            *await open_loop([wire], host, port, per_second=50, seconds=SECONDS)
        ),
    }


async def flat_out(
    wires: list[bytes], host: str, port: int, *, seconds: float = SECONDS
) -> dict[str, Any]:
    await closed_loop(wires, host, port, connections=CONNECTIONS, seconds=1.0)
    return figures(*await closed_loop(wires, host, port, connections=CONNECTIONS, seconds=seconds))


def figures(latencies: list[float], statuses: dict[int, int], taken: float) -> dict[str, Any]:
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "requests": len(latencies),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "per_second": round(len(latencies) / taken, 1),
        "milliseconds": {
            name: round(cuts[place] * 1000, 2)
            for name, place in (("p50", 49), ("p95", 94), ("p99", 98))
        },
    }


async def load_rate(folder: Path, base: str, host: str, port: int) -> dict[str, Any]:
    """Load the whole region again under another source name, so that every line is new."""
    token = tasuki("token", "hospital", folder=folder)
    today = today_in_japan(SystemClock())
    lines = [render(one) for one in open_sample().resources("noto", today)]
    connection = Connection(host, port)
    began = time.perf_counter()
    for start in range(0, len(lines), CHUNK):
        body = b"\n".join(lines[start : start + CHUNK])
        request = Request(
            f"{base}/$load?source=bench&firstLine={start + 1}",
            token,
            "POST",
            body,
            "application/fhir+ndjson",
        )
        status, answer = await connection.ask(request.to_bytes())
        if status != 200:
            raise SystemExit(f"the load was refused: {status} {answer.decode()[:300]}")
    taken = time.perf_counter() - began
    connection.close()
    return {"resources": len(lines), "per_second": round(len(lines) / taken, 1)}


async def home_patient(connection: Connection, base: str, token: str) -> str:
    query = "name=%E3%83%8E%E3%83%88%E3%83%8F%E3%83%8A%E3%82%B3&birthdate=1938-04-05"
    _, answer = await connection.ask(Request(f"{base}/Patient?{query}", token).to_bytes())
    return str(json.loads(answer)["entry"][0]["resource"]["id"])


def match_body(kana: str, birth: str) -> bytes:
    family, _, given = kana.partition(" ")
    patient = {
        "resourceType": "Patient",
        "name": [{"family": family, "given": [given]}],
        "birthDate": birth,
    }
    parameter = [{"name": "resource", "resource": patient}]
    return json.dumps({"resourceType": "Parameters", "parameter": parameter}).encode()


def rss_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
