"""transaction and batch. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.bundling import asking, bundle_of
from tests.integration.rest.house import BASE, MAX_ENTRIES, issue, require_outcome

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

ORGANIZATION = {"resourceType": "Organization", "name": "病院"}
PATIENT: dict[str, Any] = {"resourceType": "Patient"}
NOWHERE = "a reference leads nowhere: it is neither in the Bundle nor on this server"


def _flag(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


async def test_entries_refer_to_each_other_in_any_order(house: House) -> None:
    root = "http://hospital.example/fhir"
    answer = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Flag", _flag("urn:uuid:1", author={"reference": "urn:uuid:2"})),
            asking("POST", "Organization", ORGANIZATION, "urn:uuid:2"),
            asking("POST", "Patient", PATIENT, "urn:uuid:1"),
            asking("POST", "Patient", PATIENT, f"{root}/Patient/77"),
            asking("POST", "Flag", _flag("Patient/77"), f"{root}/Flag/1"),
        ),
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "transaction-response"
    responses = [entry["response"] for entry in told["entry"]]
    assert [one["status"] for one in responses] == ["201"] * 5
    assert [one["location"].split("/")[0] for one in responses] == [
        "Flag",
        "Organization",
        "Patient",
        "Patient",
        "Flag",
    ]
    ids = [one["location"].split("/")[1] for one in responses]
    flag = (await house.get(f"/Flag/{ids[0]}")).json()
    assert flag["subject"] == {"reference": f"Patient/{ids[2]}"}
    assert flag["author"] == {"reference": f"Organization/{ids[1]}"}
    assert (await house.get(f"/Flag/{ids[4]}")).json()["subject"] == {
        "reference": f"Patient/{ids[3]}"
    }


async def test_all_methods_in_fhir_s_order(house: House) -> None:
    kept, dropped = await house.create(PATIENT), await house.create(PATIENT)
    answer = await house.post(
        "",
        json=bundle_of(
            asking("GET", f"Patient/{kept}"),
            asking(
                "PUT", f"Patient/{kept}", {**PATIENT, "id": kept, "active": True}, ifMatch='W/"1"'
            ),
            asking("DELETE", f"{BASE}/Patient/{dropped}"),
        ),
    )
    assert answer.status_code == 200, answer.text
    got, put, gone = answer.json()["entry"]
    assert got["resource"]["active"] is True  # GET comes last
    assert (put["response"]["status"], put["response"]["etag"]) == ("200", 'W/"2"')
    assert (gone["response"]["status"], gone["response"]["etag"]) == ("204", 'W/"2"')
    assert (await house.get(f"/Patient/{dropped}")).status_code == 410


@pytest.mark.parametrize(
    "reference", ["urn:uuid:none", "Patient/none", "Organization/none", "nonsense"]
)
async def test_a_dangling_reference_fails_the_whole_and_writes_nothing(
    house: House, reference: str
) -> None:
    mine = await house.create(PATIENT)
    answer = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Patient", PATIENT),
            asking("POST", "Flag", _flag(f"Patient/{mine}", author={"reference": reference})),
        ),
    )
    assert answer.status_code == 422
    (told,) = answer.json()["issue"]
    assert (told["code"], told["diagnostics"]) == ("structure", NOWHERE)
    assert told["expression"][0].startswith("Bundle.entry[1].resource")
    assert await house.world.count("resource_head") == 1
    assert await house.world.count("source_id") == 0


async def test_one_bad_entry_fails_a_transaction_with_its_place(house: House) -> None:
    answer = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Patient", PATIENT),
            asking("POST", "Patient", {**PATIENT, "gender": "x"}),
        ),
    )
    assert answer.status_code == 422
    (told,) = answer.json()["issue"]
    assert told["expression"] == ["Bundle.entry[1].resource: Patient.gender"]
    assert await house.world.count("resource_head") == 0


async def test_a_late_conflict_undoes_the_early_entries(house: House) -> None:
    mine = await house.create(PATIENT)
    stale = asking("PUT", f"Patient/{mine}", {**PATIENT, "id": mine}, ifMatch='W/"9"')
    answer = await house.post("/", json=bundle_of(asking("POST", "Patient", PATIENT), stale))
    require_outcome(
        answer,
        412,
        issue("conflict", "the newest version is 1; read it before changing it", "Bundle.entry[1]"),
    )
    assert await house.world.count("resource_version") == 1


async def test_a_batch_does_what_it_can_and_says_the_rest(house: House) -> None:
    mine = await house.create(PATIENT)
    answer = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Patient", PATIENT),
            asking("POST", "Patient", {**PATIENT, "gender": "x"}),
            asking("GET", "Patient/none"),
            asking("PUT", f"Patient/{mine}", {**PATIENT, "id": mine}, ifMatch='W/"9"'),
            {"resource": PATIENT},
            asking("POST", "Flag", _flag("Patient/none")),
            asking("GET", f"Patient/{mine}"),
            kind="batch",
        ),
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["type"] == "batch-response"
    statuses = [entry["response"]["status"] for entry in told["entry"]]
    assert statuses == ["201", "422", "404", "412", "400", "422", "200"]
    assert told["entry"][2]["response"]["outcome"] == {
        "resourceType": "OperationOutcome",
        "issue": [issue("not-found", "no such resource", "Bundle.entry[2]")],
    }
    assert await house.world.count("resource_head") == 2


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"request": "POST"}, 400),
        ("nonsense", 400),
        (asking("TRACE", "Patient/1"), 400),
        (asking("PATCH", "Patient/1"), 400),
        (asking("PATCH", "Patient/1", PATIENT), 400),
        (asking("PATCH", "Patient/1", {"resourceType": "Parameters"}), 404),
        (asking("POST", "Patient/1", PATIENT), 400),
        (asking("PUT", "Patient", PATIENT), 400),
        (asking("GET", "Patient?nonsense=x"), 400),
        (asking("GET", "Patient/1/_history/1"), 404),
        (asking("GET", "Patient/1/_history"), 404),
        (asking("GET", "Patient/1/$everything"), 400),
        (asking("GET", "Account/1"), 404),
        (asking("GET", "a/b/c/d"), 400),
        (asking("GET", "Patient/1", ifMatch='W/"1"'), 400),
        (asking("DELETE", "Patient/1", ifNoneMatch="*"), 400),
        (asking("DELETE", "Patient/1", ifMatch=1), 400),
        (asking("DELETE", "Patient/1?identifier=x"), 400),
        (asking("PUT", "Patient?nonsense=x", PATIENT), 400),
        (asking("DELETE", "Patient?"), 400),
        (asking("POST", "Account", {"resourceType": "Account"}), 400),
        (asking("POST", "Patient"), 400),
        (asking("POST", "Patient", {"resourceType": "Device"}), 400),
        (asking("POST", "Patient", PATIENT, ifNoneExist=""), 400),
        (asking("PUT", "Patient/1", {**PATIENT, "id": "1"}, ifMatch="x"), 400),
        (asking("PUT", "Patient/1", {**PATIENT, "id": "1"}), 404),
        (asking("PUT", "Patient/1", {**PATIENT, "id": "2"}), 400),
        (asking("GET", "Patient/a b"), 404),
        (asking("DELETE", "Patient/\u00e9"), 404),
    ],
)
async def test_an_entry_that_cannot_be_done_is_refused(
    house: House, entry: dict[str, Any], status: int
) -> None:
    answer = await house.post("/", json=bundle_of(entry))
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    batch = await house.post("/", json=bundle_of(entry, kind="batch"))
    assert batch.json()["entry"][0]["response"]["status"] == str(status)
    assert await house.world.count("resource_head") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle"},
        PATIENT,
        {"resourceType": "Bundle", "type": "transaction", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": "x"},
        bundle_of(
            asking("POST", "Patient", PATIENT, "urn:uuid:1"),
            asking("POST", "Patient", PATIENT, "urn:uuid:1"),
        ),
        bundle_of(asking("DELETE", "Patient/1"), asking("DELETE", "Patient/1")),
    ],
)
async def test_bundles_of_another_kind_are_400(house: House, body: dict[str, Any]) -> None:
    answer = await house.post("/", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["code"] == "invalid"


async def test_too_many_entries_are_413(house: House) -> None:
    many = [asking("POST", "Patient", PATIENT)] * (MAX_ENTRIES + 1)
    require_outcome(
        await house.post("/", json=bundle_of(*many)),
        413,
        issue("too-long", "a Bundle may have 20 entries at most"),
    )


async def test_an_empty_bundle_is_done(house: House) -> None:
    answer = await house.post("/", json={"resourceType": "Bundle", "type": "transaction"})
    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


async def test_a_transaction_reaches_no_further_than_its_caller(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    token = await house.resident(mine)
    answer = await house.post(
        "/",
        json=bundle_of(
            asking("POST", "Flag", _flag(f"Patient/{mine}")),
            asking("GET", f"Patient/{theirs}"),
        ),
        token=token,
    )
    require_outcome(answer, 404, issue("not-found", "no such resource", "Bundle.entry[1]"))
    assert await house.world.count("resource_head") == 2
