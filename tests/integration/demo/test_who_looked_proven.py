"""A resident takes the file of who looked home and checks it with the published keys alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Demo


def check(file: Path, keys: Path) -> subprocess.CompletedProcess[str]:
    """Run `tasuki audit check`, which knows of no data folder."""
    return subprocess.run(
        [sys.executable, "-m", "tasuki.deploy.cli", "audit", "check", file, "--keys", keys],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_file_is_checked_asking_nobody(demo: Demo, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {demo.token('resident')}"}
    with httpx2.Client(timeout=30.0, trust_env=False, headers=headers) as http:
        own = http.get(f"{demo.phr}/Patient").json()["entry"][0]["resource"]["id"]
        asked = {"patient": f"Patient/{own}", "_proof": "true"}
        answer = http.get(f"{demo.consent}/fhir/AuditEvent", params=asked)
    assert answer.status_code == 200, answer.text
    file, keys = tmp_path / "looked.json", tmp_path / "keys.txt"
    file.write_bytes(answer.content)
    keys.write_text(demo.command("audit", "keys").stdout)
    good = check(file, keys)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "stand in the log exactly as they are in the file" in good.stdout
    assert "tasuki.example/audit/noto: " in good.stdout
    document = json.loads(answer.content)
    last = next(one for one in reversed(document["entry"]) if "salt" in json.dumps(one))
    last["resource"]["recorded"] = "2020-01-01T00:00:00.000Z"
    file.write_text(json.dumps(document))
    bad = check(file, keys)
    assert bad.returncode == 1
    assert "DO NOT FIT" in bad.stdout
    keys.write_text("nothing\n")
    assert check(file, keys).returncode == 2


def test_a_leak_is_reported_from_every_log_and_named_where_one_may(demo: Demo) -> None:
    times = ("--from", "2020-01-01", "--to", "2100-01-01")
    plain = demo.command("audit", "leak", *times, "--malicious")
    assert plain.returncode == 0, plain.stderr
    assert "possibly malicious (Art 7 (iii))" in plain.stdout
    assert "noto Patient/" in plain.stdout
    assert "能登" not in plain.stdout, "nobody is named without a token"
    resident = ("--actor", "nobody-at-all", "--token", demo.token("resident"))
    none = demo.command("audit", "leak", *times, *resident)
    assert "people affected: 0" in none.stdout
    again = demo.command("audit", "leak", *times, "--client", "tasuki-audit-leak")
    assert "to be looked at by hand: 18" in again.stdout, "three times in six logs"
    assert demo.command("audit", "verify").returncode == 0
