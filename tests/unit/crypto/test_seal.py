"""A sealed body opens in its place under its key, and nowhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.shared.crypto import CannotOpen, DataKey, Place, new_data_key, seal, unseal
from tasuki.shared.crypto.packing import MAX_BODY_BYTES, SIZE_CLASSES
from tasuki.shared.crypto.seal import NONCE_BYTES, key_version
from tasuki.shared.faults import Category, Fault

OVERHEAD = 8 + 12 + 16

parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
places = st.builds(Place, parts, parts, parts, parts, st.integers(0, 2**64 - 1))
bodies = st.one_of(
    st.binary(max_size=3000), st.text(max_size=800).map(lambda text: text.encode("utf-8", "ignore"))
)


@settings(max_examples=300, deadline=None)
@given(body=bodies, at=places)
def test_what_goes_in_comes_out(body: bytes, at: Place, key: DataKey) -> None:
    assert unseal(seal(body, key=key, place=at), key=key, place=at) == body


@settings(max_examples=300, deadline=None)
@given(at=places, other=places)
def test_moving_a_row_to_another_place_fails(at: Place, other: Place, key: DataKey) -> None:
    sealed = seal(b"{}", key=key, place=at)
    if at == other:
        assert unseal(sealed, key=key, place=other) == b"{}"
        return
    assert at.aad(b"h") != other.aad(b"h")
    with pytest.raises(CannotOpen):
        unseal(sealed, key=key, place=other)


@settings(max_examples=300, deadline=None)
@given(text=st.text("ab", min_size=4, max_size=8), cuts=st.tuples(*[st.integers(0, 8)] * 6))
def test_the_same_letters_cut_elsewhere_are_another_place(
    text: str, cuts: tuple[int, ...], key: DataKey
) -> None:
    one, other = (
        Place(text[:a], text[a:b], text[b:c], text[c:], 1)
        for a, b, c in (sorted(cuts[:3]), sorted(cuts[3:]))
    )
    assert (one == other) == (one.aad(b"") == other.aad(b""))
    if one != other:
        with pytest.raises(CannotOpen):
            unseal(seal(b"{}", key=key, place=one), key=key, place=other)


@pytest.mark.parametrize("field", ["tenant", "owner", "type", "id"])
def test_each_field_of_the_place_counts(field: str, key: DataKey, place: Place) -> None:
    sealed = seal(b"{}", key=key, place=place)
    moved: Place = replace(place, **{field: getattr(place, field) + "x"})
    with pytest.raises(CannotOpen):
        unseal(sealed, key=key, place=moved)


@pytest.mark.parametrize("version", [0, 2, 2**32 + 1, 2**64 - 1])
def test_another_version_number_is_another_place(version: int, key: DataKey, place: Place) -> None:
    sealed = seal(b"{}", key=key, place=place)
    with pytest.raises(CannotOpen):
        unseal(sealed, key=key, place=replace(place, version=version))


def test_flipping_any_bit_fails(key: DataKey, place: Place) -> None:
    sealed = seal(b'{"resourceType":"Basic"}', key=key, place=place)
    for index in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[index // 8] ^= 1 << index % 8
        with pytest.raises(CannotOpen):
            unseal(bytes(altered), key=key, place=place)


@settings(max_examples=300, deadline=None)
@given(noise=st.binary(max_size=300))
def test_noise_does_not_open(noise: bytes, key: DataKey, place: Place) -> None:
    with pytest.raises(CannotOpen):
        unseal(noise, key=key, place=place)


def test_another_key_does_not_open(key: DataKey, place: Place) -> None:
    with pytest.raises(CannotOpen):
        unseal(seal(b"{}", key=key, place=place), key=new_data_key().key, place=place)


def test_nonces_are_fresh(key: DataKey, place: Place) -> None:
    seen = {seal(b"", key=key, place=place)[8 : 8 + NONCE_BYTES] for _ in range(1000)}
    assert len(seen) == 1000


def test_nothing_of_the_body_or_the_place_shows(key: DataKey, place: Place) -> None:
    body = "ワルファリンカリウム 山田花子 1950-04-01".encode()
    sealed = seal(body, key=key, place=place)
    words = [*body.split(), place.tenant.encode(), place.owner.encode(), place.id.encode()]
    assert not [word for word in words if word in sealed]


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=6000))
def test_lengths_are_size_classes(body: bytes, key: DataKey, place: Place) -> None:
    assert len(seal(body, key=key, place=place)) - OVERHEAD in SIZE_CLASSES


def test_small_records_of_different_kinds_have_one_length(key: DataKey, place: Place) -> None:
    allergy = b'{"resourceType":"AllergyIntolerance","code":{"text":"egg"}}'
    flag = b'{"resourceType":"Flag","status":"active","code":{"text":"x"}}'
    assert len({len(seal(body, key=key, place=place)) for body in (b"{}", allergy, flag)}) <= 2


def test_a_body_over_the_limit_is_refused(key: DataKey, place: Place) -> None:
    with pytest.raises(Fault) as refused:
        seal(bytes(MAX_BODY_BYTES + 1), key=key, place=place)
    assert refused.value.category is Category.TOO_LARGE


def test_a_body_at_the_limit_is_taken(key: DataKey, place: Place) -> None:
    body = bytes(MAX_BODY_BYTES)
    sealed = seal(body, key=key, place=place)
    assert unseal(sealed, key=key, place=place) == body
    assert len(sealed) < 8192


def test_key_version_needs_a_sealed_body(key: DataKey, place: Place) -> None:
    assert key_version(seal(b"", key=key, place=place)) == 1
    with pytest.raises(CannotOpen):
        key_version(bytes(35))


def test_threads_do_not_disturb_each_other(key: DataKey, place: Place) -> None:
    def kept(number: int) -> bool:
        body = f'{{"n":{number}}}'.encode() * 200
        return unseal(seal(body, key=key, place=place), key=key, place=place) == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(kept, range(2000)))
