from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.text import fold_phone


def test_vectors(phone_row: dict[str, str]) -> None:
    assert fold_phone(phone_row["input"]) == phone_row["expected"]


@given(st.text() | st.text("+0189 -()\uff08\uff0b\uff11\uff18"))
def test_fold_is_idempotent(s: str) -> None:
    assert fold_phone(fold_phone(s)) == fold_phone(s)
