"""The file of declaration keys: made, rotated, withdrawn; private to its owner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tasuki.consent.signing import Untrusted, verify_declaration
from tasuki.consent.signing.keys import MOST, open_keys, rotate_keys, withdraw_key
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from tasuki.consent.declarations import Declaration

ISSUER = "https://consent.example.jp/fhir"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "declarations.json"


def test_an_old_key_still_verifies_what_it_signed(
    path: Path, declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    first = rotate_keys(path)
    signed = open_keys(path, ISSUER).sign(declaration_of())
    second = rotate_keys(path)
    keys = open_keys(path, ISSUER)
    assert [member["kid"] for member in keys.published()["keys"]] == [second, first]
    assert verify_declaration(signed, keys.public, now).key_id == first
    assert verify_declaration(keys.sign(declaration_of()), keys.public, now).key_id == second


def test_only_the_signing_key_is_kept_whole_and_none_is_published_whole(path: Path) -> None:
    for _ in range(3):
        rotate_keys(path)
    assert ["d" in key for key in json.loads(path.read_bytes())["keys"]] == [True, False, False]
    assert not any("d" in key for key in open_keys(path, ISSUER).published()["keys"])
    assert path.stat().st_mode & 0o077 == 0


def test_what_a_withdrawn_key_signed_counts_no_more(
    path: Path, declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    first = rotate_keys(path)
    signed = open_keys(path, ISSUER).sign(declaration_of())
    fresh = withdraw_key(path, first)
    keys = open_keys(path, ISSUER)
    assert list(keys.public) == [fresh]
    assert fresh != first
    with pytest.raises(Untrusted):
        verify_declaration(signed, keys.public, now)
    assert verify_declaration(keys.sign(declaration_of()), keys.public, now).key_id == fresh


def test_withdrawing_an_old_key_leaves_the_signing_one(path: Path) -> None:
    old, new = rotate_keys(path), rotate_keys(path)
    assert withdraw_key(path, old) == new
    with pytest.raises(Fault) as caught:
        withdraw_key(path, old)
    assert caught.value.category is Category.NOT_FOUND
    assert list(open_keys(path, ISSUER).public) == [new]


def test_the_file_does_not_grow_for_ever(path: Path) -> None:
    for _ in range(MOST + 3):
        rotate_keys(path)
    assert len(open_keys(path, ISSUER).public) == MOST


@pytest.mark.parametrize("content", [None, "", "{}", '{"keys": []}', '{"keys": [{"kty": "EC"}]}'])
def test_a_file_that_cannot_be_used_is_said_to_be(path: Path, content: str | None) -> None:
    if content is not None:
        path.touch(mode=0o600)
        path.write_text(content)
    with pytest.raises(Fault) as caught:
        open_keys(path, ISSUER)
    assert caught.value.category is Category.UNAVAILABLE


def test_others_may_not_read_it(path: Path) -> None:
    rotate_keys(path)
    path.chmod(0o640)
    for use in (lambda: open_keys(path, ISSUER), lambda: rotate_keys(path)):
        with pytest.raises(Fault) as caught:
            use()
        assert caught.value.category is Category.UNAVAILABLE
