"""Holes that a review once found in the running whole; each stays closed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tasuki.consent.feed_routes import PAGE
from tasuki.deploy.seeding import consent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Demo

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30.0, trust_env=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}


def test_raw_rejected_records_are_for_the_hospital_alone(demo: Demo, http: httpx2.Client) -> None:
    for role, base in (
        ("resident", demo.phr),
        ("clinician", demo.ehr("noto")),
        ("clinician", demo.ehr("kaga")),
    ):
        answer = http.get(f"{base}/$quarantine", headers=bearer(demo.token(role)))
        assert answer.status_code in (403, 404), (role, base)
        assert "valueBase64Binary" not in answer.text
    hospital = bearer(demo.token("hospital"))
    assert http.get(f"{demo.ehr('noto')}/$quarantine", headers=hospital).status_code == 200
    assert http.get(f"{demo.ehr('kaga')}/$quarantine", headers=hospital).status_code == 401


def test_who_looked_is_told_to_services_only(demo: Demo, http: httpx2.Client) -> None:
    for role, base in (
        ("resident", demo.phr),
        ("clinician", demo.ehr("noto")),
        ("hospital", demo.ehr("noto")),
    ):
        answer = http.get(
            f"{base}/$disclosures",
            params={"token": "00" * 16},
            headers=bearer(demo.token(role)),
        )
        assert answer.status_code == 403, (role, base)


@pytest.mark.parametrize(
    "body",
    [
        '{"areas":["172031"],"authority":"a","authority":"b","legal_basis":"c"}',
        '{"areas":["172031"],"authority":"a","legal_basis":"c","drill":true,"drill":false}',
        '{"areas":["172031"],"authority":"a\\u0000","legal_basis":"c"}',
        "[]",
        "{",
    ],
)
def test_a_declaration_is_read_strictly(demo: Demo, http: httpx2.Client, body: str) -> None:
    answer = http.post(
        f"{demo.consent}/declarations", content=body, headers=bearer(demo.token("officer"))
    )
    assert answer.status_code == 400, answer.text


def test_a_resident_s_writes_do_not_tell_absent_from_foreign(
    demo: Demo, http: httpx2.Client
) -> None:
    registrar = demo.service_token("registrar", "system/*.cruds", demo.phr)
    foreign = next(
        entry["resource"]["id"]
        for entry in http.get(f"{demo.phr}/Observation", headers=bearer(registrar)).json()["entry"]
        if entry["resource"]["subject"]["reference"] != _own(demo, http)
    )
    resident = bearer(demo.token("resident"))

    def observation(id_: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "id": id_,
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": _own(demo, http)},
        }

    answers = [
        (
            http.put(
                f"{demo.phr}/Observation/{id_}",
                content=json.dumps(observation(id_)),
                headers=resident,
            ),
            http.delete(f"{demo.phr}/Observation/{id_}", headers=resident),
            http.post(
                f"{demo.phr}/",
                content=json.dumps(_transaction(observation(id_), derived_from=id_)),
                headers=resident,
            ),
        )
        for id_ in (foreign, ABSENT)
    ]
    for of_foreign, of_absent in zip(*answers, strict=True):
        assert of_foreign.status_code == of_absent.status_code >= 400
        assert of_foreign.content == of_absent.content


def test_errors_of_a_bare_base_are_fhir_too(demo: Demo, http: httpx2.Client) -> None:
    for base in (demo.phr, demo.ehr("noto")):
        answer = http.post(base, content="{}", headers={"Content-Type": "application/fhir+json"})
        assert answer.status_code == 401
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_search_for_a_thousand_texts_is_refused_at_once(demo: Demo, http: httpx2.Client) -> None:
    many = ",".join(f"ア{number}" for number in range(1_000))
    began = time.monotonic()
    answer = http.post(
        f"{demo.ehr('noto')}/MedicationRequest/_search",
        data={"code:text": many},
        headers={"Authorization": f"Bearer {demo.token('clinician')}"},
    )
    assert answer.status_code == 422
    assert time.monotonic() - began < 5


def test_consents_of_nobody_known_do_not_stop_the_feed(demo: Demo, http: httpx2.Client) -> None:
    """Once a page full of them ended the feed for ever, and later refusals bound nobody."""
    registrar = bearer(demo.service_token("registrar", "system/*.cruds", demo.phr))
    nobody = http.post(
        f"{demo.phr}/Patient",
        content='{"resourceType":"Patient","name":[{"text":"無名 某"}],"birthDate":"1950-01-01"}',
        headers=registrar,
    )
    assert nobody.status_code == 201, nobody.text
    base = f"{demo.consent}/fhir"
    at_consent = bearer(demo.service_token("registrar", "system/*.cruds", base))
    wish = consent(
        f"Patient/{nobody.json()['id']}",
        "2026-01-01T00:00:00Z",
        decision="deny",
        purposes=[{"system": ACT_REASON, "code": "TREAT"}],
        policy="urn:tasuki:policy:everyday",
    )
    follower = bearer(demo.service_token("shelter", "tasuki/feed", base))

    def page(since: int) -> dict[str, Any]:
        answer = http.get(f"{base}/$feed", params={"since": since}, headers=follower)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    start = page(0)["reached"]
    for _ in range(PAGE + 5):
        made = http.post(f"{base}/Consent", content=json.dumps(wish), headers=at_consent)
        assert made.status_code == 201, made.text
    time.sleep(1)
    full = page(start)
    assert full["entries"] == []
    assert full["next"] == full["reached"] > start
    assert page(full["reached"])["next"] is None


def test_a_binary_says_whose_it_is(demo: Demo, http: httpx2.Client) -> None:
    answer = http.post(
        f"{demo.ehr('noto')}/Binary",
        content='{"resourceType":"Binary","contentType":"text/plain","data":"aGk="}',
        headers=bearer(demo.token("hospital")),
    )
    assert answer.status_code == 422
    assert "securityContext" in answer.text


def _transaction(resource: dict[str, Any], *, derived_from: str) -> dict[str, Any]:
    posted = {key: value for key, value in resource.items() if key != "id"}
    posted["derivedFrom"] = [{"reference": f"Observation/{derived_from}"}]
    entry = {"resource": posted, "request": {"method": "POST", "url": "Observation"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


def _own(demo: Demo, http: httpx2.Client) -> str:
    found = http.get(f"{demo.phr}/Patient", headers=bearer(demo.token("resident"))).json()
    return f"Patient/{found['entry'][0]['resource']['id']}"
