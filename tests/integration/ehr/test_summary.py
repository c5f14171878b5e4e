"""`$summary`: every region is named with how it answered, and partial answers say so."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.ehr.world import (
    UNINFORMED,
    allergy,
    condition,
    everything,
    laboratory,
    patient,
    prescription,
)

from tasuki.consent.decision import AccessRequest, Actor, decide
from tasuki.consent.decision.remembered import Facts
from tasuki.consent.enforcing import ruling_of
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.resource_types import R4_TYPES
from tasuki.consent.vocabulary import ActorRole, Purpose
from tasuki.shared.access.records import Quarantined
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.clinical.ips.check import check_own_ips

if TYPE_CHECKING:
    from tests.integration.ehr.world import World

pytestmark = pytest.mark.anyio

WARFARIN = {"medicationCodeableConcept": {"text": "ワルファリンＫ錠１ｍｇ"}}


def states(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return (source, state, unreadable) of every source a summary names."""
    composition = document["entry"][0]["resource"]
    found = []
    for extension in composition["extension"]:
        parts = {part["url"]: part for part in extension["extension"]}
        found.append(
            (
                parts["source"]["valueString"],
                parts["state"]["valueCode"],
                parts["unreadable"]["valueUnsignedInt"],
            )
        )
    return found


def texts(document: dict[str, Any], type_: str) -> set[str]:
    """Return the names of the entries of a type."""
    resources = [entry["resource"] for entry in document["entry"]]
    return {
        (one.get("code") or one.get("medicationCodeableConcept"))["text"]
        for one in resources
        if one["resourceType"] == type_
    }


async def test_every_source_is_named_with_how_it_answered(world: World) -> None:
    await world.keep(
        patient("p1"), allergy("a1", "p1", "そば"), laboratory("o1", "p1", "Cre", 1.2), owner="p1"
    )
    world.around.handles = [("kaga", "k1"), ("toyama", "t1")]
    world.around.answers = {
        "kaga": everything(
            patient("k1"),
            prescription("m1", "k1", WARFARIN),
            notes=("withheld: Condition, Observation", "unreadable: 2"),
        ),
        "toyama": 403,
    }

    answer = await world.fhir("Patient/p1/$summary")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/fhir+json")
    document = answer.json()
    assert check_own_ips(document) == ()
    assert states(document) == [
        ("ehr/noto", "answered", 0),
        ("ehr/kaga", "answered", 2),
        ("ehr/toyama", "withheld", 0),
        ("ehr/fukui", "none", 0),
    ]
    assert texts(document, "AllergyIntolerance") == {"そば"}
    assert any("ワルファリン" in name for name in texts(document, "MedicationStatement"))
    sections = {
        section["code"]["coding"][0]["code"]: section
        for section in document["entry"][0]["resource"]["section"]
    }
    # Nothing is recorded of conditions, and two sources hold something back: withheld, not none.
    assert sections["11450-4"]["extension"][0]["valueCode"] == "withheld"
    assert "加賀" in sections["11450-4"]["text"]["div"]


async def test_a_silent_region_delays_nobody_beyond_its_time(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.handles = [("kaga", "k1"), ("toyama", "t1")]
    world.around.answers = {
        "kaga": 30.0,
        "toyama": everything(patient("t1"), allergy("a1", "t1", "ペニシリン")),
    }

    before = time.monotonic()
    document = (await world.fhir("Patient/p1/$summary")).json()

    assert time.monotonic() - before < 5
    assert states(document)[1:3] == [("ehr/kaga", "unreachable", 0), ("ehr/toyama", "answered", 0)]
    assert texts(document, "AllergyIntolerance") == {"ペニシリン"}
    assert check_own_ips(document) == ()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (404, "none"),
        (410, "none"),
        (401, "unreachable"),
        (500, "unreachable"),
        (422, "unreachable"),
    ],
)
async def test_a_refusal_is_not_an_absence(world: World, status: int, state: str) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.handles = [("kaga", "k1")]
    world.around.answers = {"kaga": status}

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert states(document)[1] == ("ehr/kaga", state, 0)


@pytest.mark.parametrize(
    "answer",
    [
        {"resourceType": "OperationOutcome"},
        {"resourceType": "Bundle", "entry": [{"resource": {"id": "x"}}]},
    ],
)
async def test_an_answer_not_understood_is_unreachable(
    world: World, answer: dict[str, Any]
) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.handles = [("kaga", "k1")]
    world.around.answers = {"kaga": answer}

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert states(document)[1][1] == "unreachable"


async def test_without_the_locator_nobody_can_say_none(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.locator_status = 503

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert [state for _, state, _ in states(document)] == ["answered", *["unreachable"] * 3]


async def test_who_cannot_be_asked_about_is_unknown_elsewhere_and_not_none(world: World) -> None:
    await world.keep(patient("p1", identifier=[]), owner="p1")
    world.around.handles = [("kaga", "k1")]

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert [state for _, state, _ in states(document)] == ["answered", *["unreachable"] * 3]
    assert world.around.asked == []


async def test_a_region_not_known_here_is_named(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.handles = [("ishikawa", "i1"), ("noto", "p1")]

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert states(document)[-1] == ("ehr/ishikawa", "unreachable", 0)


async def test_the_token_is_exchanged_for_each_region_with_the_types_it_needs(
    world: World,
) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.around.handles = [("kaga", "k1")]
    world.around.answers = {"kaga": everything(patient("k1"))}

    await world.fhir("Patient/p1/$summary")

    [(token, audience, scope)] = world.tokens.exchanged
    assert token == "doctor-token"
    assert audience == "https://desk.test/ehr/kaga/fhir"
    assert {"user/Patient.rs", "user/AllergyIntolerance.rs", "user/Medication.rs"} <= set(
        scope.split()
    )
    assert world.around.asked == ["kaga/k1"]


async def test_a_second_record_of_the_person_in_the_region_is_drawn_on(world: World) -> None:
    await world.keep(patient("p1"), allergy("a1", "p1", "そば"), owner="p1")
    await world.keep(patient("p2"), allergy("a2", "p2", "えび"), owner="p2")
    await world.keep(patient("p3"), allergy("a3", "p3", "かに"), owner="p3")
    world.rules.rulings["p3"] = Ruling.refuse("consent")

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert texts(document, "AllergyIntolerance") == {"そば", "えび"}
    assert [state for _, state, _ in states(document)][:3] == ["answered", "answered", "withheld"]
    assert check_own_ips(document) == ()


async def test_a_medicine_named_by_reference_keeps_its_name(world: World) -> None:
    medication = {"resourceType": "Medication", "id": "d1", "code": {"text": "ワルファリン錠"}}
    await world.keep(medication)
    drug = {"medicationReference": {"reference": "Medication/d1"}}
    await world.keep(patient("p1"), prescription("m1", "p1", drug), owner="p1")

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert texts(document, "MedicationStatement") == {"ワルファリン錠"}


async def test_what_could_not_be_read_is_counted(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    entry = Quarantined("q1", "hospital", 1, ("no code",), "p1", world.clock.now(), b"{}")
    async with world.store.unit() as unit:
        await unit.quarantine([entry])

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert states(document)[0] == ("ehr/noto", "answered", 1)


async def test_a_clinician_gets_what_the_patient_was_not_told(world: World) -> None:
    await world.keep(patient("p1"), condition("c1", "p1", "膵癌", meta=UNINFORMED), owner="p1")

    document = (await world.fhir("Patient/p1/$summary")).json()

    assert texts(document, "Condition") == {"膵癌"}


async def test_a_refusal_here_asks_nobody_else_and_is_recorded(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.rules.rulings["p1"] = Ruling.refuse("consent")
    world.around.handles = [("kaga", "k1")]

    answer = await world.fhir("Patient/p1/$summary")

    assert answer.status_code == 403
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert world.around.asked == []
    assert len(await world.leaves("p1")) == 1


async def test_a_withheld_patient_is_refused_and_is_no_defect(world: World) -> None:
    await world.keep(patient("p1"), owner="p1")
    world.rules.rulings["p1"] = Ruling.permit_partly(
        "consent", withheld_types=frozenset({"Patient"}), screen=lambda _: True
    )

    assert (await world.fhir("Patient/p1/$summary")).status_code == 403


async def test_an_unknown_patient_and_profile_are_refused(world: World) -> None:
    assert (await world.fhir("Patient/nobody/$summary")).status_code == 404
    assert (await world.fhir("Patient/nobody/$summary?profile=http://x")).status_code == 400


async def test_that_there_is_a_restricted_medicine_is_said_and_not_which(world: World) -> None:
    """A hidden medicine may kill; a hidden diagnosis is not spoken of."""
    secret = {"medicationCodeableConcept": {"text": "ビクタルビ配合錠"}}
    depressed = {**condition("c1", "p1", "うつ病")}
    await world.keep(
        patient("p1"),
        prescription("m1", "p1", WARFARIN),
        prescription("m2", "p1", secret),
        depressed,
        owner="p1",
    )
    everyday = AccessRequest(
        patient="p1",
        purpose=Purpose.TREAT,
        role=ActorRole.CLINICIAN,
        actor=Actor(subject="clinician-1", region="noto"),
        at=datetime(2026, 1, 5, tzinfo=UTC),
        holder_region="noto",
        resource_types=R4_TYPES,
        policy=read_implicit_policy({"region": "noto", "everyday_within": "permit"}),
        may_ask=frozenset({Purpose.TREAT}),
    )
    world.rules.rulings["p1"] = ruling_of(decide(everyday), Facts())
    answer = await world.fhir("Patient/p1/$summary")
    document = answer.json()
    assert texts(document, "MedicationStatement") | texts(document, "MedicationRequest") == {
        "ワルファリンＫ錠１ｍｇ"
    }
    assert "ビクタルビ" not in answer.text
    assert "うつ病" not in answer.text
    sections = {
        one["code"]["coding"][0]["code"]: one for one in document["entry"][0]["resource"]["section"]
    }
    assert "非開示" in sections["10160-0"]["text"]["div"]
    assert "非開示" not in sections["11450-4"]["text"]["div"]
    everything = (await world.fhir("Patient/p1/$everything")).json()
    notes = [
        entry["resource"]["issue"][0]["diagnostics"]
        for entry in everything["entry"]
        if entry["resource"]["resourceType"] == "OperationOutcome"
    ]
    assert notes == ["withheld: MedicationRequest"]
