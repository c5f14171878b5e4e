from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from tasuki.shared.faults import Category, Fault
from tasuki.shared.text import (
    check_digit,
    current_code,
    from_jma_area,
    municipalities_of,
    municipality,
    prefectures,
    successor_codes,
)

ALL = [m for prefecture in prefectures() for m in municipalities_of(prefecture)]


def test_jma_areas(jma_area_row: dict[str, str]) -> None:
    code = from_jma_area(jma_area_row["input"])
    assert " ".join(successor_codes(code)) == jma_area_row["expected"]


def test_the_list_is_whole() -> None:
    assert len(prefectures()) == 47
    assert len(ALL) == 1918
    assert len({m.code for m in ALL}) == len(ALL)
    assert all(municipality(m.code) == m for m in ALL)


def test_every_code_has_its_check_digit_and_prefecture() -> None:
    for m in ALL:
        assert m.code == m.code[:5] + check_digit(m.code[:5])
        assert prefectures()[m.code[:2]] == m.prefecture


def test_every_ward_has_its_city() -> None:
    wards = [m for m in ALL if m.ward]
    assert len(wards) == 171
    for ward in wards:
        assert ward.city is not None
        assert f"{ward.city.name}{ward.ward}" == ward.name
        assert ward.city.city is None


def test_a_special_ward_is_no_ward_of_a_city() -> None:
    chiyoda = municipality("131016")
    assert chiyoda is not None
    assert (chiyoda.ward, chiyoda.city) == (None, None)


def test_municipalities_of() -> None:
    ishikawa = municipalities_of("石川県")
    assert len(ishikawa) == 19
    assert municipalities_of("17") == ishikawa
    assert list(ishikawa) == sorted(ishikawa, key=lambda m: m.code)
    assert municipalities_of("加賀県") == ()


def test_a_prefecture_is_no_municipality() -> None:
    assert municipality("170003") is None


def test_history_leads_to_codes_in_use() -> None:
    text = files("tasuki.shared.text").joinpath("data/code-history.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len({row["code"] for row in rows})
    for row in rows:
        assert row["code"] == row["code"][:5] + check_digit(row["code"][:5])
        assert municipality(row["code"]) is None
        assert successor_codes(row["code"]) == tuple(row["successors"].split())
        assert all(municipality(code) for code in successor_codes(row["code"]))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("172057", "172057"),  # in use
        ("193615", "193682"),  # 増穂町 is part of 富士川町
        ("221376", "221406"),  # 浜松市天竜区 has a new code
        ("221350", None),  # 浜松市北区 was divided
        ("999999", None),
        ("", None),
    ],
)
def test_current_code(code: str, expected: str | None) -> None:
    assert current_code(code) == expected


def test_a_divided_ward_has_two_successors() -> None:
    assert successor_codes("221350") == ("221384", "221392")


@pytest.mark.parametrize(
    "code", ["", "1310", "131016", "00101", "48101", "1310A", "\uff11\uff13\uff11\uff10\uff11"]
)
def test_no_check_digit_for_no_code(code: str) -> None:
    with pytest.raises(Fault) as refusal:
        check_digit(code)
    assert refusal.value.category is Category.INVALID


@pytest.mark.parametrize("code", ["", "131010", "13101000", "9910100", "13101A0"])
def test_no_jma_area(code: str) -> None:
    with pytest.raises(Fault):
        from_jma_area(code)
