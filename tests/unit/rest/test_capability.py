"""The CapabilityStatement says what is mounted, neither more nor less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI

from tasuki.consent import consent_routes, disclosure_routes, feed_routes
from tasuki.ehr import summary
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.rest import (
    bundles,
    capability,
    everything,
    exports,
    histories,
    lastn,
    load,
    patches,
    resources,
    search,
    writes,
)
from tasuki.shared.rest import validate as validate_operation
from tasuki.shared.rest.capability import capability_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = "https://noto.example/fhir"
EVERY = [
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
]
WHOLE = (
    bundles.ROUTES,
    histories.ROUTES,
    histories.INSTANCE_ROUTES,
    search.ROUTES,
    resources.READ_ROUTES,
    writes.ROUTES,
    patches.ROUTES,
)


def stated(types: Sequence[str], *routers: APIRouter) -> dict[str, Any]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in (capability.ROUTES, *routers):
        app.include_router(router)
    made = capability_statement("Test", BASE, app.routes, types)
    assert validate(made) == ()
    (rest,) = made["rest"]
    return dict(rest)


def codes(resource: dict[str, Any]) -> list[str]:
    return [one["code"] for one in resource["interaction"]]


def test_a_whole_server_lists_every_interaction_and_bundles() -> None:
    rest = stated(("Patient", "Condition"), *WHOLE)
    assert [one["type"] for one in rest["resource"]] == ["Patient", "Condition"]
    assert all(codes(one) == EVERY for one in rest["resource"])
    assert [one["code"] for one in rest["interaction"]] == [
        "transaction",
        "batch",
        "history-system",
    ]
    conditions = {name: one for name, one in rest["resource"][0].items() if "conditional" in name}
    assert conditions == {
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
    }
    patient = rest["resource"][0]
    names = {one["name"] for one in patient["searchParam"]}
    defined = {one["name"]: one["definition"] for one in patient["searchParam"]}
    assert defined["_id"] == "http://hl7.org/fhir/SearchParameter/Resource-id"
    assert defined["birthdate"] == "http://hl7.org/fhir/SearchParameter/individual-birthdate"
    assert names == {one.code for one in search_parameters("Patient").values()}


@pytest.mark.parametrize(
    ("router", "left"),
    [
        (resources.READ_ROUTES, ["read", "vread"]),
        (histories.INSTANCE_ROUTES, ["history-instance"]),
        (search.ROUTES, ["search-type"]),
    ],
)
def test_what_is_not_mounted_is_not_listed(router: APIRouter, left: list[str]) -> None:
    rest = stated(("Patient",), router)
    assert codes(rest["resource"][0]) == left
    assert ("searchParam" in rest["resource"][0]) == (left == ["search-type"])
    assert rest["resource"][0]["readHistory"] == ("vread" in left)
    assert "interaction" not in rest


def test_the_consent_service_writes_consents_deletes_none_and_takes_no_bundles() -> None:
    rest = stated(
        ("Consent",),
        feed_routes.ROUTES,
        disclosure_routes.ROUTES,
        consent_routes.ROUTES,
        search.ROUTES,
        histories.INSTANCE_ROUTES,
        resources.READ_ROUTES,
    )
    consent, events = rest["resource"]
    assert (consent["type"], events["type"]) == ("Consent", "AuditEvent")
    assert codes(consent) == [
        code for code in EVERY if code not in ("patch", "delete", "history-type")
    ]
    assert consent["conditionalCreate"] is False
    assert codes(events) == ["search-type"]
    assert [one["name"] for one in events["searchParam"]] == ["patient"]
    assert "interaction" not in rest
    own = f"{BASE}/OperationDefinition/feed"
    assert rest["operation"] == [{"name": "feed", "definition": own}]


def test_operations_are_listed_by_whoever_s_definition_there_is() -> None:
    rest = stated(
        ("Patient",),
        load.ROUTES,
        summary.ROUTES,
        exports.ROUTES,
        everything.ROUTES,
        lastn.ROUTES,
        *WHOLE,
    )
    (patient,) = rest["resource"]
    operations = {one["name"]: one["definition"] for one in patient["operation"]}
    assert operations == {
        "summary": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
        "everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        "export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    }
    assert {one["name"]: one["definition"] for one in rest["operation"]} == {
        "load": f"{BASE}/OperationDefinition/load",
        "quarantine": f"{BASE}/OperationDefinition/quarantine",
        "export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
    }


def test_an_operation_of_every_type_is_listed_at_every_type() -> None:
    rest = stated(("Patient", "Flag"), resources.READ_ROUTES, validate_operation.ROUTES)
    url = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
    for resource in rest["resource"]:
        assert resource["operation"] == [{"name": "validate", "definition": url}]
    assert "documentation" not in rest


def test_a_server_of_operations_alone_has_no_resources() -> None:
    rest = stated((), load.ROUTES)
    assert "resource" not in rest
    assert [one["name"] for one in rest["operation"]] == ["load", "quarantine"]
