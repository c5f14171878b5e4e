"""The main job, end to end over FHIR: what one door writes, another sees, if the person wishes so."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tasuki.deploy.seeding import consent
from tasuki.shared.clinical.ips.check import check_ips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Demo

HANAKO = {"family": "ﾉﾄ", "given": ["ﾊﾅｺ"]}
BORN = "1938-04-05"
SECONDS = 10.0
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30.0, trust_env=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < until, "it did not become true in time"
        time.sleep(0.1)


def matched(demo: Demo, http: httpx2.Client) -> str:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "resource",
                "resource": {"resourceType": "Patient", "name": [HANAKO], "birthDate": BORN},
            }
        ],
    }
    answer = http.post(
        f"{demo.shelter}/fhir/Patient/$match", json=body, headers=bearer(demo.token("nurse"))
    )
    assert answer.status_code == 200, answer.text
    patients = [
        entry["resource"]
        for entry in answer.json()["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    assert len(patients) == 1
    return str(patients[0]["id"])


@pytest.fixture
def found(demo: Demo, http: httpx2.Client) -> str:
    """Searched once a test: the desk's budget is thirty searches a minute."""
    return matched(demo, http)


def profile(demo: Demo, http: httpx2.Client, found: str) -> httpx2.Response:
    return http.get(
        f"{demo.shelter}/fhir/Patient/{found}/$emergency-profile",
        headers=bearer(demo.token("nurse")),
    )


def own_patient(demo: Demo, http: httpx2.Client) -> str:
    found = http.get(f"{demo.phr}/Patient", headers=bearer(demo.token("resident"))).json()
    assert found["total"] == 1
    return f"Patient/{found['entry'][0]['resource']['id']}"


def home_patient(demo: Demo, http: httpx2.Client) -> str:
    found = http.get(
        f"{demo.ehr('noto')}/Patient",
        params={"name": "のと はなこ", "birthdate": BORN},
        headers=bearer(demo.token("clinician")),
    ).json()
    assert found["total"] == 1
    return str(found["entry"][0]["resource"]["id"])


def test_a_self_reported_allergy_reaches_the_desk_within_seconds(
    demo: Demo, http: httpx2.Client, found: str
) -> None:
    allergy: dict[str, Any] = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "verificationStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/"
                    "allergyintolerance-verification",
                    "code": "unconfirmed",
                }
            ]
        },
        "code": {"text": "パッションフルーツ"},
        "patient": {"reference": own_patient(demo, http)},
    }
    made = http.post(
        f"{demo.phr}/AllergyIntolerance",
        content=json.dumps(allergy),
        headers=bearer(demo.token("resident")),
    )
    assert made.status_code == 201, made.text
    eventually(lambda: "パッションフルーツ" in profile(demo, http, found).text)


def test_a_blood_pressure_is_written_and_read_back_digit_by_digit(
    demo: Demo, http: httpx2.Client
) -> None:
    body = (
        '{"resourceType":"Observation","status":"final","code":{"coding":[{"system":'
        f'"http://loinc.org","code":"85354-9"}}]}},"subject":{{"reference":"{own_patient(demo, http)}"}},'
        '"effectiveDateTime":"2026-11-20T07:30:00+09:00","component":[{"code":{"coding":'
        '[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":128.50,'
        '"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}'
    )
    headers = bearer(demo.token("resident"))
    made = http.post(f"{demo.phr}/Observation", content=body, headers=headers)
    assert made.status_code == 201, made.text
    read = http.get(f"{demo.phr}/Observation/{made.json()['id']}", headers=headers)
    assert '"value":128.50' in read.text


def test_a_resident_withholds_from_shelters_and_permits_again(
    demo: Demo, http: httpx2.Client, found: str
) -> None:
    assert profile(demo, http, found).status_code == 200
    headers = bearer(demo.token("resident"))
    wish = consent(
        own_patient(demo, http),
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        decision="deny",
        purposes=[{"system": ACT_REASON, "code": code} for code in ("DISASTER", "ETREAT")],
        policy="urn:tasuki:policy:emergency",
    )
    made = http.post(f"{demo.consent}/fhir/Consent", content=json.dumps(wish), headers=headers)
    assert made.status_code == 201, made.text
    try:
        eventually(lambda: profile(demo, http, found).status_code == 403)
    finally:
        ended = {**made.json(), "status": "inactive"}
        withdrawn = http.put(
            f"{demo.consent}/fhir/Consent/{ended['id']}",
            content=json.dumps(ended),
            headers={**headers, "If-Match": 'W/"1"'},
        )
    assert withdrawn.status_code == 200, withdrawn.text
    eventually(lambda: profile(demo, http, found).status_code == 200)


def test_the_resident_sees_who_looked(demo: Demo, http: httpx2.Client, found: str) -> None:
    assert profile(demo, http, found).status_code == 200
    own = own_patient(demo, http)
    answer = http.get(
        f"{demo.consent}/fhir/AuditEvent",
        params={"patient": own},
        headers=bearer(demo.token("resident")),
    )
    assert answer.status_code == 200, answer.text
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    assert [one for one in resources if one["resourceType"] == "OperationOutcome"] == []
    assert "DISASTER" in answer.text
    stranger = http.get(
        f"{demo.consent}/fhir/AuditEvent",
        params={"patient": "Patient/somebody-else"},
        headers=bearer(demo.token("resident")),
    )
    assert stranger.status_code == 403


def test_a_summary_holds_what_the_other_region_holds(demo: Demo, http: httpx2.Client) -> None:
    answer = http.get(
        f"{demo.ehr('noto')}/Patient/{home_patient(demo, http)}/$summary",
        headers=bearer(demo.token("clinician")),
    )
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert check_ips(bundle) == ()
    composition = json.dumps(bundle["entry"][0]["resource"], ensure_ascii=False)
    assert "能登北部医療圏" in composition
    assert "南加賀医療圏" in composition
    medicines = [
        json.dumps(entry["resource"], ensure_ascii=False)
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"].startswith("Medication")
    ]
    assert any("ワルファリン" in one for one in medicines), "noto's anticoagulant"
    assert any("インスリン" in one or "ランタス" in one for one in medicines), "kaga's insulin"


def test_the_heroine_is_found_in_any_script(demo: Demo, http: httpx2.Client) -> None:
    found = {
        http.get(
            f"{demo.ehr('noto')}/Patient",
            params={"name": name, "birthdate": BORN},
            headers=bearer(demo.token("clinician")),
        ).json()["total"]
        for name in ("ﾉﾄ ﾊﾅｺ", "のと はなこ", "ノトハナコ", "能登花子", "能登 花子")
    }
    assert found == {1}


def test_a_follower_that_has_it_all_waits(demo: Demo, http: httpx2.Client) -> None:
    """What is in the consent service but for no follower must not keep the followers spinning."""
    assert http.get(
        f"{demo.consent}/fhir/AuditEvent",
        params={"patient": own_patient(demo, http)},
        headers=bearer(demo.token("resident")),
    ).is_success
    base = f"{demo.consent}/fhir"
    token = demo.service_token("shelter", "tasuki/feed", base)
    headers = {"Authorization": f"Bearer {token}"}

    def page(since: int, wait: float) -> dict[str, Any]:
        answer = http.get(f"{base}/$feed", params={"since": since, "wait": wait}, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = page(0, 0.0)
    assert first["next"] is None
    began = time.monotonic()
    rest = page(first["reached"], 1.0)
    assert time.monotonic() - began > 0.9
    assert rest["entries"] == []
