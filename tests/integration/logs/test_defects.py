"""A defect behind the real server: what stands in the log afterwards, and what does not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "SECRET-NAME"
PROGRAM = f"""
import os, sys
import uvicorn
from fastapi import FastAPI
from tasuki.deploy.folder import private_file
from tasuki.deploy.mounting import mounted
from tasuki.shared.clock import SystemClock
from tasuki.shared.logs import configure
from tasuki.shared.rest import metrics, outcome
from pathlib import Path

app, fhir = FastAPI(), FastAPI()

@fhir.get("/$explode")
async def explode(name: str) -> None:
    patient = "{SECRET}"
    raise ValueError(patient + name)

for one in (app, fhir):
    outcome.install(one)
metrics.install(app, metrics.Metrics(SystemClock(), None), open_to_all=False)
app.mount("/fhir", fhir)
configure(os.fdopen(private_file(Path(sys.argv[1])), "a", buffering=1, encoding="utf-8"))
server = uvicorn.Server(uvicorn.Config(mounted({{"/ehr/noto": app}}), log_config=None, access_log=False))
server.run(sockets=[__import__("socket").socket(fileno=int(sys.argv[2]))])
"""


@pytest.mark.timeout(60)
def test_a_defect_leaves_class_and_place_in_the_log_and_nobody_s_data(tmp_path: Path) -> None:
    log = tmp_path / "tasuki.log"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/ehr/noto/fhir/$explode?name={SECRET}"
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(log), str(listening.fileno())],
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            answer = httpx2.get(url, timeout=30.0, trust_env=False)
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=20)
    assert answer.status_code == 500
    assert answer.json()["resourceType"] == "OperationOutcome"
    written = log.read_text(encoding="utf-8")
    assert SECRET not in written + answer.text + said.decode()
    defects = [json.loads(line) for line in written.splitlines()]
    told = [one for one in defects if one["event"] == "Exception in ASGI application"]
    assert [one["class"] for one in told[0]["exception"]] == ["builtins.ValueError"]
    assert told[0]["exception"][0]["places"][-1].endswith(" explode")
