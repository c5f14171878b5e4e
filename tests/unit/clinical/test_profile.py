"""The emergency profile: five states, allergies, conditions, and whom it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.clinical.records import (
    EGG,
    EGG_WHITE,
    INDICATION,
    PATIENT,
    SNOMED,
    TODAY,
    allergy,
    condition,
    hospital,
    no_known_allergy,
    profile_of,
    resident,
    sections,
)

from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.profile_view import age_years, view
from tasuki.shared.clinical.sources import SourceRecords, SourceState

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language
    from tasuki.shared.clinical.view_lines import AllergyView


class TestFiveStates:
    """Promise P6: each state alone, on the data and in words."""

    CASES = (
        (SectionState.RECORDED, [hospital("a", allergy("そば"))]),
        (SectionState.NONE_KNOWN, [hospital("a", no_known_allergy())]),
        (SectionState.NOT_ASKED, [hospital("a"), hospital("b", state=SourceState.NONE)]),
        (SectionState.WITHHELD, [hospital("a"), hospital("b", state=SourceState.WITHHELD)]),
        (SectionState.UNREACHABLE, [hospital("a"), hospital("b", state=SourceState.UNREACHABLE)]),
    )

    @pytest.mark.parametrize(("state", "sources"), CASES)
    def test_the_section_is_in_this_state(
        self, state: SectionState, sources: list[SourceRecords]
    ) -> None:
        assert profile_of(*sources).allergies.state is state

    def test_no_two_states_read_alike(self) -> None:
        languages: tuple[Language, ...] = ("ja", "en")
        for language in languages:
            heads = {
                view(profile_of(*sources), TODAY, language).allergies.head.words
                for _, sources in self.CASES
            }
            assert len(heads) == len(SectionState)

    @pytest.mark.parametrize(
        "lost", [SourceState.WITHHELD, SourceState.UNREACHABLE], ids=lambda state: state.value
    )
    def test_lines_beside_a_missing_source_are_recorded_and_incomplete(
        self, lost: SourceState
    ) -> None:
        profile = profile_of(hospital("a", allergy("そば")), hospital("b", state=lost))
        assert profile.allergies.state is SectionState.RECORDED
        head = view(profile, TODAY, "ja").allergies.head
        assert head.incomplete
        assert [(each.source, each.state) for each in head.missing] == [("ehr/b", lost)]
        assert "b病院" in head.missing[0].words

    def test_none_known_beside_a_missing_source_stays_incomplete(self) -> None:
        profile = profile_of(
            hospital("a", no_known_allergy()), hospital("b", state=SourceState.UNREACHABLE)
        )
        assert profile.allergies.state is SectionState.NONE_KNOWN
        assert view(profile, TODAY, "en").allergies.head.incomplete

    def test_a_source_that_holds_back_one_type_is_missing_there_only(self) -> None:
        source = replace(
            hospital("a", allergy("そば")), withheld_types=frozenset({"MedicationRequest"})
        )
        profile = profile_of(source)
        assert profile.medicines.state is SectionState.WITHHELD
        assert profile.allergies.missing == ()

    def test_no_source_at_all_is_not_asked(self) -> None:
        assert {section.state for section in sections(profile_of())} == {SectionState.NOT_ASKED}

    def test_coded_none_known_medicines_and_problems(self) -> None:
        none = {"coding": [{"system": SNOMED, "code": "787481004"}]}
        statement = {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationCodeableConcept": none,
        }
        problem = condition("") | {"code": {"coding": [{"system": SNOMED, "code": "160245001"}]}}
        profile = profile_of(hospital("a", statement, problem))
        assert profile.medicines.state is SectionState.NONE_KNOWN
        assert profile.conditions.state is SectionState.NONE_KNOWN

    def test_no_information_codes_mean_not_asked(self) -> None:
        code = {"coding": [{"system": SNOMED, "code": "1287211007"}]}
        profile = profile_of(
            hospital("a", allergy("") | {"code": code}, condition("") | {"code": code})
        )
        assert profile.allergies.state is SectionState.NOT_ASKED
        assert profile.conditions.state is SectionState.NOT_ASKED


class TestAllergies:
    def shown(self, *sources: SourceRecords) -> tuple[AllergyView, ...]:
        return view(profile_of(*sources), TODAY, "ja").allergies.lines

    def test_a_recorded_allergy_outranks_none_known_and_the_disagreement_is_said(self) -> None:
        found = view(
            profile_of(hospital("a", no_known_allergy()), resident(allergy("そば"))), TODAY, "ja"
        ).allergies
        assert found.head.state is SectionState.RECORDED
        assert found.disagreement
        assert [line.name for line in found.lines] == ["そば"]
        assert "a病院" in found.head.notes[0]

    def test_no_drug_allergy_is_less_than_none_known(self) -> None:
        partial = allergy("薬剤アレルギーなし")
        profile = profile_of(hospital("a", partial))
        assert profile.allergies.state is SectionState.NOT_ASKED
        notes = view(profile, TODAY, "ja").allergies.head.notes
        assert "薬剤アレルギーなし" in notes[0]

    def test_worst_first(self) -> None:
        mild = allergy("A", reaction=[{"severity": "mild", "manifestation": [{"text": "発疹"}]}])
        severe = allergy(
            "B", reaction=[{"severity": "severe", "manifestation": [{"text": "血圧低下"}]}]
        )
        high = allergy("C", criticality="high")
        low = allergy("D", criticality="low")
        gone = allergy("E", criticality="high", clinicalStatus={"coding": [{"code": "resolved"}]})
        unrated = allergy("F")
        lines = self.shown(hospital("a", gone, low, mild, unrated, severe, high))
        assert [line.name for line in lines] == ["C", "B", "F", "A", "D", "E"]
        assert [line.active for line in lines] == [True] * 5 + [False]

    def test_one_code_from_two_sources_is_one_line_with_both(self) -> None:
        lines = self.shown(hospital("a", allergy("鶏卵", EGG)), hospital("b", allergy("卵", EGG)))
        assert len(lines) == 1
        assert [origin.title for origin in lines[0].origins] == ["a病院", "b病院"]
        assert lines[0].also == ("卵",)

    def test_a_part_and_the_whole_stay_two_lines(self) -> None:
        assert len(self.shown(hospital("a", allergy("鶏卵", EGG), allergy("卵白", EGG_WHITE)))) == 2

    def test_a_category_code_joins_nothing(self) -> None:
        assert len(self.shown(hospital("a", allergy("小麦", "00F"), allergy("卵", "00F")))) == 2

    def test_both_languages(self) -> None:
        line = view(profile_of(hospital("a", allergy("鶏卵", EGG))), TODAY, "en").allergies.lines[0]
        assert (line.name.casefold(), line.other_name) == ("poultry egg", "鶏卵")

    def test_self_reported_only_while_no_provider_says_it(self) -> None:
        own = resident(allergy("そば"))
        assert self.shown(own)[0].self_reported
        both = self.shown(own, hospital("a", allergy("そば", recordedDate="2010-01-01")))[0]
        assert not both.self_reported
        assert [origin.self_reported for origin in both.origins] == [False, True]
        assert both.facts[0].origin.source == "ehr/a"

    def test_older_than_five_years(self) -> None:
        old = allergy("そば", recordedDate="2018-12-31")
        assert self.shown(hospital("a", old))[0].older_than_5_years
        assert not self.shown(hospital("a", old), hospital("b", allergy("そば")))[
            0
        ].older_than_5_years

    def test_refuted_records_say_nothing(self) -> None:
        refuted = allergy("そば", verificationStatus={"coding": [{"code": "refuted"}]})
        assert profile_of(hospital("a", refuted)).allergies.state is SectionState.NOT_ASKED


class TestConditions:
    def test_suspected_is_labelled_and_resolved_is_counted(self) -> None:
        provisional = {"coding": [{"code": "provisional"}]}
        found = view(
            profile_of(
                hospital(
                    "a",
                    condition("胃癌", verificationStatus=provisional),
                    condition("高血圧症"),
                    condition("肺炎", "resolved"),
                )
            ),
            TODAY,
            "ja",
        ).conditions
        assert [line.name for line in found.lines] == ["高血圧症", "胃癌（疑い）"]
        assert found.resolved == 1

    def test_a_suspected_disease_never_joins_the_sure_one(self) -> None:
        provisional = {"coding": [{"code": "provisional"}]}
        sure, suspected = condition("胃癌"), condition("胃癌", verificationStatus=provisional)
        profile = profile_of(hospital("a", sure), hospital("b", suspected))
        assert len(profile.conditions.lines) == 2


class TestDisclosure:
    @pytest.mark.parametrize("code", ["UNINFORMED", "UNDELIVERED"])
    def test_what_the_person_is_not_told_leaves_no_trace(self, code: str) -> None:
        hidden = condition("膵癌", meta={"tag": [{"system": INDICATION, "code": code}]})
        told = profile_of(hospital("a", condition("高血圧症")))
        assert profile_of(hospital("a", condition("高血圧症"), hidden)) == told

    def test_to_be_kept_long_is_no_reason_to_hide(self) -> None:
        kept = allergy("そば", meta={"tag": [{"system": INDICATION, "code": "LTS"}]})
        assert len(profile_of(hospital("a", kept)).allergies.lines) == 1


class TestPerson:
    def test_read_from_the_patient(self) -> None:
        profile = profile_of(hospital("a", PATIENT), resident(PATIENT))
        person = profile.person
        assert (person.name, person.kana, person.municipality) == (
            "能登 花子",
            "ノト ハナコ",
            "輪島市",
        )
        assert (person.birth_date, person.sex, person.language) == ("1938-04-05", "female", "ja-JP")
        assert [(c.name, c.relationship, c.phone, c.source) for c in profile.contacts] == [
            ("能登 桜", "長女", "090-0000-0000", "ehr/a")
        ]
        assert view(profile, TODAY, "ja").age_years == 85

    def test_another_source_fills_gaps_only(self) -> None:
        other = {
            "resourceType": "Patient",
            "gender": "male",
            "telecom": [{"system": "phone", "value": "1"}],
        }
        bare = {"resourceType": "Patient", "gender": "female"}
        person = profile_of(resident(other), hospital("a", bare)).person
        assert (person.sex, person.phone) == ("female", "1")

    @pytest.mark.parametrize(
        ("born", "age"),
        [("2000-01-05", 24), ("2000-01-06", 23), ("2000", None), ("", None), ("2000-02-29", 23)],
    )
    def test_age(self, born: str, age: int | None) -> None:
        assert age_years(born, TODAY) == age
