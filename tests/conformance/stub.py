"""Servers that only look like one: what the suite must not be taken in by."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

# Told for every type; a parameter that is not among them makes a case ask for a refusal.
PARAMETERS = (
    *("identifier", "name", "family", "given", "gender", "birthdate", "active", "address"),
    *("patient", "subject", "code", "date", "category", "status", "value-quantity", "performer"),
    *("encounter", "component-code-value-quantity", "instantiates-uri", "result", "probability"),
    *("organization", "general-practitioner", "medication", "requester", "target", "agent"),
)
STAMP = "2026-01-01T00:00:00.000Z"
TYPES = (
    *("Patient", "Observation", "Condition", "Encounter", "MedicationRequest", "Medication"),
    *("AllergyIntolerance", "Immunization", "Procedure", "DiagnosticReport", "ServiceRequest"),
    *("CarePlan", "Organization", "Practitioner", "PractitionerRole", "Location", "Provenance"),
    *("RelatedPerson", "Coverage", "List", "RiskAssessment"),
)
INTERACTIONS = (
    *("read", "vread", "update", "patch", "delete", "history-instance", "history-type"),
    *("create", "search-type"),
)
OPERATIONS = ("everything", "validate", "lastn", "meta", "meta-add", "meta-delete", "export")


class Empty(BaseHTTPRequestHandler):
    """Answers every GET with an empty Bundle, every other request with success."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""
        del format, args

    def answer(self, status: int, body: dict[str, Any] | None, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def given(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def bundle(self) -> dict[str, Any]:
        link = [{"relation": "self", "url": f"http://{self.headers['Host']}{self.path}"}]
        return {"resourceType": "Bundle", "type": "searchset", "total": 0, "link": link}

    def do_GET(self) -> None:
        self.answer(200, self.bundle())

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.given()
        self.answer(201, self.bundle())

    def do_PUT(self) -> None:
        self.given()
        self.answer(200, self.bundle())

    def do_PATCH(self) -> None:
        self.do_PUT()

    def do_DELETE(self) -> None:
        self.answer(204, None)


class Keeping(Empty):
    """Keeps what is created and reads it back; declares everything, and finds nothing."""

    kept: dict[str, dict[str, Any]]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.strip("/")
        if path == "metadata":
            self.answer(200, statement(f"http://{self.headers['Host']}"))
        elif path in self.kept:
            self.answer(200, self.kept[path], ETag='W/"1"')
        else:
            self.answer(200, self.bundle())

    def do_POST(self) -> None:
        given = self.given()
        type_ = urlsplit(self.path).path.strip("/")
        if type_ not in TYPES:
            self.answer(200, self.bundle())
            return
        id_ = f"s{len(self.kept)}"
        try:
            body = json.loads(given)
        except (ValueError, RecursionError):
            body = {}
        resource = body if isinstance(body, dict) else {}
        meta = {**(resource.get("meta") or {}), "versionId": "1", "lastUpdated": STAMP}
        made = {"resourceType": type_, **resource, "id": id_, "meta": meta}
        self.kept[f"{type_}/{id_}"] = made
        location = f"http://{self.headers['Host']}/{type_}/{id_}/_history/1"
        self.answer(201, made, Location=location, ETag='W/"1"')


def statement(base: str) -> dict[str, Any]:
    """Return a CapabilityStatement that promises much."""
    resource = [
        {
            "type": type_,
            "interaction": [{"code": code} for code in INTERACTIONS],
            "updateCreate": True,
            "conditionalCreate": True,
            "conditionalRead": "full-support",
            "conditionalUpdate": True,
            "conditionalDelete": "single",
            "searchInclude": ["*"],
            "searchRevInclude": ["*"],
            "operation": [{"name": name, "definition": "x"} for name in OPERATIONS],
        }
        for type_ in TYPES
    ]
    rest = {
        "mode": "server",
        "resource": resource,
        "interaction": [
            {"code": code} for code in ("transaction", "batch", "history-system", "search-system")
        ],
        "operation": [{"name": name, "definition": "x"} for name in OPERATIONS],
        "searchParam": [{"name": name, "type": "string"} for name in PARAMETERS],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "implementation": {"description": "a stub", "url": base},
        "rest": [rest],
    }


@contextmanager
def stub(handler: type[Empty]) -> Iterator[str]:
    """Serve a stub on loopback while inside; yield its base URL."""
    made = type(handler.__name__, (handler,), {"kept": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
