from __future__ import annotations

from tasuki.shared.text import municipalities_of, prefectures, resolve_municipality


def test_vectors(address_line_row: dict[str, str]) -> None:
    found = resolve_municipality(
        address_line_row["input"], prefecture=address_line_row["prefecture"] or None
    )
    assert (found.code if found else "none") == address_line_row["expected"]


def test_every_municipality_is_found_by_its_own_name() -> None:
    unfound = [
        m.code
        for prefecture in prefectures().values()
        for m in municipalities_of(prefecture)
        if resolve_municipality(f"{m.prefecture}{m.name}大字本町1-2") != m
    ]
    assert unfound == ["014036", "016969"]  # the two 泊村 of Hokkaido need their county


def test_without_prefecture_no_municipality_is_taken_for_another() -> None:
    for prefecture in prefectures().values():
        for m in municipalities_of(prefecture):
            assert resolve_municipality(m.name) in (m, None)
