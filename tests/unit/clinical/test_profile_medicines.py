"""Medicines of the emergency profile: promise P7, and one line per drug with all its sources."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tests.unit.clinical.records import (
    TODAY,
    WARFARIN,
    WARFARIN_BRAND,
    WARFARIN_HALF,
    Body,
    allergy,
    hospital,
    medicine,
    profile_of,
    resident,
    tablets,
)

from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.profile_view import view

if TYPE_CHECKING:
    from tasuki.shared.clinical.sources import SourceRecords
    from tasuki.shared.clinical.view_lines import MedicinesView


class TestMedicines:
    def shown(self, *sources: SourceRecords, today: date = TODAY) -> MedicinesView:
        return view(profile_of(*sources), today, "ja").medicines

    def test_brand_and_generic_from_two_pharmacies_are_one_line_with_both_sources(self) -> None:
        found = self.shown(
            hospital("a", medicine(*WARFARIN, "2023-12-28", 28)),
            hospital("b", medicine(*WARFARIN_BRAND, "2023-12-20", 28)),
        )
        (line,) = found.do_not_interrupt
        assert line.also
        assert {origin.source for origin in line.origins} == {"ehr/a", "ehr/b"}
        assert line.flag_labels == ("抗凝固薬",)

    def test_strengths_are_shown_apart_and_not_summed(self) -> None:
        (line,) = self.shown(
            hospital(
                "a",
                medicine(*WARFARIN_BRAND, "2023-12-28", 28),
                medicine(*WARFARIN_HALF, "2023-12-28", 28),
            )
        ).do_not_interrupt
        assert sorted(dose.name for dose in line.doses) == sorted(
            [WARFARIN_BRAND[0], WARFARIN_HALF[0]]
        )

    def test_doses_that_differ_are_both_shown(self) -> None:
        twice = [{"text": "1日2回", "doseAndRate": [tablets(2)]}]
        (line,) = self.shown(
            hospital("a", medicine(*WARFARIN, "2023-12-28", 28)),
            hospital("b", medicine(*WARFARIN, "2024-01-01", 28, dosageInstruction=twice)),
        ).do_not_interrupt
        assert [dose.dose for dose in line.doses] == ["1回 2錠", "1回 1錠"]
        assert [[origin.source for origin in dose.origins] for dose in line.doses] == [
            ["ehr/b"],
            ["ehr/a"],
        ]

    def test_an_uncoded_name_joins_the_one_drug_that_bears_it(self) -> None:
        found = self.shown(
            hospital("a", medicine(*WARFARIN_BRAND, "2023-12-28", 28)),
            resident(medicine("ワーファリン錠1mg", None, "2023-12-28", 28)),
        )
        assert len(found.do_not_interrupt) == 1

    def test_one_name_for_two_routes_joins_neither(self) -> None:
        found = self.shown(
            hospital(
                "a",
                medicine("プレドニゾロン", "2456001F1353", "2023-12-28", 28),
                medicine("プレドニゾロン", "2456405D1010", "2023-12-28", 28),
                medicine("プレドニゾロン", None, "2023-12-28", 28),
            )
        )
        assert len(found.shown) == 3

    def test_the_day_shown_decides(self) -> None:
        source = hospital("a", medicine("アムロジピン錠5mg", "2171022F2010", "2023-12-28", 28))
        current = self.shown(source).current[0].doses[0]
        assert (current.days_left, current.last_day) == (19, date(2024, 1, 24))
        ended = self.shown(source, today=date(2024, 2, 1)).recently_ended[0].doses[0]
        assert (ended.ended_days_ago, ended.standing_words) == (8, "8日前に終了")
        assert self.shown(source, today=date(2024, 4, 23)).recently_ended
        later = self.shown(source, today=date(2024, 4, 24))
        assert (later.shown, later.older_ended) == ((), 1)

    def test_without_any_end_it_is_unknown_and_never_ended(self) -> None:
        source = hospital("a", medicine("アムロジピン錠5mg", "2171022F2010", "2019-01-01", None))
        assert len(self.shown(source).end_unknown) == 1

    def test_as_needed_has_its_own_group(self) -> None:
        needed = [{"text": "頭痛時", "asNeededBoolean": True}]
        source = hospital(
            "a", medicine("ロキソプロフェン錠60mg", None, "2023-12-28", 5, dosageInstruction=needed)
        )
        assert len(self.shown(source).as_needed) == 1

    def test_a_medicine_under_a_recorded_allergy_is_flagged(self) -> None:
        found = self.shown(
            hospital("a", medicine("ロキソニン錠60mg", "1149019F1560", "2023-12-28", 28)),
            resident(allergy("ロキソプロフェン", category=["medication"])),
        )
        assert found.current[0].conflicts == ("ロキソプロフェン",)

    def test_what_ended_long_ago_is_counted_and_not_kept(self) -> None:
        profile = profile_of(hospital("a", medicine("A", None, "2022-01-01", 28)))
        assert (profile.medicines.lines, profile.medicines.older) == ((), 1)
        assert profile.medicines.state is SectionState.RECORDED

    def test_a_referred_medication_is_read_in_its_own_source(self) -> None:
        referring = medicine("", None, "2023-12-28", 28)
        del referring["medicationCodeableConcept"]
        referring["medicationReference"] = {"reference": "Medication/m1"}
        named: Body = {"resourceType": "Medication", "id": "m1", "code": {"text": "A錠"}}
        other = named | {"code": {"text": "B錠"}}
        found = self.shown(hospital("a", referring, named), hospital("b", other))
        assert [line.name for line in found.current] == ["A錠"]

    def test_a_medicine_nobody_can_name_is_still_shown(self) -> None:
        nameless = medicine("", None, "2023-12-28", 28)
        assert [line.name for line in self.shown(hospital("a", nameless)).current] == [
            "名称の記録なし"
        ]
