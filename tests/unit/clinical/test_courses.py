"""Current medicines from dates. https://jpfhir.jp/fhir/clins/ fixes every status to `completed`."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.clinical.courses import Course, Standing, course_of
from tasuki.shared.clinical.flags import FlagKind, flags_of

DATA = Path(__file__).parents[2] / "data"
PERIOD = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationDosage_PeriodOfUse"
TODAY = date(2026, 3, 31)


def days(value: object, code: str = "d") -> dict[str, object]:
    return {"value": value, "unit": "日", "system": "http://unitsofmeasure.org", "code": code}


def request(start: str, supply: object = None, **more: object) -> dict[str, object]:
    dispense = {"expectedSupplyDuration": supply} if supply else {}
    made: dict[str, object] = {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {"text": "x"},
        "authoredOn": start,
        "dispenseRequest": dispense,
        "dosageInstruction": [{"text": "1日1回 朝食後"}],
    }
    return made | more


def course(resource: dict[str, object], today: date = TODAY) -> Course:
    found = course_of(resource, today)
    assert found is not None
    return found


def test_four_weeks_from_the_end_of_december() -> None:
    taken = request("2023-12-28", days(28))
    running = course(taken, date(2024, 1, 5))
    assert (running.standing, running.last_day) == (Standing.CURRENT, date(2024, 1, 24))
    assert (running.days_left, running.ended_days_ago) == (19, None)
    assert course(taken, date(2024, 1, 24)).standing is Standing.CURRENT
    assert course(taken, date(2024, 1, 24)).days_left == 0
    over = course(taken, date(2024, 2, 1))
    assert (over.standing, over.days_left, over.ended_days_ago) == (Standing.ENDED, None, 8)


def test_population_counts_against_an_independent_calculation() -> None:
    with gzip.open(DATA / "clinosim-jp" / "MedicationRequest.ndjson.gz", "rt") as lines:
        requests = [json.loads(line) for line in lines]
    prefixes = {
        FlagKind.ANTICOAGULANT: ("3332", "3334", "3339"),
        FlagKind.INSULIN: ("2491", "2492"),
        FlagKind.STEROID: ("2456",),
    }
    ours: dict[FlagKind, set[str]] = defaultdict(set)
    plain: dict[FlagKind, set[str]] = defaultdict(set)
    for each in requests:
        found = course(each)
        for flag in flags_of(found.drug):
            if found.standing is Standing.CURRENT and found.basis == "supply":
                ours[flag.kind].add(each["subject"]["reference"])
        dispense = each["dispenseRequest"]
        if "expectedSupplyDuration" not in dispense:
            continue
        period = each["dosageInstruction"][0]["extension"][0]["valuePeriod"]
        first = date.fromisoformat(period["start"])
        repeats = dispense.get("numberOfRepeatsAllowed", 0)
        supplied = dispense["expectedSupplyDuration"]["value"] * (1 + repeats)
        if first <= TODAY < first + timedelta(days=supplied):
            code = each["medicationCodeableConcept"]["coding"][0]["code"]
            for kind, starts in prefixes.items():
                if code.startswith(starts):
                    plain[kind].add(each["subject"]["reference"])
    assert {kind: ours[kind] for kind in prefixes} == {kind: plain[kind] for kind in prefixes}
    counts = [len(ours[kind]) for kind in prefixes]
    assert counts == [14, 39, 0]


def test_repeats_lengthen_the_supply() -> None:
    dispense = {"expectedSupplyDuration": days(30), "numberOfRepeatsAllowed": 2}
    assert course(request("2026-01-01", dispenseRequest=dispense)).last_day == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("duration", "last_day"),
    [
        (days(2, "wk"), date(2026, 1, 14)),
        (days(1, "mo"), date(2026, 1, 31)),
        (days(36, "h"), date(2026, 1, 2)),
        (days(2.5), date(2026, 1, 3)),
        ({"value": 14, "unit": "日"}, date(2026, 1, 14)),
    ],
)
def test_units_of_days_ordered(duration: dict[str, object], last_day: date) -> None:
    dosage = {"timing": {"repeat": {"boundsDuration": duration}}}
    found = course(request("2026-01-01", dosageInstruction=[dosage]))
    assert (found.last_day, found.basis) == (last_day, "bounds")


def test_days_ordered_are_not_multiplied_by_repeats() -> None:
    dosage = {"timing": {"repeat": {"boundsDuration": days(10)}}}
    made = request("2026-01-01", dosageInstruction=[dosage])
    made["dispenseRequest"] = {"numberOfRepeatsAllowed": 3}
    assert course(made).last_day == date(2026, 1, 10)


def test_days_supplied_come_before_days_ordered() -> None:
    dosage = {"timing": {"repeat": {"boundsDuration": days(8)}}}
    found = course(request("2026-01-01", days(7), dosageInstruction=[dosage]))
    assert (found.last_day, found.basis) == (date(2026, 1, 7), "supply")


def test_without_any_end_the_end_is_unknown_and_never_past() -> None:
    found = course(request("2001-01-01"))
    assert (found.standing, found.last_day, found.basis) == (Standing.END_UNKNOWN, None, "none")
    assert found.ended_days_ago is None


@pytest.mark.parametrize(
    "supply", [days(0), days(-3), days(value=True), days("7"), days(1e9), {"value": 5}]
)
def test_a_supply_nobody_understands_is_no_end(supply: dict[str, object]) -> None:
    assert course(request("2001-01-01", supply)).standing is Standing.END_UNKNOWN


def test_a_partial_start_names_no_end() -> None:
    assert course(request("2025-12", days(7))).standing is Standing.END_UNKNOWN


def test_the_start_of_use_comes_before_the_day_ordered() -> None:
    dosage = {"extension": [{"url": PERIOD, "valuePeriod": {"start": "2026-04-10"}}]}
    found = course(request("2026-03-30", days(7), dosageInstruction=[dosage]))
    assert (found.standing, found.start) == (Standing.NOT_STARTED, date(2026, 4, 10))


def test_a_day_is_a_day_in_japan() -> None:
    assert course(request("2026-03-30T15:30:00Z", days(1))).start == date(2026, 3, 31)


def test_weekday_usage_is_not_ended_by_days_of_intake() -> None:
    """Seven tablets on Mondays and Thursdays last three and a half weeks, not seven days."""
    supplement = {"coding": [{"system": "urn:oid:1.2.392.200250.2.2.20.22", "code": "W0100100"}]}
    dosage: dict[str, object] = {"additionalInstruction": [supplement]}
    open_ended = request("2026-03-16", days(7), dosageInstruction=[dosage])
    assert course(open_ended, date(2026, 3, 20)).standing is Standing.CURRENT
    assert course(open_ended, date(2026, 3, 31)).standing is Standing.END_UNKNOWN
    bounded = dosage | {"timing": {"repeat": {"boundsDuration": days(24)}}}
    made = request("2026-03-16", days(7), dosageInstruction=[bounded])
    assert course(made).standing is Standing.CURRENT
    assert course(made).last_day == date(2026, 4, 8)


def test_as_needed_medicines_stay_in_sight() -> None:
    dosage = {"text": "疼痛時", "asNeededBoolean": True}
    old = course(request("2025-12-01", days(5), dosageInstruction=[dosage]))
    assert (old.standing, old.as_needed, old.ended_days_ago) == (Standing.AS_NEEDED, True, 116)
    assert course(request("2025-12-01", dosageInstruction=[dosage])).standing is Standing.AS_NEEDED
    mixed = request("2025-12-01", days(5), dosageInstruction=[dosage, {"text": "1日1回"}])
    assert course(mixed).standing is Standing.ENDED


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "draft"])
def test_orders_that_never_held(status: str) -> None:
    assert course_of(request("2026-03-30", days(7), status=status), TODAY) is None


@pytest.mark.parametrize("intent", ["proposal", "plan", "option"])
def test_plans_are_no_orders(intent: str) -> None:
    assert course_of(request("2026-03-30", days(7), intent=intent), TODAY) is None


def test_forbidden_and_foreign_resources_are_no_courses() -> None:
    assert course_of(request("2026-03-30", days(7), doNotPerform=True), TODAY) is None
    assert course_of({"resourceType": "Observation"}, TODAY) is None
    assert course_of({}, TODAY) is None


@pytest.mark.parametrize("status", ["stopped", "on-hold"])
def test_stopped_medicines_say_so(status: str) -> None:
    found = course(request("2026-03-30", days(7), status=status))
    assert (found.standing, found.days_left) == (Standing.STOPPED, None)


def statement(status: str, **more: object) -> dict[str, object]:
    made: dict[str, object] = {
        "resourceType": "MedicationStatement",
        "status": status,
        "medicationCodeableConcept": {"text": "x"},
    }
    return made | more


def test_statements_of_use() -> None:
    open_period = {"start": "2020-01-01"}
    closed = {"start": "2020-01-01", "end": "2026-03-01"}
    assert course(statement("active", effectivePeriod=open_period)).standing is Standing.CURRENT
    assert course(statement("active", effectivePeriod=open_period)).basis == "statement"
    assert course(statement("active", effectivePeriod=closed)).ended_days_ago == 30
    completed = course(statement("completed", effectivePeriod=open_period))
    assert completed.standing is Standing.END_UNKNOWN
    assert course_of(statement("not-taken"), TODAY) is None


def test_a_partial_end_lasts_to_the_end_of_its_month() -> None:
    period = {"start": "2026-01-01", "end": "2026-03"}
    found = course(statement("active", effectivePeriod=period))
    assert (found.last_day, found.standing) == (date(2026, 3, 31), Standing.CURRENT)


def test_dispenses_count_from_the_day_handed_over() -> None:
    made = {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "medicationReference": {"reference": "Medication/1"},
        "whenHandedOver": "2026-03-20T10:00:00+09:00",
        "daysSupply": days(14),
    }
    medication = {"resourceType": "Medication", "code": {"text": "ワーファリン錠１ｍｇ"}}
    found = course_of(made, TODAY, {"Medication/1": medication})
    assert found is not None
    assert (found.last_day, found.drug.name) == (date(2026, 4, 2), "ワーファリン錠１ｍｇ")


def test_a_contained_medicine_and_a_dangling_one() -> None:
    contained = json.loads(
        (
            DATA / "jp-clinical" / "MedicationRequest-jp-medicationrequest-injection-example-1.json"
        ).read_text(encoding="utf-8")
    )
    assert course(contained).drug.name == "ホリゾン注射液１０ｍｇ"
    dangling = request("2026-03-30", days(7))
    del dangling["medicationCodeableConcept"]
    dangling["medicationReference"] = {"reference": "Medication/9", "display": "ムコダイン"}
    assert course(dangling).drug.name == "ムコダイン"


@given(
    start=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    supplied=st.integers(1, 400),
    passed=st.integers(0, 800),
)
def test_a_course_runs_exactly_the_days_supplied(start: date, supplied: int, passed: int) -> None:
    found = course(request(start.isoformat(), days(supplied)), start + timedelta(days=passed))
    assert (found.standing is Standing.CURRENT) == (passed < supplied)
    assert (found.days_left is None) != (found.ended_days_ago is None)


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_of_days_breaks_the_reader(value: float) -> None:
    assert course(request("2026-01-01", days(value))).standing in Standing
