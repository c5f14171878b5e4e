"""Blind tokens: equal for equal parts only, and refused where emptiness would make people equal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasuki.shared.crypto import lookup_token, network_token, person_token, source_key

if TYPE_CHECKING:
    from tasuki.shared.crypto import FileKeyRing

said = st.lists(st.text("abア", min_size=1, max_size=3), min_size=2, max_size=4)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=said, other=said)
def test_tokens_agree_only_for_equal_parts(
    one: list[str], other: list[str], known_ring: FileKeyRing
) -> None:
    ring, network = known_ring.tenant("chuo"), known_ring.network
    same = one == other
    assert (
        lookup_token(ring, "chuo", "k", *one) == lookup_token(ring, "chuo", "k", *other)
    ) is same
    assert (network_token(network, 1, one) == network_token(network, 1, other)) is same
    wide = [person_token(ring, "chuo", "i", parts, 63) for parts in (one, other)]
    assert (wide[0] == wide[1]) is same


@pytest.mark.parametrize("bits", [1, 8, 16, 20, 63])
def test_person_tokens_have_their_width(bits: int, known_ring: FileKeyRing) -> None:
    ring = known_ring.tenant("chuo")
    tags = [person_token(ring, "chuo", "i", ["x", str(n)], bits) for n in range(200)]
    assert all(0 <= tag < 2**bits for tag in tags)
    assert max(tags) >= 2 ** (bits - 1)  # the top bit is in use


def test_narrow_tokens_are_shared_evenly(known_ring: FileKeyRing) -> None:
    ring = known_ring.tenant("chuo")
    counts = Counter(person_token(ring, "chuo", "i", ["x", str(n)], 4) for n in range(3200))
    assert len(counts) == 16
    assert 140 < min(counts.values()) <= max(counts.values()) < 270


@pytest.mark.parametrize("bits", [-1, 0, 64, 256])
def test_other_widths_are_refused(bits: int, known_ring: FileKeyRing) -> None:
    with pytest.raises(ValueError, match="bits"):
        person_token(known_ring.tenant("chuo"), "chuo", "i", ["x", "y"], bits)


@pytest.mark.parametrize("parts", [[], ["ヤマダ"], ["ヤマダ", ""], ["", "1950-04-01"]])
def test_a_person_needs_two_parts_and_no_empty_one(
    parts: list[str], known_ring: FileKeyRing
) -> None:
    with pytest.raises(ValueError, match="part"):
        person_token(known_ring.tenant("chuo"), "chuo", "i", parts, 20)
    with pytest.raises(ValueError, match="part"):
        network_token(known_ring.network, 1, parts)


@pytest.mark.parametrize("parts", [(), ("",), ("", "")])
def test_nothing_is_not_looked_up(parts: tuple[str, ...], known_ring: FileKeyRing) -> None:
    with pytest.raises(ValueError, match="look-up"):
        lookup_token(known_ring.tenant("chuo"), "chuo", "identifier", *parts)


def test_two_hospitals_may_both_say_patient_1(known_ring: FileKeyRing) -> None:
    ring = known_ring.tenant("chuo")
    keys = {
        source_key(ring, "chuo", source, type_, "1")
        for source in ("hospital-1", "hospital-2")
        for type_ in ("Patient", "Encounter")
    }
    assert len(keys) == 4
    assert {len(key) for key in keys} == {16}


@pytest.mark.parametrize("parts", [("", "Patient", "1"), ("h", "", "1"), ("h", "Patient", "")])
def test_a_source_key_needs_every_part(
    parts: tuple[str, str, str], known_ring: FileKeyRing
) -> None:
    with pytest.raises(ValueError, match="empty"):
        source_key(known_ring.tenant("chuo"), "chuo", *parts)
