from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.text import forbidden_characters, private_use


@pytest.mark.parametrize(
    ("s", "expected"),
    [
        ("", ()),
        ("一行目\n二行目\r\n\t終わり", ()),
        ("𠮷田 﨑 辻\U000e0101 塚\ufe00 福\ufa1b ﾉﾄ 😀", ()),
        ("\ue000\U000f0000", ()),
        ("a\x00b\x00c\x1f", ("U+0000", "U+001F")),
        ("\x0b\x0c\x7f\x80\x9f", ("U+000B", "U+000C", "U+007F", "U+0080", "U+009F")),
        ("\ud800x\udfff", ("U+D800", "U+DFFF")),
        ("\ufdd0\ufdef\ufffe\uffff", ("U+FDD0", "U+FDEF", "U+FFFE", "U+FFFF")),
        ("\U0001fffe\U0010ffff", ("U+1FFFE", "U+10FFFF")),
        ("\x08\x0e\xa0\ufdcf\ufdf0\ufffd", ("U+0008", "U+000E")),
    ],
)
def test_forbidden_characters(s: str, expected: tuple[str, ...]) -> None:
    assert forbidden_characters(s) == expected


@pytest.mark.parametrize(
    ("s", "expected"),
    [
        ("", ()),
        ("𠮷田\U000e0101\ufa1b", ()),
        ("\ue000\uf8ff\ue000", ("U+E000", "U+F8FF")),
        (
            "\U000f0000\U000ffffd\U00100000\U0010fffd",
            ("U+F0000", "U+FFFFD", "U+100000", "U+10FFFD"),
        ),
        ("\udfff\uf900\U000ffffe\U0010ffff", ()),
    ],
)
def test_private_use(s: str, expected: tuple[str, ...]) -> None:
    assert private_use(s) == expected


@given(st.characters(categories=["L", "M", "N", "P", "S", "Z", "Cf"]))
def test_assigned_characters_are_fine(c: str) -> None:
    assert forbidden_characters(c) == ()
    assert private_use(c) == ()


@given(st.characters(categories=["Cs", "Co"]))
def test_surrogates_and_private_use_are_told_apart(c: str) -> None:
    name = f"U+{ord(c):04X}"
    assert (forbidden_characters(c), private_use(c)) in (((name,), ()), ((), (name,)))
    assert (0xD800 <= ord(c) <= 0xDFFF) == bool(forbidden_characters(c))
