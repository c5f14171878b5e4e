"""The outside contract: `demo.json`, the paths on the one port, and the commands."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Demo

ROLES = ("resident", "clinician", "nurse", "officer", "privacy")


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30.0, trust_env=False) as client:
        yield client


def test_demo_json_names_services_accounts_and_clients(demo: Demo) -> None:
    told = demo.told
    assert set(told["services"]) == {"auth", "consent", "locator", "phr", "shelter", "ehr"}
    assert set(told["services"]["ehr"]) == {"noto", "kaga"}
    assert {one["role"] for one in told["accounts"]} == set(ROLES)
    for account in told["accounts"]:
        assert {"role", "username", "password", "totp_secret"} <= set(account)
    for client in told["clients"]:
        assert {"client_id", "private_jwk", "scopes"} <= set(client)
    assert (demo.folder / "demo.json").stat().st_mode & 0o077 == 0


def test_every_hospital_line_of_the_sample_was_accepted(demo: Demo) -> None:
    loaded = demo.told["loaded"]
    assert sum(region["quarantined"] for region in loaded.values()) == 0
    assert sum(region["created"] for region in loaded.values()) > 5_000


def test_public_doors_answer_without_a_token(demo: Demo, http: httpx2.Client) -> None:
    for url in (
        f"{demo.base}/",
        f"{demo.base}/healthz",
        f"{demo.base}/auth/.well-known/openid-configuration",
        f"{demo.ehr('noto')}/metadata",
        f"{demo.ehr('kaga')}/.well-known/smart-configuration",
        f"{demo.phr}/metadata",
        f"{demo.consent}/fhir/metadata",
        f"{demo.base}/ehr/noto/healthz",
        f"{demo.base}/phr/readyz",
        f"{demo.base}/consent/readyz",
        f"{demo.base}/locator/fhir/readyz",
        f"{demo.base}/shelter/readyz",
    ):
        assert http.get(url).status_code == 200, url


@pytest.mark.parametrize("role", [*ROLES, "hospital"])
def test_a_token_is_signed_in_for(demo: Demo, role: str) -> None:
    token = demo.token(role)
    assert token.count(".") == 2


def test_a_token_of_one_service_opens_no_other(demo: Demo, http: httpx2.Client) -> None:
    nurse = demo.token("nurse")
    answer = http.get(
        f"{demo.ehr('noto')}/Patient?_count=1", headers={"Authorization": f"Bearer {nurse}"}
    )
    assert answer.status_code == 401


def test_load_quarantines_what_is_invalid_and_loses_nothing(
    demo: Demo, http: httpx2.Client, tmp_path: Path
) -> None:
    patient = {"resourceType": "Patient", "id": "x1", "birthDate": "1950-01-01"}
    good = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/x1"},
        "code": {"text": "高血圧症"},
    }
    bad = {**good, "id": "c2", "onsetDateTime": "not a date"}
    file = tmp_path / "export.ndjson.gz"
    lines = [json.dumps(one) for one in (patient, good, bad)] + ["{ this is no JSON"]
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    first = demo.command("load", "--region", "noto", "--source", "contract", str(file))
    assert first.returncode == 1, first.stderr
    assert "created 2" in first.stdout
    assert "quarantined 2" in first.stdout
    assert "export.ndjson.gz:3" in first.stdout.replace("\n", "")
    again = demo.command("load", "--region", "noto", "--source", "contract", str(file))
    assert "unchanged 2" in again.stdout
    listed = http.get(
        f"{demo.ehr('noto')}/$quarantine",
        headers={"Authorization": f"Bearer {demo.token('hospital')}"},
    )
    assert listed.status_code == 200
    reasons = [
        part["valueString"]
        for issue in listed.json()["parameter"]
        if issue["name"] == "issue"
        for part in issue["part"]
        if part["name"] == "reason"
    ]
    assert any("onset" in reason for reason in reasons)


def test_a_declaration_needs_an_officer(demo: Demo, http: httpx2.Client) -> None:
    body = {"areas": ["172049"], "authority": "x", "legal_basis": "y"}
    url = f"{demo.consent}/declarations"
    assert http.post(url, json=body).status_code == 401
    resident = {"Authorization": f"Bearer {demo.token('resident')}"}
    assert http.post(url, json=body, headers=resident).status_code == 403


def test_a_declaration_is_opened_and_closed(demo: Demo, http: httpx2.Client) -> None:
    officer = {"Authorization": f"Bearer {demo.token('officer')}"}
    url = f"{demo.consent}/declarations"
    unknown = {"areas": ["999999"], "authority": "石川県", "legal_basis": "災害救助法"}
    assert http.post(url, json=unknown, headers=officer).status_code == 422
    body = {"areas": ["172031"], "authority": "石川県", "legal_basis": "災害救助法"}
    made = http.post(url, json=body, headers=officer)
    assert made.status_code == 201
    closed = http.post(f"{url}/{made.json()['id']}/close", headers=officer)
    assert closed.status_code == 200
    assert closed.json()["closed_at"]


def test_the_audit_log_is_whole(demo: Demo) -> None:
    verified = demo.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "noto" in verified.stdout
    assert "whole" in verified.stdout


def test_doctor_finds_nothing_wrong() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tasuki.deploy.cli", "doctor"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
