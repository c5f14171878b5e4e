"""SMART scopes: the grammar, and comparing by meaning.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.access.scopes import (
    LETTERS,
    WORDS,
    ResourceScope,
    ScopeSet,
    parse_scopes,
    recognised_scopes,
)
from tasuki.shared.faults import Category, Fault


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.",
        "patient/Observation",
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/Observation.x",
        "patient/observation.r",
        "patient/Obs-ervation.r",
        "Patient/Observation.r",
        "group/Observation.r",
        "/Observation.r",
        "patient/.r",
        "patient/**.r",
        "patient/Observation.r?",
        "patient/Observation.r?category",
        "patient/Observation.r?category=",
        "patient/Observation.r?=laboratory",
        "patient/Observation.r?a=1&",
        'patient/Observation.r?a="1"',
        "patient/Observation.read?category=laboratory",
        "patient/Observation.reads",
        "patient/Observation.r\n",
        "openid\tfhirUser",
        "OPENID",
        "launch/practitioner",
        "tasuki/everything",
        "patient/Observation.ｒ",  # noqa: RUF001 - a full-width letter is the point
        "x" * 8_001,
        " ".join(["openid"] * 101),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_not_a_scope_is_refused(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse_scopes(text)
    assert fault.value.category is Category.INVALID
    assert fault.value.at == ("scope",)


def test_unknown_scopes_can_be_left_out_instead() -> None:
    assert str(recognised_scopes("launch/practitioner openid profile patient/*.x")) == "openid"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("  openid   openid ", "openid"),
        ("patient/*.read", "patient/*.rs"),
        ("user/Patient.write", "user/Patient.cud"),
        ("system/*.*", "system/*.cruds"),
        ("patient/Observation.rs?b=2&a=1", "patient/Observation.rs?a=1&b=2"),
        (
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/x|laboratory",
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/x|laboratory",
        ),
        ("tasuki/desk fhirUser", "fhirUser tasuki/desk"),
    ],
)
def test_a_scope_is_read_and_written(text: str, written: str) -> None:
    assert str(parse_scopes(text)) == written


@pytest.mark.parametrize(
    ("held", "type_", "letter", "allowed"),
    [
        ("", "Observation", "r", False),
        ("openid tasuki/desk", "Observation", "r", False),
        ("patient/Observation.r", "Observation", "r", True),
        ("patient/Observation.r", "Observation", "s", False),
        ("patient/Observation.r", "Patient", "r", False),
        ("patient/*.r", "Patient", "r", True),
        ("patient/*.r", "*", "r", True),
        ("patient/Observation.r", "*", "r", False),
        ("patient/Observation.r?category=laboratory", "Observation", "r", False),
        ("patient/Observation.r?category=laboratory user/*.r", "Observation", "r", True),
        ("patient/*.rs", "Observation", "rs", False),
        ("patient/*.rs", "Observation", "", False),
    ],
)
def test_a_set_allows_only_what_it_says_without_conditions(
    held: str, type_: str, letter: str, *, allowed: bool
) -> None:
    assert parse_scopes(held).allows(type_, letter) is allowed


def test_conditions_are_told_where_nothing_is_unconditional() -> None:
    some = parse_scopes("patient/Observation.rs?category=laboratory patient/*.r?a=1")
    assert some.restrictions("Observation", "r") == (
        (("a", "1"),),
        (("category", "laboratory"),),
    )
    assert some.restrictions("Patient", "s") == ()
    assert parse_scopes("patient/*.r patient/Patient.r?a=1").restrictions("Patient", "r") == ()


def test_contexts_tell_whose_data_a_permission_is_about() -> None:
    scopes = parse_scopes("patient/*.rs user/Patient.r openid")
    assert scopes.contexts("Patient", "r") == {"patient", "user"}
    assert scopes.contexts("Patient", "s") == {"patient"}
    assert scopes.contexts("Patient", "d") == frozenset()
    assert str(scopes.in_contexts(frozenset({"user"}))) == "openid user/Patient.r"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("patient/*.rs", "patient/Observation.cruds", "patient/Observation.rs"),
        ("patient/*.rs", "user/*.rs", ""),
        ("patient/Patient.r", "patient/Observation.r", ""),
        ("patient/*.r", "patient/*.s", ""),
        ("user/*.rs?a=1", "user/Patient.r?b=2", "user/Patient.r?a=1&b=2"),
        ("openid tasuki/desk", "openid tasuki/feed", "openid"),
        ("patient/*.r patient/Patient.r", "patient/*.r", "patient/*.r"),
    ],
)
def test_narrowing_leaves_what_both_allow(one: str, other: str, both: str) -> None:
    assert str(parse_scopes(one).narrowed_to(parse_scopes(other))) == both
    assert str(parse_scopes(other).narrowed_to(parse_scopes(one))) == both


@pytest.mark.parametrize(
    ("small", "large", "within"),
    [
        ("", "", True),
        ("patient/Observation.rs", "patient/*.rs", True),
        ("patient/Observation.rs", "patient/Observation.r patient/*.s", True),
        ("patient/*.r", "patient/Observation.r", False),
        ("patient/Observation.cruds", "patient/*.rs", False),
        ("patient/Observation.r?a=1", "patient/Observation.r", True),
        ("patient/Observation.r", "patient/Observation.r?a=1", False),
        ("patient/Observation.r?a=1&b=2", "patient/Observation.r?b=2", True),
        ("patient/Observation.r?a=1", "patient/Observation.r?a=2", False),
        ("user/Observation.r", "system/*.cruds patient/*.cruds", False),
        ("openid", "patient/*.cruds", False),
    ],
)
def test_a_subset_is_judged_by_meaning(small: str, large: str, *, within: bool) -> None:
    assert parse_scopes(small).is_subset(parse_scopes(large)) is within


RESOURCE_SCOPES = st.builds(
    ResourceScope,
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from(["*", "Patient", "Observation", "Consent"]),
    st.frozensets(st.sampled_from(LETTERS), min_size=1),
    st.sampled_from([(), (("a", "1"),), (("a", "1"), ("b", "2")), (("b", "2"),)]),
)
SETS = st.builds(
    ScopeSet,
    st.frozensets(RESOURCE_SCOPES, max_size=4),
    st.frozensets(st.sampled_from(sorted(WORDS)), max_size=3),
)


@given(SETS, SETS)
def test_narrowing_never_widens(one: ScopeSet, other: ScopeSet) -> None:
    both = one.narrowed_to(other)
    assert both.is_subset(one)
    assert both.is_subset(other)


@given(SETS, SETS)
def test_what_is_within_survives_narrowing(one: ScopeSet, other: ScopeSet) -> None:
    if one.is_subset(other):
        assert one.is_subset(one.narrowed_to(other))


@given(SETS, SETS)
def test_a_subset_allows_nothing_more(one: ScopeSet, other: ScopeSet) -> None:
    if one.is_subset(other):
        for type_ in ("Patient", "Observation", "Medication"):
            for letter in LETTERS:
                assert not one.allows(type_, letter) or other.allows(type_, letter)
                assert one.contexts(type_, letter) <= other.contexts(type_, letter)


@given(SETS)
def test_written_scopes_read_back_the_same(scopes: ScopeSet) -> None:
    assert parse_scopes(str(scopes)) == scopes
