"""An emergency override through every real door: across regions, told, ended, and the log is whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Demo

pytestmark = pytest.mark.timeout(300)

ELSEWHERE = "ランタス"  # in the records of the other region only
NAME = "X-Emergency-Override"


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30.0, trust_env=False) as client:
        yield client


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def patient(demo: Demo, http: httpx2.Client) -> str:
    """Return 能登 花子's id in Noto."""
    found = http.get(
        f"{demo.ehr('noto')}/Patient",
        params={"name": "能登 花子", "birthdate": "1938-04-05"},
        headers=bearer(demo.token("clinician")),
    ).json()
    return str(found["entry"][0]["resource"]["id"])


@pytest.fixture
def unshared(demo: Demo, http: httpx2.Client) -> Iterator[None]:
    """She shares with no other region meanwhile."""
    token = demo.token("resident")
    base = f"{demo.consent}/fhir/Consent"
    entries = http.get(base, headers=bearer(token)).json()["entry"]
    shared = [
        one["resource"]
        for one in entries
        if one["resource"]["status"] == "active"
        and one["resource"]["provision"]["type"] == "permit"
    ]
    for consent in shared:
        told = {**consent, "status": "inactive"}
        answer = http.put(f"{base}/{consent['id']}", json=told, headers=bearer(token))
        assert answer.status_code == 200, answer.text
    yield
    for consent in shared:
        answer = http.put(f"{base}/{consent['id']}", json=consent, headers=bearer(token))
        assert answer.status_code == 200, answer.text


def until(holds: Callable[[], bool]) -> bool:
    """Wait for a change to come by the feed."""
    ends = time.monotonic() + 15
    while not holds() and time.monotonic() < ends:
        time.sleep(0.1)
    return holds()


@pytest.mark.usefixtures("unshared")
def test_across_regions_told_and_ended(demo: Demo, http: httpx2.Client) -> None:
    doctor, resident = demo.token("clinician"), demo.token("resident")
    id_ = patient(demo, http)

    def summary(**under: str) -> str:
        answer = http.get(
            f"{demo.ehr('noto')}/Patient/{id_}/$summary", headers=bearer(doctor, **under)
        )
        return answer.text if answer.status_code == 200 else ""

    def mine() -> dict[str, Any]:
        url = f"{demo.consent}/overrides/about-me"
        told = http.get(url, headers=bearer(resident)).json()["overrides"]
        return next((one for one in told if one["text"] == "e2e"), {})

    assert until(lambda: ELSEWHERE not in summary())
    draft = {"holder": "noto", "patient": id_, "reason": "life", "text": "e2e"}
    made = http.post(f"{demo.consent}/overrides", json=draft, headers=bearer(doctor))
    assert made.status_code == 201, made.text
    override = str(made.json()["id"])
    assert mine()["state"] == "open"
    under = {NAME: override}
    assert until(lambda: ELSEWHERE in summary(**under))
    assert ELSEWHERE not in summary()  # not named, not used
    for url in (
        f"{demo.ehr('noto')}/Condition?code=x",
        f"{demo.ehr('kaga')}/_history",
        f"{demo.ehr('noto')}/$export",
        f"{demo.ehr('noto')}/Patient?name=%E8%83%BD%E7%99%BB%20%E8%8A%B1%E5%AD%90&birthdate=1938-04-05",
    ):
        headers = bearer(doctor, Prefer="respond-async", **under)
        assert http.get(url, headers=headers).status_code == 403, url
    other = http.get(
        f"{demo.ehr('noto')}/Patient",
        params={"name": "中村 和子", "birthdate": "1943-03-03"},
        headers=bearer(doctor),
    ).json()["entry"][0]["resource"]["id"]
    answer = http.get(f"{demo.ehr('noto')}/Patient/{other}", headers=bearer(doctor, **under))
    assert answer.status_code == 403
    stopped = http.post(f"{demo.consent}/overrides/{override}/stop", headers=bearer(doctor))
    assert stopped.status_code == 200
    assert until(lambda: not summary(**under))
    assert mine()["state"] == "pending"

    looked = http.get(
        f"{demo.consent}/fhir/AuditEvent",
        params={"patient": _own(demo, http)},
        headers=bearer(resident),
    ).json()
    used = [
        one["resource"]
        for one in looked["entry"]
        if f"override/{override}" in str(one["resource"].get("agent"))
    ]
    places = {one["source"]["site"] for one in used if one["outcome"] == "0"}
    assert {"noto", "kaga", "consent"} <= places
    purposes = {one["purposeOfEvent"][0]["coding"][0]["code"] for one in used}
    assert purposes == {"BTG"}
    codes = {code["code"] for one in used for code in one["subtype"]}
    assert {"110127", "110138"} <= codes


def _own(demo: Demo, http: httpx2.Client) -> str:
    token = demo.token("resident")
    found = http.get(f"{demo.phr}/Patient", headers=bearer(token)).json()
    return f"Patient/{found['entry'][0]['resource']['id']}"


def test_the_log_is_whole_after_it(demo: Demo) -> None:
    done = demo.command("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
