from __future__ import annotations

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import Comparison, compare, parse_member_id


def test_vectors(member_id_row: dict[str, str]) -> None:
    text, expected = member_id_row["input"], member_id_row["expected"]
    if expected != "refused":
        assert str(parse_member_id(text)) == expected
        assert str(parse_member_id(expected)) == expected
        return
    with pytest.raises(Fault) as refusal:
        parse_member_id(text)
    assert refusal.value.category is Category.INVALID


def test_parts() -> None:
    member = parse_member_id("00012345:あいう:187:05")
    assert (member.insurer, member.symbol, member.number) == ("00012345", "あいう", "187")
    assert member.branch == "05"
    assert member.same_person_key() == "00012345:あいう:187:05"
    assert member.same_household_key() == "00012345:あいう:187"


def test_a_missing_branch_is_seen_and_names_nobody() -> None:
    member = parse_member_id("00012345::187:")
    assert member.branch is None
    assert member.same_person_key() is None
    assert member.same_household_key() == "00012345::187"


def test_control_characters_are_refused() -> None:
    with pytest.raises(Fault):
        parse_member_id("00012345:あ\x00:187:05")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("00012345:あ:187:05", "00012345:あ:187:5", Comparison.EQUAL),
        ("138057:あ:187:05", "00138057:あ:187:05", Comparison.EQUAL),
        ("00012345:あ:187:05", "00012345:あ:187:06", Comparison.BRANCH_DIFFERS),
        ("00012345:あ:187:05", "00012345:あ:187:", Comparison.BRANCH_MISSING),
        ("00012345:あ:187:", "00012345:あ:187", Comparison.BRANCH_MISSING),
        ("00012345:あ:187:05", "00012346:あ:187:05", Comparison.DIFFERENT),
        ("00012345:あ:187:05", "00012345:い:187:05", Comparison.DIFFERENT),
        ("00012345:あ:187:05", "00012345:あ:0187:05", Comparison.DIFFERENT),
        ("00012345:あ:187:", "00012345:あ:188:", Comparison.DIFFERENT),
    ],
)
def test_comparison_is_the_same_both_ways(a: str, b: str, expected: Comparison) -> None:
    one, other = parse_member_id(a), parse_member_id(b)
    assert compare(one, other) is expected
    assert compare(other, one) is expected
