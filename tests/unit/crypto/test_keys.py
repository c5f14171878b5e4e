"""Data keys: HKDF (RFC 5869), the commitment, and what a key shows of itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.crypto import CannotOpen, new_data_key, open_data_key
from tasuki.shared.crypto.keys import derived_data_key, expand
from tasuki.shared.crypto.lengths import length_prefixed

# RFC 5869 A.1 and A.2: PRK, info, OKM.
RFC_5869 = [
    (
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


@pytest.mark.parametrize(("prk", "info", "okm"), RFC_5869)
def test_expand_is_hkdf_expand(prk: str, info: str, okm: str) -> None:
    assert expand(bytes.fromhex(prk), bytes.fromhex(info), len(okm) // 2).hex() == okm


def test_a_key_opens_with_its_commitment() -> None:
    new = new_data_key(version=3)
    key = open_data_key(new.secret, version=3, commitment=new.key.commitment)
    assert (key.version, key.commitment) == (3, new.key.commitment)


@pytest.mark.parametrize("commitment", [b"", bytes(32), bytes(64)])
def test_another_commitment_is_refused(commitment: bytes) -> None:
    with pytest.raises(CannotOpen):
        open_data_key(new_data_key().secret, version=1, commitment=commitment)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    commitment = new_data_key().key.commitment
    with pytest.raises(CannotOpen):
        open_data_key(bytes(length), version=1, commitment=commitment)
    with pytest.raises(ValueError, match="32 bytes"):
        derived_data_key(bytes(length))


@pytest.mark.parametrize("version", [-1, 0, 2**32])
def test_versions_fit_the_header(version: int) -> None:
    with pytest.raises(ValueError, match="key version"):
        new_data_key(version)


def test_a_key_shows_nothing_of_itself() -> None:
    new = new_data_key()
    assert repr(new.key) == "DataKey(version=1)"
    assert repr(new) == "NewDataKey(version=1)"
    assert new.secret not in new.key.commitment


def test_keys_are_fresh() -> None:
    assert len({new_data_key().secret for _ in range(100)}) == 100


@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.text(max_size=5), max_size=5))
def test_length_prefixing_is_injective(one: list[str], other: list[str]) -> None:
    assert (length_prefixed(one) == length_prefixed(other)) == (one == other)
