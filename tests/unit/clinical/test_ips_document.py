"""Our own summaries: legal IPS 2.0.1, reconciled, honest, in two languages."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.clinical.records import (
    BUILT,
    EGG,
    INDICATION,
    PATIENT,
    WARFARIN,
    WARFARIN_BRAND,
    WARFARIN_HALF,
    Body,
    allergy,
    condition,
    hospital,
    medicine,
    no_known_allergy,
    resident,
)

from tasuki.shared.clinical.disclosure import Audience
from tasuki.shared.clinical.ips import extensions
from tasuki.shared.clinical.ips.check import check_own_ips
from tasuki.shared.clinical.ips.document import SummaryOf, build_summary
from tasuki.shared.clinical.ips.references import worded
from tasuki.shared.clinical.ips.sections import ALLERGIES, MEDICINES, PROBLEMS, SectionRule
from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.fhir.json import parse, render
from tasuki.shared.ids import CountingIds

OF = SummaryOf(PATIENT, BUILT, "urn:uuid:5d1d5d5e-0000-4000-8000-000000000001", "Tasuki 0.1.0")
UNREACHABLE = hospital("b", state=SourceState.UNREACHABLE)
WITHHELD = hospital("c", state=SourceState.WITHHELD)
VACCINE: Body = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"text": "インフルエンザ"},
    "occurrenceDateTime": "2023-11-01",
    "performer": [{"actor": {"reference": "Practitioner/1", "display": "医師"}}],
}
RESULT: Body = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [{"code": "LAB"}]}],
    "code": {"text": "カリウム"},
    "effectiveDateTime": "2023-12-01",
    "valueQuantity": {"value": 4.1, "unit": "mmol/L"},
}
PROCEDURE: Body = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": {"text": "虫垂切除"},
}


def summary(*sources: SourceRecords, of: SummaryOf = OF) -> Body:
    built: Body = parse(render(build_summary(sources, of, CountingIds())))
    assert check_own_ips(built) == ()
    return built


def section(bundle: Body, rule: SectionRule) -> Body:
    found: list[Body] = [
        each
        for each in bundle["entry"][0]["resource"]["section"]
        if each["code"]["coding"][0]["code"] == rule.loinc
    ]
    assert len(found) == 1
    return found[0]


def resources(bundle: Body, kind: str) -> list[Body]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def reason(bundle: Body, rule: SectionRule) -> str:
    code: str = section(bundle, rule)["emptyReason"]["coding"][0]["code"]
    return code


def state(bundle: Body, rule: SectionRule) -> str:
    (extension,) = section(bundle, rule)["extension"]
    assert extension["url"] == extensions.SECTION_STATE
    code: str = extension["valueCode"]
    return code


STATES = [
    ([hospital("a", no_known_allergy())], "none-known", "nilknown"),
    ([hospital("a", no_known_allergy()), UNREACHABLE], "none-known", "unavailable"),
    ([hospital("a", no_known_allergy()), WITHHELD], "none-known", "withheld"),
    ([hospital("a")], "not-asked", "notasked"),
    ([hospital("a"), WITHHELD], "withheld", "withheld"),
    ([hospital("a"), UNREACHABLE], "unreachable", "unavailable"),
    ([hospital("a"), UNREACHABLE, WITHHELD], "unreachable", "unavailable"),
]


@pytest.mark.parametrize(("sources", "stated", "why"), STATES)
def test_an_empty_section_says_its_state_and_why(
    sources: list[SourceRecords], stated: str, why: str
) -> None:
    bundle = summary(*sources)
    assert (state(bundle, ALLERGIES), reason(bundle, ALLERGIES)) == (stated, why)


def test_no_two_empty_states_read_alike() -> None:
    divs = [section(summary(*sources), ALLERGIES)["text"]["div"] for sources, _, _ in STATES]
    assert len(set(divs)) == len(STATES)


def test_a_recorded_section_beside_a_missing_source_says_so() -> None:
    bundle = summary(hospital("a", allergy("そば")), UNREACHABLE)
    found = section(bundle, ALLERGIES)
    assert len(found["entry"]) == 1
    assert "b病院：接続できず" in found["text"]["div"]


def test_past_records_alone_are_told_from_none() -> None:
    bundle = summary(hospital("a", condition("肺炎", "resolved")))
    assert state(bundle, PROBLEMS) == "recorded"
    assert "過去の記録のみ" in section(bundle, PROBLEMS)["text"]["div"]


def test_every_source_is_named_with_its_answer_and_age() -> None:
    bundle = summary(hospital("a"), hospital("d", state=SourceState.NONE), UNREACHABLE, WITHHELD)
    composition = bundle["entry"][0]["resource"]
    parts = [{p["url"]: p for p in each["extension"]} for each in composition["extension"]]
    assert [(part["source"]["valueString"], part["state"]["valueCode"]) for part in parts] == [
        ("ehr/a", "answered"),
        ("ehr/d", "none"),
        ("ehr/b", "unreachable"),
        ("ehr/c", "withheld"),
    ]
    assert parts[0]["asOf"]["valueDateTime"] == "2024-01-05T03:00:00+00:00"
    div = composition["section"][-1]["text"]["div"]
    assert all(f"{name}病院" in div for name in "abcd")


def test_same_drug_once_with_all_sources_and_strengths_apart() -> None:
    bundle = summary(
        hospital("a", medicine(*WARFARIN, "2023-12-28", 28)),
        hospital("b", medicine(*WARFARIN, "2023-12-28", 28)),
        hospital("d", medicine(*WARFARIN_HALF, "2023-12-28", 28)),
    )
    statements = resources(bundle, "MedicationStatement")
    named = [
        [
            part["valueString"]
            for extension in statement["extension"]
            for part in extension["extension"]
            if part["url"] == "source"
        ]
        for statement in statements
    ]
    assert sorted(named) == [["ehr/a", "ehr/b"], ["ehr/d"]]
    assert statements[0]["effectivePeriod"] == {"start": "2023-12-28", "end": "2024-01-24"}
    assert "抗凝固薬" in section(bundle, MEDICINES)["text"]["div"]


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (medicine("A", None, "2023-12-28", 28), "active"),
        (medicine("A", None, "2023-12-01", 14), "completed"),
        (medicine("A", None, "2019-12-01", None), "unknown"),
        (medicine("A", None, "2024-02-01", 14), "intended"),
        (medicine("A", None, "2023-12-28", 28, status="stopped"), "stopped"),
    ],
)
def test_status_comes_from_dates(record: Body, status: str) -> None:
    (statement,) = resources(summary(hospital("a", record)), "MedicationStatement")
    assert statement["status"] == status


def test_a_medicine_without_any_date_says_so() -> None:
    record = medicine("A", None, "2023-12-28", None)
    del record["authoredOn"]
    (statement,) = resources(summary(hospital("a", record)), "MedicationStatement")
    assert statement["effectivePeriod"] == extensions.unknown()


def test_a_suspected_disease_is_never_confirmed() -> None:
    record = condition("胃癌の疑い", verificationStatus={"coding": [{"code": "confirmed"}]})
    (found,) = resources(summary(hospital("a", record)), "Condition")
    assert found["verificationStatus"]["coding"][0]["code"] == "provisional"
    assert "疑い" in found["code"]["text"]


def test_history_stands_when_there_is_some_and_only_then() -> None:
    both = summary(hospital("a", VACCINE, RESULT, PROCEDURE), hospital("b", VACCINE))
    assert len(resources(both, "Immunization")) == 1
    assert len(resources(both, "Immunization")[0]["extension"]) == 2
    assert resources(both, "Observation")[0]["performer"] == [{"display": "a病院"}]
    assert resources(both, "Procedure")[0]["performedPeriod"] == extensions.unknown()
    assert len(both["entry"][0]["resource"]["section"]) == 7
    assert len(summary(hospital("a"))["entry"][0]["resource"]["section"]) == 4


def test_vital_signs_and_what_was_not_done_stay_out() -> None:
    vital = RESULT | {"category": [{"coding": [{"code": "vital-signs"}]}]}
    undone = VACCINE | {"status": "not-done"}
    bundle = summary(hospital("a", vital, undone))
    assert len(bundle["entry"][0]["resource"]["section"]) == 4


@pytest.mark.parametrize(("audience", "count"), [(Audience.PERSON, 0), (Audience.CLINICIAN, 1)])
def test_only_a_clinician_sees_what_the_patient_was_not_told(
    audience: Audience, count: int
) -> None:
    tag = {"tag": [{"system": INDICATION, "code": "UNINFORMED"}]}
    hidden = hospital("a", condition("膵癌", meta=tag), RESULT | {"meta": tag})
    bundle = summary(hidden, of=replace(OF, audience=audience))
    assert len(resources(bundle, "Condition")) == count
    assert len(resources(bundle, "Observation")) == count


def test_the_person_is_the_default_audience() -> None:
    assert OF.audience is Audience.PERSON


def test_the_author_is_software() -> None:
    bundle = summary(hospital("a"))
    author = bundle["entry"][0]["resource"]["author"][0]["reference"]
    (device,) = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"] == author]
    assert device["resourceType"] == "Device"
    own = {"resourceType": "Device", "id": "x", "deviceName": [{"name": "T", "type": "other"}]}
    (given,) = resources(summary(hospital("a"), of=replace(OF, author=own)), "Device")
    assert given["deviceName"] == own["deviceName"]
    assert given["id"] != "x"


def test_english_narrative_names_an_allergen_in_english() -> None:
    bundle = summary(hospital("a", allergy("鶏卵", EGG)), of=replace(OF, language="en"))
    div = section(bundle, ALLERGIES)["text"]["div"]
    assert 'lang="en"' in div
    assert "Poultry egg / 鶏卵" in div
    assert "a Hospital" in div


def test_a_hostile_name_stays_text() -> None:
    hostile = '<script>alert("x")</script>'
    bundle = summary(hospital("a", allergy(hostile), medicine(hostile, None, "2023-12-28", 28)))
    assert "&lt;script&gt;" in section(bundle, ALLERGIES)["text"]["div"]


def test_a_patient_without_name_or_birth_date_says_so() -> None:
    bundle = summary(hospital("a"), of=replace(OF, patient={"resourceType": "Patient"}))
    (patient,) = resources(bundle, "Patient")
    assert patient["name"] == [{"text": "氏名不明"}]
    assert patient["_birthDate"] == extensions.unknown()


def test_references_become_words_and_never_vanish() -> None:
    assert worded({"reference": "Practitioner/1", "display": "医師"}) == {"display": "医師"}
    assert worded({"reference": "Practitioner/1"}) == {"display": "Practitioner (not included)"}
    assert worded({"reference": "urn:uuid:1", "type": "Patient"}) == {
        "type": "Patient",
        "display": "Patient (not included)",
    }
    logical = {"reference": "Organization/1", "identifier": {"value": "1"}}
    assert worded([{"x": logical}]) == [{"x": {"identifier": {"value": "1"}}}]


def test_no_id_of_a_source_is_carried_over() -> None:
    record = allergy("そば", id="SECRET", identifier=[{"value": "SECRET"}])
    record["recorder"] = {"reference": "Practitioner/SECRET"}
    assert b"SECRET" not in render(summary(hospital("a", record)))


def test_the_input_is_left_as_it_was() -> None:
    records = (allergy("そば"), medicine(*WARFARIN, "2023-12-28", 28), copy.deepcopy(RESULT))
    before = copy.deepcopy(records)
    summary(hospital("a", *records))
    assert records == before


def test_numbers_keep_their_digits() -> None:
    raw = render(RESULT).replace(b"4.1", b"4.10")
    built = build_summary([hospital("a", parse(raw))], OF, CountingIds())
    assert b'"value":4.10' in render(built)
    assert "4.10 mmol/L" in render(built).decode()


RECORDS: tuple[Any, ...] = (
    allergy("そば"),
    allergy("鶏卵", EGG, criticality="high"),
    {"resourceType": "AllergyIntolerance", "code": {}},
    no_known_allergy(),
    medicine(*WARFARIN, "2023-12-28", 28),
    medicine(*WARFARIN_BRAND, "2024-01-10", 14),
    medicine("", None, "2023-12-28", 28),
    {"resourceType": "MedicationStatement", "status": "active"},
    {"resourceType": "MedicationDispense", "status": "completed", "medicationReference": {}},
    condition("高血圧症"),
    condition("肺炎", "resolved"),
    condition("", abatementDateTime="2020-01-01"),
    {"resourceType": "Condition"},
    VACCINE,
    RESULT,
    PROCEDURE,
    {"resourceType": "Procedure", "status": "unknown"},
    {"resourceType": "Observation", "status": "final", "category": [{"coding": [{"code": "LAB"}]}]},
    PATIENT,
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(RECORDS), max_size=8),
    st.lists(st.sampled_from(RECORDS), max_size=4),
    st.sampled_from(SourceState),
    st.sampled_from(["ja", "en"]),
)
def test_every_summary_is_legal(
    first: list[Body], second: list[Body], other: SourceState, language: Any
) -> None:
    summary(
        hospital("a", *first),
        resident(*second),
        hospital("b", state=other),
        of=replace(OF, language=language),
    )
