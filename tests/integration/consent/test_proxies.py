"""At the consent service: what a person has said, and who looked, is theirs; the law opens the first.

docs/adr/0024-proxies.md
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from tests.integration.consent.world import BASE, ISSUER, KEY, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx2
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

V3 = "http://terminology.hl7.org/CodeSystem"
CONSENT: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"coding": [{"system": f"{V3}/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/p1"},
    "dateTime": "2026-01-10T16:00:00+09:00",
    "performer": [{"type": "RelatedPerson", "display": "輪島 真理（親）"}],
    "policy": [{"uri": "urn:tasuki:policy:everyday"}],
    "provision": {"type": "deny", "purpose": [{"system": f"{V3}/v3-ActReason", "code": "TREAT"}]},
}
QUESTION = {"purpose": "TREAT", "role": "clinician", "holder_region": "noto"}
ALL = "patient/*.cruds"
BY_LAW = "patient/Patient.rs patient/Consent.crus"


@pytest.fixture
async def said(server: Server, tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """A consent service where p1 has said something, and the id of it."""
    async with world(server, tmp_path) as made:
        for person in ("p1", "p2"):
            await made.app.state.persons._keep(person, (secrets.token_hex(32),))
        answer = await ask(made, "POST", "/fhir/Consent", CONSENT, token=token(made))
        assert answer.status_code == 201, answer.text
        yield made, answer.json()["id"]


def token(
    at: World, role: str = "resident", purpose: str = "PATRQT", scope: str = ALL, of: str = "p1"
) -> str:
    now = int(at.clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "sub": f"{role}-1",
        "aud": [f"{BASE}/fhir"],
        "exp": now + 3_600,
        "nbf": now,
        "iat": now,
        "jti": secrets.token_hex(8),
        "client_id": f"{role}-client",
        "scope": scope,
        "purpose": purpose,
        "role": role,
        "patient": f"Patient/{of}",
    }
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, claims, KEY)


async def ask(
    at: World, method: str, path: str, body: object = None, *, token: str
) -> httpx2.Response:
    kind = "application/fhir+json" if path.startswith("/fhir") else "application/json"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    return await at.http.request(method, f"/consent{path}", json=body, headers=headers)


OTHERS = [
    ("proxy", "FAMRQT", ALL),
    ("proxy", "SUPNWK", ALL),
    ("proxy", "FAMRQT", BY_LAW),
    ("proxy", "PWATRNY", "patient/Patient.rs patient/Observation.rs"),
    ("clinician", "TREAT", "patient/*.cruds user/*.cruds"),
]


@pytest.mark.parametrize(("role", "purpose", "scope"), OTHERS)
async def test_nobody_else_learns_or_changes_what_a_person_said(
    said: tuple[World, str], role: str, purpose: str, scope: str
) -> None:
    at, id_ = said
    bearer = token(at, role, purpose, scope)
    for method, path, body in (
        ("GET", f"/fhir/Consent/{id_}", None),
        ("GET", f"/fhir/Consent/{id_}/_history", None),
        ("GET", "/fhir/Consent?patient=Patient/p1", None),
        ("POST", "/fhir/Consent", CONSENT),
        ("PUT", f"/fhir/Consent/{id_}", {**CONSENT, "id": id_, "status": "inactive"}),
        ("DELETE", f"/fhir/Consent/{id_}", None),
        ("POST", "/decide", QUESTION),
        ("GET", "/fhir/AuditEvent?patient=Patient/p1", None),
        ("GET", "/overrides/about-me", None),
    ):
        answer = await ask(at, method, path, body, token=bearer)
        empty = answer.status_code == 200 and not answer.json().get("entry")
        assert answer.status_code in (403, 404, 405) or empty, (path, answer.text)
        assert "TREAT" not in answer.text
    own = await ask(at, "GET", f"/fhir/Consent/{id_}", token=token(at))
    assert own.json()["meta"]["versionId"] == "1"


async def test_who_represents_by_law_says_it_for_them(said: tuple[World, str]) -> None:
    at, id_ = said
    bearer = token(at, "proxy", "PWATRNY", BY_LAW)
    assert (await ask(at, "GET", f"/fhir/Consent/{id_}", token=bearer)).status_code == 200
    listed = await ask(at, "GET", "/fhir/Consent?patient=Patient/p1", token=bearer)
    assert listed.json()["total"] == 1
    assert (await ask(at, "POST", "/fhir/Consent", CONSENT, token=bearer)).status_code == 201
    ended = {**CONSENT, "id": id_, "status": "inactive"}
    assert (await ask(at, "PUT", f"/fhir/Consent/{id_}", ended, token=bearer)).status_code == 200
    assert (await ask(at, "POST", "/decide", QUESTION, token=bearer)).status_code == 200
    gone = await ask(at, "DELETE", f"/fhir/Consent/{id_}", token=bearer)
    assert gone.status_code in (403, 404, 405)


@pytest.mark.parametrize("path", ["/fhir/AuditEvent?patient=Patient/p1", "/overrides/about-me"])
@pytest.mark.parametrize("scope", [BY_LAW, ALL])
async def test_who_looked_is_told_to_the_person_alone(
    said: tuple[World, str], path: str, scope: str
) -> None:
    """Among those who looked are the other proxies."""
    at, _ = said
    assert (await ask(at, "GET", path, token=token(at))).status_code == 200
    answer = await ask(at, "GET", path, token=token(at, "proxy", "PWATRNY", scope))
    assert answer.status_code == 403


async def test_and_for_nobody_else(said: tuple[World, str]) -> None:
    at, id_ = said
    bearer = token(at, "proxy", "PWATRNY", BY_LAW, of="p2")
    assert (await ask(at, "GET", f"/fhir/Consent/{id_}", token=bearer)).status_code == 404
    assert (await ask(at, "POST", "/fhir/Consent", CONSENT, token=bearer)).status_code == 403
    changed = {**CONSENT, "id": id_, "status": "inactive"}
    assert (await ask(at, "PUT", f"/fhir/Consent/{id_}", changed, token=bearer)).status_code == 403
