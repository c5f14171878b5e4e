"""One region on a real database, with stub neighbours: a locator and other regions."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response

from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.rulings import Caller, Ruling
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.writing import version_of
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    import httpx2

    from tasuki.shared.access.dpop import Shown
    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask
    from tasuki.shared.clock import FixedClock
    from tasuki.shared.rest.service import FhirService
    from tasuki.shared.store.store import SealedStore
    from tasuki.shared.web.session import Web

BASE = "https://desk.test/ehr/noto"
FHIR = f"{BASE}/fhir"
MEMBER_SYSTEM = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
MEMBER = "00012345:あいう:187:05"
CHART_SYSTEM = "urn:oid:1.2.392.100495.20.3.51.11710000001"
KANA = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
UNINFORMED = {
    "tag": [
        {
            "system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication",
            "code": "UNINFORMED",
        }
    ]
}

Body = dict[str, Any]


def patient(id_: str, **more: object) -> Body:
    """Return 能登 花子, or somebody else where `more` says so."""
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [
            {"system": MEMBER_SYSTEM, "value": MEMBER},
            {"system": CHART_SYSTEM, "value": f"chart-{id_}"},
        ],
        "name": [
            {"extension": [_representation("IDE")], "family": "能登", "given": ["花子"]},
            {"extension": [_representation("SYL")], "family": "ノト", "given": ["ハナコ"]},
        ],
        "gender": "female",
        "birthDate": "1938-04-05",
        **more,
    }


def named(kanji: str, kana: str) -> list[Body]:
    """Return `Patient.name` of two parts each, family name first."""
    return [
        {
            "extension": [_representation(kind)],
            "family": text.split()[0],
            "given": text.split()[1:],
        }
        for kind, text in (("IDE", kanji), ("SYL", kana))
    ]


def _representation(code: str) -> Body:
    return {"url": KANA, "valueCode": code}


def allergy(id_: str, of: str, text: str) -> Body:
    """Return an allergy by name."""
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "id": id_,
        "patient": {"reference": f"Patient/{of}"},
        "code": {"text": text},
        "recordedDate": "2025-12-01",
    }


def condition(id_: str, of: str, text: str, **more: object) -> Body:
    """Return an active condition by name."""
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": f"Patient/{of}"},
        "clinicalStatus": {"coding": [{"system": system, "code": "active"}]},
        "code": {"text": text},
        "recordedDate": "2025-11-01",
        **more,
    }


def prescription(id_: str, of: str, drug: Body, days: int = 28) -> Body:
    """Return a prescription from 2026-01-01; `drug` is medication[x]."""
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "completed",
        "intent": "order",
        "subject": {"reference": f"Patient/{of}"},
        **drug,
        "authoredOn": "2026-01-01",
        "dispenseRequest": {
            "expectedSupplyDuration": {
                "value": days,
                "unit": "日",
                "system": "http://unitsofmeasure.org",
                "code": "d",
            }
        },
    }


def laboratory(id_: str, of: str, name: str, value: float) -> Body:
    """Return a laboratory result."""
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [{"coding": [{"system": system, "code": "laboratory"}]}],
        "code": {"text": name},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": "2025-12-20",
        "valueQuantity": {"value": value, "unit": "mg/dL"},
    }


def principal(clock: FixedClock, role: Role = Role.CLINICIAN) -> Principal:
    """Return a clinician of the region."""
    return Principal(
        subject="doctor",
        role=role,
        client_id="viewer-noto",
        scopes=parse_scopes("user/*.rs"),
        purpose="TREAT",
        patient=None,
        organization="Organization/1",
        region="noto",
        token_id="t",
        issuer="https://desk.test/auth",
        actor=(),
        expires_at=clock.now() + timedelta(hours=1),
        display="能登 医師",
    )


@dataclass
class Rules:
    """A decider that permits, but for what a test writes into it, by patient id."""

    rulings: dict[str, Ruling] = field(default_factory=dict)
    feed: str | None = None

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        del unit
        return self.rulings.get(ask.owner, Ruling.permit("policy/test"))


@dataclass
class Tokens:
    """Gives tokens that say what they are for; refuses a service any purpose but its own."""

    exchanged: list[tuple[str, str, str]] = field(default_factory=list)

    async def client_credentials(self, scope: str, audience: str, purpose: str) -> str:
        if purpose not in {"HOPERAT", "HSYSADMIN", "PUBHLTH"}:
            raise Fault(Category.FORBIDDEN, "refused")
        return f"{scope} {audience}"

    async def exchange(self, subject_token: str, audience: str, scope: str) -> str:
        if not subject_token:
            raise Fault(Category.FORBIDDEN, "refused")
        self.exchanged.append((subject_token, audience, scope))
        return f"for-{audience.rsplit('/', 2)[-2]}"


@dataclass
class Outside:
    """What `Elsewhere` reaches others by."""

    http: httpx2.AsyncClient
    tokens: Tokens


class Verifier:
    """Knows one token."""

    def __init__(self, who: Principal) -> None:
        self.who = who

    async def verify(self, token: str) -> Principal:
        if token != "doctor-token":
            raise Fault(Category.UNAUTHENTICATED, "no")
        return self.who

    async def verify_over_tls(self, token: str, certificate: str) -> Principal:
        """See `tasuki.shared.access.issuers.Verifier`."""
        del certificate
        return await self.verify(token)

    async def verify_bound(self, token: str, shown: Shown) -> Principal:
        del token, shown
        raise Fault(Category.UNAUTHENTICATED, "no")


@dataclass
class Neighbourhood:
    """The locator and the other regions, as the tests want them.

    Attributes:
        handles: (region, handle) the locator knows for everybody.
        answers: Region to what it answers: a status, a body, or seconds of silence.
    """

    handles: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, int | Body | float] = field(default_factory=dict)
    locator_status: int = 200
    asked: list[str] = field(default_factory=list)
    overrides: list[str | None] = field(default_factory=list)

    def app(self) -> FastAPI:
        """Return them as one app."""
        app = FastAPI()

        @app.post("/locator/fhir/$locate")
        async def locate(request: Request) -> Response:
            assert (await request.json())["parameter"]
            holders = [
                {
                    "name": "holder",
                    "part": [
                        {"name": "region", "valueCode": region},
                        {"name": "handle", "valueId": handle},
                    ],
                }
                for region, handle in self.handles
            ]
            body = {"resourceType": "Parameters", "parameter": holders}
            return Response(json.dumps(body), self.locator_status)

        @app.get("/ehr/{region}/fhir/Patient/{handle}/$everything")
        async def everything(region: str, handle: str, request: Request) -> Response:
            assert request.headers["authorization"] == f"Bearer for-{region}"
            self.asked.append(f"{region}/{handle}")
            self.overrides.append(request.headers.get("x-emergency-override"))
            answer = self.answers[region]
            if isinstance(answer, float):
                await asyncio.sleep(answer)
                return Response("{}")
            if isinstance(answer, int):
                return Response("{}", answer)
            return Response(json.dumps(answer), media_type="application/fhir+json")

        return app


def everything(*resources: Body, notes: tuple[str, ...] = ()) -> Body:
    """Return a `$everything` answer with notes on what it lacks."""
    outcomes = [
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "warning", "code": "incomplete", "diagnostics": note}],
        }
        for note in notes
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in (*resources, *outcomes)],
    }


@dataclass
class World:
    """A region, its neighbours, and a browser that is signed in."""

    service: FhirService
    store: SealedStore
    rules: Rules
    tokens: Tokens
    around: Neighbourhood
    clock: FixedClock
    http: httpx2.AsyncClient
    csrf: str
    web: Web
    app: FastAPI

    async def keep(self, *resources: Body, owner: str = "") -> None:
        """Store resources of a patient; of nobody without an owner."""
        async with self.store.unit() as unit:
            await unit.write(
                [version_of(one, one["id"], owner, None, at=self.clock.now()) for one in resources]
            )

    @property
    def caller(self) -> Caller:
        """The signed-in clinician."""
        return Caller(principal(self.clock), "request-1", token="doctor-token")

    async def fhir(self, path: str) -> httpx2.Response:
        """Get a FHIR path as the clinician."""
        return await self.http.get(
            f"{FHIR}/{path}", headers={"Authorization": "Bearer doctor-token"}
        )

    async def find(self, **fields: str) -> str:
        """Post the search form; return the page."""
        answer = await self.http.post(f"{BASE}/", data={"csrf": self.csrf, **fields})
        return answer.text

    async def leaves(self, owner: str) -> list[Body]:
        """Return the audit events about a patient, newest first."""
        async with self.store.unit() as unit:
            return [json.loads(event) for event in await unit.audit_events([owner], 50)]
