"""What is kept of a person: never restricted records, and a stub only of whoever refuses shelters."""

from __future__ import annotations

import pytest
from tests.unit.shelter.builders import (
    ACT_CODE,
    ACT_REASON,
    CONFIDENTIALITY,
    allergy,
    condition,
    entry,
    labelled,
    medicine,
    patient,
    record,
)

from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.sources import SourceState
from tasuki.shared.fhir.json import parse
from tasuki.shelter.person_record import PersonRecord


def told(made: PersonRecord) -> str:
    return made.to_bytes().decode()


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (CONFIDENTIALITY, "R"),
        (CONFIDENTIALITY, "V"),
        (CONFIDENTIALITY, "what-is-this"),
        (ACT_CODE, "HIV"),
        (ACT_CODE, "PSY"),
        ("urn:unknown", "X"),
    ],
)
def test_restricted_records_are_not_kept_but_counted_where_they_may_kill(
    system: str, code: str
) -> None:
    label = labelled(system, code)
    made = record(
        entry(
            patient(),
            medicine("秘密の薬", **label),
            allergy("秘密の物", **label),
            condition("秘密の病", **label),
        )
    )
    assert "秘密" not in told(made)
    assert made.restricted == {"AllergyIntolerance": 1, "MedicationRequest": 1}


def test_an_order_is_as_restricted_as_the_medicine_it_names_by_reference() -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "completed",
        "intent": "order",
        "medicationReference": {"reference": "Medication/1", "display": "秘密の薬"},
        "authoredOn": "2025-12-28",
    }
    named = {"resourceType": "Medication", "id": "1", "code": {"text": "ビクタルビ配合錠"}}
    made = record(entry(patient(), order, named))
    assert "秘密" not in told(made)
    assert "ビクタルビ" not in told(made)
    assert made.restricted == {"MedicationRequest": 1}


def test_what_the_person_was_not_told_is_not_even_counted() -> None:
    tag = {
        "tag": [
            {
                "system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication",
                "code": "UNINFORMED",
            }
        ]
    }
    hidden = {"meta": {**labelled(ACT_CODE, "HIV")["meta"], **tag}}
    made = record(entry(patient(), medicine("秘密の薬", meta=tag), medicine("別の薬", **hidden)))
    assert "秘密" not in told(made)
    assert made.restricted == {}


def test_a_stub_holds_who_it_is_and_nothing_else() -> None:
    made = record(entry(patient(), medicine(), allergy(), condition()), refused=True)
    assert made.stub
    text = told(made)
    for word in ("ワーファリン", "ペニシリン", "高血圧", "090", "太郎", "河井町"):
        assert word not in text
    assert made.profile.person.kana == "ノト ハナコ"
    assert made.municipality == "172049"
    assert ("kana+birth", ("ノトハナコ", "1938-04-05")) in made.keys


def test_a_source_that_withholds_or_fails_is_named_in_every_section() -> None:
    made = record(
        entry(patient(), allergy()),
        entry(holder="kaga", state=SourceState.UNREACHABLE),
    )
    assert made.profile.allergies.state is SectionState.RECORDED
    assert [one.source for one in made.profile.allergies.missing] == ["kaga"]
    assert made.profile.medicines.state is SectionState.UNREACHABLE


@pytest.mark.parametrize(
    ("first", "second", "drill"),
    [(True, True, True), (True, False, False), (False, False, False)],
)
def test_a_drill_resident_is_marked_by_every_holder(
    *, first: bool, second: bool, drill: bool
) -> None:
    mark = labelled(ACT_REASON, "HTEST")
    made = record(
        entry(patient(**(mark if first else {}))),
        entry(patient(**(mark if second else {})), holder="kaga"),
    )
    assert made.drill is drill


def test_the_names_of_every_holder_find_the_person() -> None:
    made = record(entry(patient()), entry(patient("ワジマ ハナコ", "輪島 花子"), holder="kaga"))
    assert {parts[0] for index, parts in made.keys if index == "kana+birth"} == {
        "ノトハナコ",
        "ワジマハナコ",
    }


def test_a_record_reads_back_as_it_was_written() -> None:
    made = record(entry(patient(), medicine(), allergy(), condition(), unreadable=2))
    again = PersonRecord.from_bytes(made.to_bytes())
    assert again == made


def test_a_holder_that_is_no_longer_configured_gives_nothing() -> None:
    made = record(entry(patient()), entry(medicine("昔の薬"), holder="gone"))
    assert "昔の薬" not in told(made)


def test_digits_survive() -> None:
    dose = parse(b'{"doseAndRate": [{"doseQuantity": {"value": 0.50}}]}')
    made = record(entry(patient(), medicine(dosageInstruction=[dose])))
    assert '"value":0.50}' in told(made)
    assert '"value":0.50}' in PersonRecord.from_bytes(made.to_bytes()).to_bytes().decode()
