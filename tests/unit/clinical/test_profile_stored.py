"""The stored form of the emergency profile, and what holds for every profile."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.clinical.records import (
    BUILT,
    EGG,
    PATIENT,
    TODAY,
    WARFARIN,
    WARFARIN_BRAND,
    Body,
    allergy,
    condition,
    hospital,
    medicine,
    no_known_allergy,
    profile_of,
    sections,
)

from tasuki.shared.clinical.profile_lasting import lasting_medicines
from tasuki.shared.clinical.profile_lines import EmergencyProfile, Line, SectionState
from tasuki.shared.clinical.profile_sections import allergies_of, medicines_of
from tasuki.shared.clinical.profile_view import view
from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.clinical.view_medicines import view_medicines
from tasuki.shared.clinical.view_sources import Reader
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, render

if TYPE_CHECKING:
    from tasuki.shared.clinical.view_lines import MedicinesView

RESOURCES: tuple[Body, ...] = (
    allergy("そば"),
    allergy("鶏卵", EGG, criticality="high"),
    no_known_allergy(),
    allergy("薬剤アレルギーなし"),
    medicine(*WARFARIN, "2023-12-28", 28),
    medicine(*WARFARIN_BRAND, "2024-01-10", 14),
    medicine(*WARFARIN, "2022-01-01", None),
    medicine("A", None, "2023-12-01", 14),
    medicine("A", None, "2021-12-01", 14),
    medicine("A", None, "2024-02-01", 28),
    medicine("A", None, "2023-11-01", 14, status="stopped"),
    medicine("B", None, "2020-11-01", None),
    medicine("B", None, "2024-01-01", 5),
    medicine("B", None, "2023-01-01", 5, dosageInstruction=[{"asNeededBoolean": True}]),
    condition("高血圧症"),
    condition("肺炎", "resolved"),
    condition("肺炎"),
    PATIENT,
)
RECORDS = st.builds(
    lambda name, kind, state, resources, unreadable: SourceRecords(
        name, name, name, kind, state, BUILT, tuple(resources), unreadable
    ),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["hospital", "resident"]),
    st.sampled_from(SourceState),
    st.lists(st.sampled_from(RESOURCES), max_size=8),
    st.integers(0, 3),
)
SOURCES = st.lists(RECORDS, max_size=3, unique_by=lambda source: source.source)


def lines_in(profile: EmergencyProfile) -> list[Line]:
    return [line for section in sections(profile) for line in section.lines]


@settings(max_examples=60, deadline=None)
@given(SOURCES)
def test_the_stored_form_reads_back_the_same(sources: list[SourceRecords]) -> None:
    profile = profile_of(*sources)
    assert EmergencyProfile.from_json(parse(render(profile.to_json()))) == profile


@settings(max_examples=60, deadline=None)
@given(SOURCES)
def test_no_line_without_a_source_that_is_named(sources: list[SourceRecords]) -> None:
    profile = profile_of(*sources)
    named = {line.source for line in profile.sources}
    assert named == {source.source for source in sources}
    for line in lines_in(profile):
        assert line.facts
        assert {fact.origin.source for fact in line.facts} <= named
    seen = view(profile, TODAY, "en")
    origins = [
        *(line.origins for line in seen.allergies.lines),
        *(line.origins for line in seen.medicines.shown),
        *(dose.origins for line in seen.medicines.shown for dose in line.doses),
        *(line.origins for line in seen.conditions.lines),
    ]
    assert all(origins)


@settings(max_examples=60, deadline=None)
@given(SOURCES)
def test_the_state_is_what_the_section_holds(sources: list[SourceRecords]) -> None:
    for section in sections(profile_of(*sources)):
        holds_lines = bool(section.lines) or section.older > 0
        assert (section.state is SectionState.RECORDED) == holds_lines
        if section.state is SectionState.NOT_ASKED:
            assert not section.missing


def _said(found: MedicinesView) -> object:
    """What a reader sees of the medicines, without the dates of their sources."""
    lines = [
        (
            *(line.name, line.group, line.flag_labels),
            *((dose.name, dose.dose, dose.usage, dose.standing_words) for dose in line.doses),
        )
        for line in found.shown
    ]
    return (lines, found.older_ended)


@settings(max_examples=150, deadline=None)
@given(SOURCES, st.integers(0, 200))
def test_what_is_not_kept_would_never_be_shown(sources: list[SourceRecords], later: int) -> None:
    whole = medicines_of(sources, TODAY)
    reader = Reader(TODAY + timedelta(days=later), "ja", ())
    kept = view_medicines(lasting_medicines(whole, TODAY), reader, lambda _: ())
    assert _said(kept) == _said(view_medicines(whole, reader, lambda _: ()))


def test_numbers_keep_their_digits_in_the_stored_form() -> None:
    raw = render(medicine("A", None, "2023-12-28", 28)).replace(b'"value":1,', b'"value":1.50,')
    stored = render(profile_of(hospital("a", parse(raw))).to_json())
    assert b'"value":1.50' in stored
    seen = view(EmergencyProfile.from_json(parse(stored)), TODAY, "ja")
    assert seen.medicines.current[0].doses[0].dose == "1回 1.50錠"


def test_nothing_of_a_record_is_stored_that_no_reader_needs() -> None:
    secret = medicine("A", None, "2023-12-28", 28) | {
        "id": "SECRET",
        "identifier": [{"value": "SECRET"}],
        "subject": {"reference": "Patient/SECRET"},
        "requester": {"display": "SECRET"},
        "text": {"div": "SECRET"},
        "note": [{"text": "SECRET"}],
        "meta": {"source": "SECRET"},
    }
    assert b"SECRET" not in render(profile_of(hospital("a", secret)).to_json())


def test_a_later_reader_passes_over_members_it_does_not_know() -> None:
    profile = profile_of(hospital("a", allergy("そば")))
    data = profile.to_json()
    data["new"] = {"x": 1}
    data["allergies"]["lines"][0]["new"] = 1
    assert EmergencyProfile.from_json(data) == profile


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data | {"v": 2},
        lambda data: {k: v for k, v in data.items() if k != "v"},
        lambda data: data | {"allergies": []},
        lambda data: data | {"allergies": {"state": "fine"}},
        lambda data: data | {"built_at": 3},
        lambda data: {k: v for k, v in data.items() if k != "person"},
    ],
)
def test_a_stored_form_that_cannot_be_read_is_a_fault(spoil: Any) -> None:
    data = profile_of(hospital("a", allergy("そば"))).to_json()
    with pytest.raises(Fault) as caught:
        EmergencyProfile.from_json(spoil(data))
    assert caught.value.category is Category.STRUCTURE


def test_both_orders_of_sources_give_the_same_lines() -> None:
    pools = ((allergy("鶏卵", EGG), allergy("卵")), (allergy("卵", EGG),), (allergy("そば"),))
    for first, second in product(pools, repeat=2):
        one = allergies_of([hospital("a", *first), hospital("b", *second)], TODAY)
        other = allergies_of([hospital("b", *second), hospital("a", *first)], TODAY)
        assert len(one.lines) == len(other.lines)
