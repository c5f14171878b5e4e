"""The neighbours of a shelter service under test: an issuer, two holders and a consent service.

The holders are scripted by the test: `Region.people` is what they say, `touch` what their feed tells.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse, Response

from tasuki.consent.declarations import Declaration
from tasuki.consent.signing import sign_declaration, write_signed
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole

NURSE = "nurse-1"
WAJIMA, KANAZAWA = "172049", "172014"

Json = dict[str, Any]


@dataclass
class Region:
    """One scripted holder: what it says of each person, and its feed."""

    people: dict[str, list[Json]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    changes: list[Json] = field(default_factory=list)
    epoch: str = "e1"
    down: bool = False

    def put(self, owner: str, resources: list[Json], *tokens: str) -> None:
        """Say something new of a person."""
        self.people[owner] = resources
        self.tokens[owner] = tokens
        for resource in resources:
            self.touch(owner, str(resource["resourceType"]))

    def remove(self, owner: str) -> None:
        """Have nobody of that id any more."""
        del self.people[owner]
        self.touch(owner, "Patient", deleted=True)

    def touch(self, owner: str, type_: str = "Patient", *, deleted: bool = False) -> None:
        """Put a line into the feed."""
        self.changes.append(
            {
                "seq": len(self.changes) + 1,
                "type": type_,
                "id": owner if type_ == "Patient" else f"{owner}-{len(self.changes)}",
                "owner": owner,
                "version": 1,
                "deleted": deleted,
                "tokens": list(self.tokens.get(owner, ())) if type_ == "Patient" else [],
            }
        )

    def page(self, since: int, count: int) -> Json:
        """Return a page of the feed."""
        lines = [line for line in self.changes if line["seq"] > since][:count]
        reached = lines[-1]["seq"] if len(lines) == count else len(self.changes)
        return {"epoch": self.epoch, "next": reached, "changes": lines}

    def everything(self, owner: str) -> Response:
        """Return the `$everything` answer."""
        if owner in self.statuses:
            return Response(status_code=self.statuses[owner])
        if owner not in self.people:
            return Response(status_code=404)
        entries: list[Json] = [{"resource": each} for each in self.people[owner]]
        for note in self.notes.get(owner, ()):
            issue = {"severity": "warning", "code": "incomplete", "diagnostics": note}
            entries.append({"resource": {"resourceType": "OperationOutcome", "issue": [issue]}})
        return JSONResponse({"resourceType": "Bundle", "type": "searchset", "entry": entries})


class Stubs:
    """The neighbours of the shelter service."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.key = ECKey.generate_key("P-256", parameters={"kid": "k1", "use": "sig"})
        self.regions = {"noto": Region(), "kaga": Region()}
        self.feed: list[Json] = []
        self.codes: dict[str, Json] = {}
        self.issuer_down = False
        self.role = "nurse"
        self.app = FastAPI()
        self._routes()

    @property
    def issuer(self) -> str:
        return f"{self.base}/auth"

    def declare(
        self,
        *,
        drill: bool = False,
        areas: tuple[str, ...] = (WAJIMA,),
        key: ECKey | None = None,
    ) -> None:
        """Open a declaration, signed with the consent service's key unless another is given."""
        now = datetime.now(UTC)  # noqa: TID251 - the app under test runs on the real clock
        declaration = Declaration(
            id=f"d{len(self.feed)}",
            version=1,
            areas=frozenset(areas),
            start=now - timedelta(hours=1),
            end=now + timedelta(days=1),
            roles=frozenset({ActorRole.NURSE, ActorRole.CLINICIAN}),
            classes=EMERGENCY_CLASSES,
            authority="Ishikawa",
            legal_basis="Disaster Relief Act",
            drill=drill,
            opened_by="officer-1",
            recorded_at=now - timedelta(hours=1),
        )
        signed = sign_declaration(declaration, key or self.key, f"{self.base}/consent/fhir")
        self._say("declaration", (), write_signed(declaration, signed))

    def consent(self, id_: str, tokens: tuple[str, ...], provision: Json) -> None:
        """Let a resident say something about the emergency profile."""
        body = {
            "resourceType": "Consent",
            "id": id_,
            "meta": {"versionId": str(len(self.feed) + 1)},
            "status": "active",
            "scope": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                        "code": "patient-privacy",
                    }
                ]
            },
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": "Patient/any"},
            "dateTime": f"2026-01-{len(self.feed) + 1:02d}",
            "policy": [{"uri": "urn:tasuki:policy:emergency"}],
            "provision": provision,
        }
        self._say("consent", tokens, body)

    def token(self, audience: str, **claims: object) -> str:
        """Return an access token."""
        now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - as above
        given = {
            "iss": self.issuer,
            "sub": NURSE,
            "aud": [audience],
            "exp": now + 300,
            "nbf": now,
            "iat": now,
            "jti": secrets.token_hex(8),
            "client_id": "shelter-desk",
            "scope": "openid tasuki/desk tasuki/match tasuki/profile",
            "purpose": "DISASTER",
            "role": self.role,
            "display": "当番 看護師",
            **claims,
        }
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}, given, self.key)

    def _say(self, kind: str, tokens: tuple[str, ...], body: Json) -> None:
        entry = {"seq": len(self.feed) + 1, "kind": kind, "person": list(tokens), "body": body}
        self.feed.append(entry)

    def _routes(self) -> None:
        for path, answer, method in (
            ("/auth/jwks", self._jwks, "GET"),
            ("/auth/authorize", self._authorize, "GET"),
            ("/auth/token", self._token, "POST"),
            ("/{region}/fhir/$changes", self._changes, "GET"),
            ("/{region}/fhir/Patient/{owner}/$everything", self._everything, "GET"),
            ("/consent/fhir/$feed", self._feed, "GET"),
            ("/consent/fhir/.well-known/declaration-keys", self._jwks, "GET"),
        ):
            self.app.add_api_route(path, answer, methods=[method])

    async def _jwks(self) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_hex(8)
        self.codes[code] = asked
        where = f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.issuer}"
        return Response(status_code=302, headers={"Location": where})

    async def _token(self, request: Request) -> Response:
        if self.issuer_down:
            return Response(status_code=503)
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        return JSONResponse(self._granted(form))

    async def _changes(self, region: str, since: int, count: int) -> Response:
        held = self.regions[region]
        return Response(status_code=503) if held.down else JSONResponse(held.page(since, count))

    async def _everything(self, region: str, owner: str) -> Response:
        return self.regions[region].everything(owner)

    async def _feed(self, since: int) -> Response:
        entries = [entry for entry in self.feed if entry["seq"] > since]
        reached = max((entry["seq"] for entry in self.feed), default=0)
        page = {"epoch": "c1", "entries": entries, "reached": max(since, reached), "next": None}
        return JSONResponse(page)

    def _granted(self, form: dict[str, str]) -> Json:
        lifetime = {"token_type": "Bearer", "expires_in": 300}
        if form["grant_type"] == "client_credentials":
            backend = {
                "sub": "shelter",
                "client_id": "shelter",
                "role": "service",
                "purpose": "HOPERAT",
            }
            token = self.token(form["resource"], **backend, scope=form["scope"])
            return {"access_token": token, **lifetime}
        asked = self.codes.pop(form["code"])
        now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - as above
        claims = {
            "iss": self.issuer,
            "sub": NURSE,
            "aud": asked["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        }
        return {
            "access_token": self.token(asked["resource"]),
            "id_token": jwt.encode({"alg": "ES256", "kid": "k1"}, claims, self.key),
            "refresh_token": "r1",
            **lifetime,
        }
