"""What an EHR does before it launches an app: its user signs in, a patient is open, a handle is asked for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from tasuki.auth.provisioning import ClientRegistration, register_client
from tasuki.deploy.auditing import opened_house
from tasuki.deploy.composing import auth_means
from tasuki.deploy.folder import DataFolder
from tasuki.shared.access.client import ASSERTION_TYPE, ServiceCredentials, client_assertion
from tasuki.shared.clock import SystemClock
from tasuki.shared.engines import engine_for
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from tests.conftest import Demo

APP = "smart-app"
EHR = "viewer-noto"
REGISTERED = (
    "launch launch/patient launch/encounter openid fhirUser offline_access"
    " patient/*.rs user/Practitioner.r"
)
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


async def registered(demo: Demo, redirect_uri: str) -> None:
    """Register the app, as an operator does: public, for both launches."""
    async with opened_house(DataFolder(demo.folder)) as house:
        engine = engine_for(house.postgres.url(house.database("auth")))
        registration = ClientRegistration(
            client_id=APP,
            name="SMART app of others",
            jwks=None,
            redirect_uris=(redirect_uri,),
            grant_types=("authorization_code", "refresh_token"),
            scopes=REGISTERED,
            audiences=(demo.ehr("noto"), demo.phr),
            purpose=None,
            role=None,
            region=None,
            organization=None,
            public=True,
        )
        async with engine.begin() as connection:
            await register_client(connection, auth_means(house), registration)
        await engine.dispose()


def somebody(demo: Demo) -> str:
    """The reference of 能登 花子 in the region's records."""
    query = {"name": "ノトハナコ", "birthdate": "1938-04-05"}
    found = _asked(demo, "GET", f"Patient?{urlencode(query)}")
    return f"Patient/{found['entry'][0]['resource']['id']}"


def encounter_of(demo: Demo, patient: str) -> str:
    """The reference of a visit that has just begun."""
    made = _asked(
        demo,
        "POST",
        "Encounter",
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": patient},
        },
    )
    return f"Encounter/{made['id']}"


def launched(demo: Demo, **told: str) -> str:
    """A handle for the app, asked for by the region's viewer for its own clinician."""
    with httpx2.Client(trust_env=False) as http:
        form = {"subject_token": _signed_in(demo, http), "app": APP, **told, **_proof(demo)}
        answer = http.post(f"{demo.base}/auth/launch", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["launch"])


def _signed_in(demo: Demo, http: httpx2.Client) -> str:
    verifier, redirect = secrets.token_urlsafe(48), f"{demo.base}/ehr/noto/callback"
    digest = hashlib.sha256(verifier.encode()).digest()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": EHR,
            "redirect_uri": redirect,
            "scope": "openid user/*.rs",
            "state": "s",
            "aud": demo.ehr("noto"),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "purpose": "TREAT",
        }
    )
    url = f"{demo.base}/auth/authorize?{query}"
    csrf = _CSRF.search(http.get(url).text)
    assert csrf is not None
    account = demo.account("clinician")
    typed = {
        "csrf": unescape(csrf.group(1)),
        "username": account["username"],
        "password": account["password"],
        "code": demo.fresh_code("clinician"),
    }
    back = parse_qs(urlsplit(http.post(url, data=typed).headers["location"]).query)
    form = {
        "grant_type": "authorization_code",
        "code": back["code"][0],
        "redirect_uri": redirect,
        "code_verifier": verifier,
        **_proof(demo),
    }
    answer = http.post(f"{demo.base}/auth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def _proof(demo: Demo) -> dict[str, str]:
    key = json.loads((demo.folder / "keys" / f"client-{EHR}.json").read_text())
    credentials = ServiceCredentials(EHR, key, f"{demo.base}/auth/token")
    assertion = client_assertion(credentials, clock=SystemClock(), ids=RandomIds())
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def _asked(demo: Demo, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {
        "Authorization": f"Bearer {demo.token('hospital')}",
        "Content-Type": "application/fhir+json",
    }
    url = f"{demo.ehr('noto')}/{path}"
    with httpx2.Client(trust_env=False) as http:
        answer = http.request(method, url, headers=headers, json=body)
    assert answer.is_success, answer.text
    return answer.json()
