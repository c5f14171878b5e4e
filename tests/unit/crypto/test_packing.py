"""The size ladder and the shipped dictionary."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tasuki.shared.crypto.packing import (
    KNOWN_DICTIONARIES,
    MAX_BODY_BYTES,
    SIZE_CLASSES,
    NotPacked,
    dictionary_bytes,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from pathlib import Path

# Sealed records hang on these bytes: a changed file is lost data.
SHIPPED = {1: "260e3bb442f4d6a6048b262e032ed7502e4aedd1b6a0ae9bdc679e97397ae7ec"}


def test_shipped_dictionaries_never_change() -> None:
    assert {n: sha256(dictionary_bytes(n)).hexdigest() for n in KNOWN_DICTIONARIES} == SHIPPED


def test_every_dictionary_says_where_it_is_from(vectors: Path) -> None:
    room = vectors.parents[2] / "shared" / "tasuki" / "shared" / "crypto" / "dictionaries"
    sources = (room / "SOURCES.md").read_text()
    assert {path.stem for path in room.glob("*.zdict")} == {str(n) for n in SHIPPED}
    assert all(digest in sources for digest in SHIPPED.values())


def test_the_ladder_begins_with_steps_of_64() -> None:
    assert SIZE_CLASSES[:20] == tuple(range(64, 1281, 64))
    assert SIZE_CLASSES[20:24] == (1344, 1411, 1481, 1555)


def test_steps_are_at_least_64_and_at_most_a_twentieth() -> None:
    for smaller, larger in pairwise(SIZE_CLASSES):
        assert larger - smaller >= 64
        assert larger - smaller <= max(64, smaller / 20)


def test_the_ladder_holds_what_zstd_may_make_of_the_largest_body() -> None:
    # ZSTD_compressBound: the size and a 256th, and less than 1 kB more for small inputs.
    assert SIZE_CLASSES[-1] >= 4 + MAX_BODY_BYTES + MAX_BODY_BYTES // 256 + 1024


@pytest.mark.parametrize("size", [0, 1, 3, 63, 65])
def test_lengths_between_classes_are_not_packed(size: int) -> None:
    with pytest.raises(NotPacked):
        unpack(bytes(size), 1)


def test_the_dictionary_helps_a_small_japanese_record() -> None:
    body = (
        '{"resourceType":"AllergyIntolerance","meta":{"profile":["http://jpfhir.jp/fhir/core/'
        'StructureDefinition/JP_AllergyIntolerance"]},"clinicalStatus":{"coding":[{"system":"http'
        '://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},'
        '"code":{"text":"卵"},"patient":{"reference":"Patient/1"}}'
    ).encode()
    assert len(body) > 300
    assert len(pack(body)) <= 128
