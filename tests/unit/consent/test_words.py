"""Plain words, the JSON form of decisions, implicit policies, resource facts, and times."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.decision import (
    AccessRequest,
    BreakGlass,
    BreakGlassReason,
    DenyReason,
    Route,
    decide,
    facts_of,
)
from tasuki.consent.explain import CLASSES, DENIALS, OVERRIDES, ROUTES, Language, explain
from tasuki.consent.policy import ImplicitPolicy, read_implicit_policy
from tasuki.consent.resource_types import R4_TYPES, class_of, types_of
from tasuki.consent.times import period_of, stretch_of
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, DataClass, Effect, Level, Purpose
from tasuki.consent.wire import write_decision
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.consent.rules import ConsentRule

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def test_every_answer_has_words_in_both_languages() -> None:
    tables: list[tuple[Any, Any]] = [
        (DENIALS, DenyReason),
        (ROUTES, Route),
        (OVERRIDES, BreakGlassReason),
        (CLASSES, DataClass),
    ]
    for table, kind in tables:
        assert set(table) == set(kind)
        for words in table.values():
            assert JAPANESE.search(words["ja"])
            assert not JAPANESE.search(words["en"])
            assert words["en"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_refusal_is_told_in_plain_words(
    request_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    language: Language,
) -> None:
    told = explain(decide(request_of(consents=(rule_of({"type": "deny"}),))), language)
    assert (
        told.headline
        == {
            "ja": "ご本人が閲覧を断っています。",
            "en": "The resident has refused this access.",
        }[language]
    )
    assert len(told.details) == 1


def test_a_permit_says_on_what_it_rests_and_what_is_withheld(
    request_of: Callable[..., AccessRequest],
    rule_of: Callable[..., ConsentRule],
    override_of: Callable[..., BreakGlass],
) -> None:
    no = rule_of({"type": "deny", "class": ["Condition"]})
    within = ImplicitPolicy("kaga", Effect.PERMIT, break_glass=Effect.PERMIT)
    told = explain(decide(request_of(policy=within, consents=(no,))), "en")
    assert told.headline == "Access is permitted. For care within the same region."
    assert "Withheld: conditions" in told.details
    life = override_of(reason=BreakGlassReason.LIFE)
    request = request_of(
        policy=within, purpose=Purpose.BTG, break_glass=life, consents=(rule_of({"type": "deny"}),)
    )
    told = explain(decide(request), "ja")
    assert told.headline == "閲覧できます。緊急閲覧です。ご本人に知らせ、後で点検します。"
    assert "ご本人は以前に断っていますが、生命に関わるため開きました。" in told.details


def test_a_decision_is_written_as_json(
    request_of: Callable[..., AccessRequest], rule_of: Callable[..., ConsentRule]
) -> None:
    rule = rule_of(
        {
            "type": "permit",
            "purpose": ["TREAT"],
            "provision": [{"type": "deny", "class": ["Condition"]}],
        }
    )
    asked = frozenset({DataClass.MEDICINES, DataClass.CONDITIONS})
    permit = json.loads(
        json.dumps(write_decision(decide(request_of(consents=(rule,), classes=asked))))
    )
    assert permit["decision"] == "permit"
    assert permit["basis"]["consents"] == [
        {
            "id": "c1",
            "version": "3",
            "policy": "urn:tasuki:policy:everyday",
            "provisions": ["Consent.provision", "Consent.provision.provision[0]"],
        }
    ]
    assert permit["residual"]["withheld_types"] == ["Condition"]
    assert permit["residual"]["withheld_classes"] == ["conditions"]
    assert permit["residual"]["consents"][0]["rules"] == [
        {
            "type": "forbid",
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}],
        }
    ]
    deny = json.loads(json.dumps(write_decision(decide(request_of()))))
    assert (deny["decision"], deny["reason"]) == ("deny", "no-permission")
    assert "residual" not in deny


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "policy"),
        ({"everyday_within": "permit"}, "policy.region"),
        ({"region": "kaga", "everyday_within": "yes"}, "policy.everyday_within"),
        ({"region": "kaga", "everyday": "permit"}, "policy.everyday"),
        ({"region": "kaga", "break_glass_classes": ["blood"]}, "policy.break_glass_classes"),
    ],
)
def test_a_policy_not_understood_is_refused(document: dict[str, Any], path: str) -> None:
    with pytest.raises(Fault) as caught:
        read_implicit_policy(document)
    assert caught.value.at == (path,)


def test_what_a_policy_leaves_out_is_deny() -> None:
    policy = read_implicit_policy({"region": "kaga", "disaster": "permit"})
    assert policy == ImplicitPolicy("kaga", disaster=Effect.PERMIT)
    assert Effect.PERMIT not in (policy.everyday_within, policy.everyday_across, policy.break_glass)
    assert policy.break_glass_classes == EMERGENCY_CLASSES


def test_the_data_classes_share_all_types_out() -> None:
    shares = [types_of(frozenset({one})) for one in DataClass]
    assert sum(map(len, shares)) == len(R4_TYPES) == len(types_of(frozenset(DataClass)))
    assert class_of("MedicationStatement") is DataClass.MEDICINES
    assert class_of("Observation") is DataClass.OTHER
    assert class_of("Medicine") is None
    assert types_of(frozenset()) == frozenset()


SECURITY = "http://terminology.hl7.org/CodeSystem"


@pytest.mark.parametrize(
    ("labels", "level", "sensitivities"),
    [
        ([], Level.N, set()),
        ([("v3-Confidentiality", "R")], Level.R, set()),
        ([("v3-Confidentiality", "N"), ("v3-Confidentiality", "V")], Level.V, set()),
        ([("v3-Confidentiality", "secret")], Level.V, set()),
        ([("v3-ActCode", "HIV")], Level.R, {"HIV"}),
        ([("v3-ActReason", "HTEST")], Level.N, set()),
        ([("a-local-system", "house")], Level.R, {"house"}),
    ],
)
def test_labels_not_known_are_the_stricter(
    labels: list[tuple[str, str]], level: Level, sensitivities: set[str]
) -> None:
    security = [{"system": f"{SECURITY}/{system}", "code": code} for system, code in labels]
    facts = facts_of({"resourceType": "Condition", "id": "1", "meta": {"security": security}})
    assert (facts.level, facts.sensitivities) == (level, frozenset(sensitivities))


def test_the_facts_of_a_resource() -> None:
    indication = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
    facts = facts_of(
        {
            "resourceType": "Condition",
            "id": "1",
            "meta": {"tag": [{"system": indication, "code": "UNINFORMED"}]},
            "onsetDateTime": "2019",
            "recordedDate": "2022-02-03",
            "recorder": {"reference": "Practitioner/p1"},
            "encounter": {"reference": "Encounter/e1"},
        }
    )
    assert facts.reference == "Condition/1"
    assert facts.tags == {"UNINFORMED"}
    assert facts.level is Level.N
    assert facts.authors == frozenset({"Practitioner/p1"})
    assert facts.links == frozenset({"Practitioner/p1", "Encounter/e1"})
    assert facts.period == period_of("2019", "2022-02-03")  # the span over all its dates


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "id": "1"},
        {"resourceType": "Condition", "id": "1", "recordedDate": "long ago"},
        {"resourceType": "Encounter", "id": "1", "period": {"start": "2022", "end": "2021"}},
    ],
)
def test_a_date_that_is_not_known_stays_unknown(resource: dict[str, Any]) -> None:
    facts = facts_of(resource)
    assert (facts.period, facts.authors) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "22",
        "2022-13",
        "2022-02-30",
        "2022-07-01T09:00:00",
        "2022-07-01T24:00:00Z",
        "\uff12\uff10\uff12\uff12",  # full-width digits
        "0000",
    ],
)
def test_what_is_no_date_has_no_stretch(text: str) -> None:
    assert stretch_of(text) is None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2022", (2021, 12, 31, 15), (2022, 12, 31, 15)),
        ("2022-12", (2022, 11, 30, 15), (2022, 12, 31, 15)),
        ("2024-02-29", (2024, 2, 28, 15), (2024, 2, 29, 15)),
    ],
)
def test_a_date_is_a_day_in_japan(
    text: str, start: tuple[int, int, int, int], end: tuple[int, int, int, int]
) -> None:
    found = stretch_of(text)
    assert found is not None
    assert found.start == datetime(*start, tzinfo=UTC)
    assert found.end == datetime(*end, tzinfo=UTC)


def test_a_timestamp_is_one_instant() -> None:
    found = stretch_of("2022-07-01T09:00:00.5+09:00")
    assert found is not None
    assert found.start == datetime(2022, 7, 1, 0, 0, 0, 500000, tzinfo=UTC)
    assert found.holds(found.start)
    assert not found.holds(found.end)
