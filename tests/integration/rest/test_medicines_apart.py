"""An order that names its medicine by reference is as secret as one that names it itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import exported

from tasuki.consent.decision import AccessRequest, Actor, decide
from tasuki.consent.decision.remembered import Facts
from tasuki.consent.enforcing import ruling_of
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.resource_types import R4_TYPES
from tasuki.consent.vocabulary import ActorRole, Purpose

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

SECRET, PLAIN = "ビクタルビ配合錠", "ワルファリンＫ錠１ｍｇ"


@dataclass(frozen=True)
class Orders:
    """Ids of a person, of two medicines and of the orders that name them."""

    patient: str
    secret: str
    secret_order: str
    plain: str
    plain_order: str


async def _ordered(house: House, patient: str, text: str) -> tuple[str, str]:
    medicine = await house.create({"resourceType": "Medication", "code": {"text": text}})
    order = {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationReference": {"reference": f"Medication/{medicine}"},
        "authoredOn": "2026-01-01",
    }
    return medicine, await house.create(order)


@pytest.fixture
async def orders(house: House) -> Orders:
    patient = await house.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
    made = Orders(
        patient,
        *await _ordered(house, patient, SECRET),
        *await _ordered(house, patient, PLAIN),
    )
    everyday = AccessRequest(
        patient=patient,
        purpose=Purpose.TREAT,
        role=ActorRole.CLINICIAN,
        actor=Actor(subject="clinician-1", region="noto"),
        at=datetime(2026, 1, 5, tzinfo=UTC),
        holder_region="noto",
        resource_types=R4_TYPES,
        policy=read_implicit_policy({"region": "noto", "everyday_within": "permit"}),
        may_ask=frozenset({Purpose.TREAT}),
    )
    house.decider.rulings[patient] = ruling_of(decide(everyday), Facts())
    return made


def _searches(orders: Orders) -> list[str]:
    patient, secret = orders.patient, orders.secret
    return [
        f"/MedicationRequest?_id={orders.secret_order},{orders.plain_order}",
        f"/MedicationRequest?patient={patient}",
        f"/MedicationRequest?patient={patient}&_include=MedicationRequest:medication",
        f"/MedicationRequest?patient={patient}&medication=Medication/{secret}",
        f"/MedicationRequest?patient={patient}&medication.code:text={SECRET[:4]}",
        f"/Patient?_id={patient}&_revinclude=MedicationRequest:patient",
        f"/Patient?_id={patient}&_has:MedicationRequest:patient:medication={secret}",
        f"/Medication?_id={secret}&_revinclude=MedicationRequest:medication",
        f"/Medication?_id={secret}&_has:MedicationRequest:medication:patient={patient}",
        f"/Patient/{patient}/MedicationRequest",
        f"/Patient/{patient}/$everything",
        f"/MedicationRequest/_history?patient={patient}",
        "/MedicationRequest/_history",
    ]


async def test_no_door_shows_the_order_of_a_restricted_medicine(
    house: House, orders: Orders
) -> None:
    reads = [
        f"/MedicationRequest/{orders.secret_order}",
        f"/MedicationRequest/{orders.secret_order}/_history/1",
        f"/MedicationRequest/{orders.secret_order}/_history",
    ]
    for door in reads:
        assert (await house.get(door, token="clinician")).status_code == 404, door
        other = door.replace(orders.secret_order, orders.plain_order)
        assert (await house.get(other, token="clinician")).status_code == 200, door
    for door in _searches(orders):
        answer = await house.get(door, token="clinician")
        assert f'"id":"{orders.secret_order}"' not in answer.text, door


async def test_what_asks_by_the_medicine_finds_nobody(house: House, orders: Orders) -> None:
    by_medicine = [
        f"/MedicationRequest?patient={orders.patient}&medication=Medication/{{}}",
        f"/Patient?_id={orders.patient}&_has:MedicationRequest:patient:medication={{}}",
    ]
    for door in by_medicine:
        found = await house.get(door.format(orders.plain), token="clinician")
        hidden = await house.get(door.format(orders.secret), token="clinician")
        assert (found.json()["total"], hidden.json()["total"]) == (1, 0), door


async def test_an_export_lacks_it_too(house: House, orders: Orders) -> None:
    told = str(await exported(house, "/$export?_type=MedicationRequest", token="clinician"))
    assert orders.plain_order in told
    assert orders.secret_order not in told


async def test_that_there_is_one_is_said(house: House, orders: Orders) -> None:
    answer = await house.get(f"/Patient/{orders.patient}/$everything", token="clinician")
    assert "withheld: MedicationRequest" in answer.text
    assert orders.plain_order in answer.text
    assert SECRET not in answer.text


async def test_a_medicine_that_was_deleted_is_remembered(house: House, orders: Orders) -> None:
    assert (await house.ask("DELETE", f"/Medication/{orders.secret}")).status_code == 204
    door = f"/MedicationRequest/{orders.secret_order}"
    assert (await house.get(door, token="clinician")).status_code == 404


@pytest.mark.parametrize("medicine", ["https://elsewhere.example/Medication/1", "Medication/none"])
async def test_an_order_of_a_medicine_that_is_not_here_is_shown(
    house: House, orders: Orders, medicine: str
) -> None:
    ruling = house.decider.rulings.pop(orders.patient)
    order: dict[str, Any] = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "subject": {"reference": f"Patient/{orders.patient}"},
        "medicationReference": {"reference": medicine},
    }
    id_ = await house.create(order)
    house.decider.rulings[orders.patient] = ruling
    assert (await house.get(f"/MedicationStatement/{id_}", token="clinician")).status_code == 200
