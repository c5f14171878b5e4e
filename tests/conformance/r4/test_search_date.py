"""Date parameters: ranges against ranges, with every prefix.

Dates without a zone are the server's to place, so cases with a day keep clear of its edges: what
happens at 20:30 in Japan lies on that day from Honolulu to Auckland, nearly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Search, cases
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import DATE, LAST_UPDATED, MODIFIERS, PREFIX

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

JANUARY_10 = "w1 bp1 panel tw"
OF_2026 = "w1 w2 w3 bp1 bp2 a1c smoke panel tw"
SAME = "2026-01-10T20:30:00+09:00"

BIRTHS = [
    Search("date-day", "Patient?birthdate=1938-04-05", "hanako", DATE),
    Search("date-eq", "Patient?birthdate=eq1938-04-05", "hanako", DATE),
    Search("date-leap-day", "Patient?birthdate=2000-02-29", "marie", DATE),
    Search("date-month", "Patient?birthdate=1938-04", "hanako", DATE),
    Search("date-year", "Patient?birthdate=1980", "jiro umi", DATE),
    Search("date-year-of-month", "Patient?birthdate=1935", "taro", DATE),
    Search("date-month-of-month", "Patient?birthdate=1935-01", "taro", DATE),
    Search("date-day-is-not-the-month", "Patient?birthdate=1935-01-01", "", DATE,
           witness="Patient?birthdate=1935-01"),
    Search("date-day-is-not-the-year", "Patient?birthdate=1980-12-31", "jiro", DATE),
    Search("date-ne", "Patient?birthdate=ne1980", "hanako taro marie", PREFIX),
    Search("date-ne-day", "Patient?birthdate=ne1980-12-31", "hanako taro umi marie", PREFIX),
    Search("date-gt", "Patient?birthdate=gt1980", "marie", PREFIX),
    Search("date-gt-overlaps", "Patient?birthdate=gt1980-06", "jiro umi marie", PREFIX),
    Search("date-lt", "Patient?birthdate=lt1980", "hanako taro", PREFIX),
    Search("date-lt-overlaps", "Patient?birthdate=lt1980-06", "hanako taro umi", PREFIX),
    Search("date-ge", "Patient?birthdate=ge1980", "jiro umi marie", PREFIX),
    Search("date-ge-same-day", "Patient?birthdate=ge2000-02-29", "marie", PREFIX),
    Search("date-le-same-day", "Patient?birthdate=le1938-04-05", "hanako taro", PREFIX),
    Search("date-le", "Patient?birthdate=le1938", "hanako taro", PREFIX),
    Search("date-sa", "Patient?birthdate=sa1938-04-05", "jiro umi marie", PREFIX),
    Search("date-sa-no-overlap", "Patient?birthdate=sa1980-06", "jiro marie", PREFIX),
    Search("date-eb", "Patient?birthdate=eb1938-04-05", "taro", PREFIX),
    Search("date-eb-no-overlap", "Patient?birthdate=eb1980-06", "hanako taro", PREFIX),
    Search("date-ap", "Patient?birthdate=ap1938-04-05", "hanako", PREFIX, at_least=True),
    Search("date-between", "Patient?birthdate=ge1938&birthdate=lt1981", "hanako jiro umi", DATE),
    Search("date-or", "Patient?birthdate=1938-04-05,2000-02-29", "hanako marie", DATE),
    Search("date-missing", "Patient?death-date:missing=false", "taro", MODIFIERS),
    Search("date-time-by-month", "Patient?death-date=2026-02", "taro", DATE),
]  # fmt: skip

TIMES = [
    Search("date-instant", f"Observation?date={SAME}", "w1 tw", DATE),
    Search("date-instant-utc", "Observation?date=2026-01-10T11:30:00Z", "w1 tw", DATE),
    Search("date-instant-west", "Observation?date=2026-01-10T06:30:00-05:00", "w1 tw", DATE),
    Search("date-minute", "Observation?date=2026-01-10T20:30+09:00", "w1 tw", DATE),
    Search("date-of-day", "Observation?date=2026-01-10", JANUARY_10, DATE),
    Search("date-of-month", "Observation?date=2026-01", f"{JANUARY_10} a1c", DATE),
    Search("date-month-holds-month", "Observation?date=2026-02", "w2 smoke", DATE),
    Search("date-of-year", "Observation?date=2026", OF_2026, DATE),
    Search("date-year-holds-year", "Observation?date=2025", "memo", DATE),
    Search("date-time-ne", "Observation?date=ne2026", "memo jw", PREFIX),
    Search("date-time-gt", f"Observation?date=gt{SAME}", "w2 w3 bp1 bp2 a1c smoke panel", PREFIX),
    Search("date-time-ge", f"Observation?date=ge{SAME}", OF_2026, PREFIX),
    Search("date-time-lt", f"Observation?date=lt{SAME}", "memo jw", PREFIX),
    Search("date-time-le", f"Observation?date=le{SAME}", "w1 tw memo jw", PREFIX),
    Search("date-day-gt", "Observation?date=gt2026-02-20", "w3 bp2 smoke", PREFIX),
    Search("date-month-gt", "Observation?date=gt2026-02", "w3 bp2", PREFIX),
    Search("date-month-ge", "Observation?date=ge2026-02", "w2 w3 bp2 smoke", PREFIX),
    Search("date-day-lt", "Observation?date=lt2026-01-12", f"{JANUARY_10} memo jw", PREFIX),
    Search("date-day-le", "Observation?date=le2026-01-10", f"{JANUARY_10} memo jw", PREFIX),
    Search("date-in-year-lt", "Observation?date=lt2025-06", "memo jw", PREFIX),
    Search("date-in-year-gt", "Observation?date=gt2025-06", f"{OF_2026} memo", PREFIX),
    Search("date-month-sa", "Observation?date=sa2026-02", "w3 bp2", PREFIX),
    Search("date-year-sa", "Observation?date=sa2025", OF_2026, PREFIX),
    Search("date-year-eb", "Observation?date=eb2026", "memo jw", PREFIX),
    Search("date-day-eb", "Observation?date=eb2026-02-05", f"{JANUARY_10} a1c memo jw", PREFIX),
    Search("date-time-between", f"Observation?date=gt{SAME}&date=lt2026-01-10T20:40:00+09:00",
           "bp1", DATE),
    Search("date-time-or", "Observation?date=2025,2026-02", "memo w2 smoke", DATE),
    Search("date-time-ap", f"Observation?date=ap{SAME}", "w1 tw", PREFIX, at_least=True),
    Search("date-time-missing", "Observation?date:missing=true", "pulse", MODIFIERS),
    Search("date-fraction", "Observation?date=ge2026-03-10T20:34:59.999+09:00", "bp2", DATE),
]  # fmt: skip

NOON = "2026-01-15T12:00:00+09:00"
PERIODS = [
    Search("period-in-month", "Observation?code=4548-4&date=2026-01", "a1c", DATE),
    Search("period-not-within-instant", f"Observation?code=4548-4&date={NOON}", "", DATE,
           witness="Observation?code=4548-4&date=2026-01"),
    Search("period-gt", f"Observation?code=4548-4&date=gt{NOON}", "a1c", PREFIX),
    Search("period-lt", f"Observation?code=4548-4&date=lt{NOON}", "a1c", PREFIX),
    Search("period-sa", "Observation?code=4548-4&date=sa2026-01-15T00:00:00+09:00", "a1c", PREFIX),
    Search("period-not-sa", f"Observation?code=4548-4&date=sa{NOON}", "", PREFIX,
           witness=f"Observation?code=4548-4&date=gt{NOON}"),
    Search("period-eb", "Observation?code=4548-4&date=eb2026-01-16T12:00:00+09:00", "a1c", PREFIX),
    Search("period-not-eb", f"Observation?code=4548-4&date=eb{NOON}", "", PREFIX,
           witness=f"Observation?code=4548-4&date=lt{NOON}"),
    Search("period-open-gt", "Encounter?date=gt2030", "stay", PREFIX),
    Search("period-open-sa", "Encounter?date=sa2026-02", "stay", PREFIX),
    Search("period-open-lt", "Encounter?date=lt2026-04", "visit stay other", PREFIX),
    Search("period-open-not-eb", "Encounter?date=eb2030", "visit other", PREFIX),
    Search("period-open-not-eq", "Encounter?date=2026", "visit other", DATE),
    Search("period-years-ago", "Procedure?date=2010-05", "surgery", DATE),
    Search("onset-month", "Condition?onset-date=2015", "pressure", DATE),
    Search("onset-missing", "Condition?onset-date:missing=true", "sugar", MODIFIERS),
    Search("abatement", "Condition?abatement-date=lt2022", "bone", PREFIX),
    Search("recorded", "Condition?recorded-date=ge2026-01-12", "sugar", PREFIX),
    Search("authored", "MedicationRequest?authoredon=2026-01-10", "rx1 rx3", DATE),
    Search("authored-lt", "MedicationRequest?authoredon=lt2026", "rx2", PREFIX),
    Search("issued", "DiagnosticReport?issued=ge2026-01-16T21:00:00+09:00", "report", PREFIX),
    Search("occurrence", "Immunization?date=2025-11", "flu", DATE),
    Search("last-updated-ge", "Patient?_lastUpdated=ge2020-01-01", "hanako taro jiro umi marie",
           LAST_UPDATED),
    Search("last-updated-lt", "Patient?_lastUpdated=lt2020-01-01", "", LAST_UPDATED,
           witness="Patient?_lastUpdated=gt2020-01-01"),
]  # fmt: skip


@cases([*BIRTHS, *TIMES, *PERIODS])
def test_date(world: World, case: Search) -> None:
    require_found(world, case)
