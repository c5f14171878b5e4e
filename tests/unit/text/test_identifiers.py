from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import (
    ScoreTable,
    holds_my_number,
    is_institution_number,
    looks_like_my_number,
    parse_institution_number,
)

VALID = "123456789018"  # the sample number that forms and guides print
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def test_institution_number() -> None:
    institution = parse_institution_number("1312345678")
    assert (institution.prefecture, institution.table) == ("13", ScoreTable.MEDICAL)
    assert institution.code == "2345678"
    assert str(institution) == "1312345678"
    expected = "urn:oid:1.2.392.100495.20.3.51.11312345678"
    assert institution.local_patient_system == expected


@pytest.mark.parametrize("text", ["0110000000", "4710000000", "1730000000", "1749999999"])
def test_institution_numbers_of_all_tables(text: str) -> None:
    assert str(parse_institution_number(text)) == text
    assert is_institution_number(text)


def test_width_is_folded_when_parsing_only() -> None:
    assert str(parse_institution_number(f" {'1312345678'.translate(WIDE)} ")) == "1312345678"
    assert not is_institution_number("1312345678".translate(WIDE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0010000000",
        "4810000000",
        "1300000000",
        "1320000000",
        "131234567",
        "13123456789",
        "13A2345678",
    ],
)
def test_other_numbers_are_no_institution(text: str) -> None:
    assert not is_institution_number(text)
    with pytest.raises(Fault) as refusal:
        parse_institution_number(text)
    assert refusal.value.category is Category.INVALID


@pytest.mark.parametrize("text", [VALID, "1234 5678 9018", "1234-5678-9018", VALID.translate(WIDE)])
def test_my_number(text: str) -> None:
    assert looks_like_my_number(text)
    assert holds_my_number(f"番号は{text}です")


@pytest.mark.parametrize(
    "text", ["", "123456789012", "12345678901", "1234567890180", "12345678901x"]
)
def test_not_my_number(text: str) -> None:
    assert not looks_like_my_number(text)
    assert not holds_my_number(f"番号は{text}です")


def test_a_longer_run_of_digits_is_another_number() -> None:
    assert not holds_my_number(f"9{VALID}")
    assert not holds_my_number(f"{VALID}9")


@given(st.text("0123456789", min_size=11, max_size=11))
def test_one_check_digit_fits_eleven_digits(digits: str) -> None:
    fitting = [d for d in "0123456789" if looks_like_my_number(digits + d)]
    # Said another way than in the code: from the right, weights 2-7 and then 2-6 again.
    weights = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6]
    rest = sum(int(d) * w for d, w in zip(reversed(digits), weights, strict=True)) % 11
    assert fitting == [str((11 - rest) % 11 % 10)]
