"""Every vector of `docs/sealed-format.md`, through every entry point and through a second reader."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tasuki.shared.crypto import (
    CannotOpen,
    DataKey,
    Place,
    lookup_token,
    network_token,
    open_data_key,
    person_token,
    seal,
    source_key,
    unseal,
)
from tasuki.shared.crypto.packing import dictionary_bytes
from tasuki.shared.crypto.seal import key_version

if TYPE_CHECKING:
    from tasuki.shared.crypto import FileKeyRing

VECTORS = Path(__file__).parents[2] / "vectors" / "sealed"
V1 = json.loads((VECTORS / "v1.json").read_text())
RING = json.loads((VECTORS / "ring1.json").read_text())

OPENS = [case for case in V1["cases"] if case["outcome"] == "opens"]
REFUSED = [case for case in V1["cases"] if case["outcome"] == "cannot-open"]


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def opened_key(name: str) -> DataKey:
    held = V1["keys"][name]
    commitment = bytes.fromhex(held["commitment"])
    return open_data_key(
        bytes.fromhex(held["secret"]), version=held["version"], commitment=commitment
    )


class Refused(Exception):
    """The second reader's answer."""


def require(*conditions: bool) -> None:
    if not all(conditions):
        raise Refused


def read_by_the_page(case: dict[str, Any]) -> bytes:
    """Open a case as `docs/sealed-format.md` says, with no line of the room's own code."""
    sealed, held, place = bytes.fromhex(case["sealed"]), V1["keys"][case["key"]], case["place"]
    require(len(sealed) >= 36)
    header, nonce, box = sealed[:8], sealed[8:20], sealed[20:]
    require(header == struct.pack(">BBHI", 1, 1, 1, held["version"]))
    derived = HKDFExpand(SHA256(), 64, b"tasuki/1/enc+commit").derive(bytes.fromhex(held["secret"]))
    aad = b"tasuki.sealed" + header
    for part in (place["tenant"], place["owner"], place["type"], place["id"]):
        raw = part.encode()
        aad += len(raw).to_bytes(4) + raw
    aad += place["version"].to_bytes(8)
    try:
        packed = AESGCM(derived[:32]).decrypt(nonce, box, aad)
    except InvalidTag:
        raise Refused from None
    classes = [64]
    while classes[-1] < len(packed):
        classes.append(classes[-1] + max(64, classes[-1] // 20))
    require(len(packed) in classes)
    length = int.from_bytes(packed[:4])
    frame, padding = packed[4 : 4 + length], packed[4 + length :]
    require(len(frame) == length, not any(padding))
    try:
        require(0 <= zstandard.frame_content_size(frame) <= 32 * 2**20)
        dictionary = zstandard.ZstdCompressionDict(dictionary_bytes(1))
        reader = zstandard.ZstdDecompressor(dict_data=dictionary)
        return reader.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError:
        raise Refused from None


@pytest.mark.parametrize("case", OPENS, ids=named)
def test_a_vector_that_opens(case: dict[str, Any]) -> None:
    key, place, sealed = (
        opened_key(case["key"]),
        Place(**case["place"]),
        bytes.fromhex(case["sealed"]),
    )
    plain = base64.b64decode(case["plain"])
    assert unseal(sealed, key=key, place=place) == plain
    assert key_version(sealed) == key.version
    assert read_by_the_page(case) == plain
    again = seal(plain, key=key, place=place)
    assert unseal(again, key=key, place=place) == plain
    assert read_by_the_page({**case, "sealed": again.hex()}) == plain
    assert again != sealed  # a fresh nonce


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_vector_that_cannot_be_opened(case: dict[str, Any]) -> None:
    with pytest.raises(CannotOpen, match=r"^sealed data cannot be opened$") as refused:
        unseal(
            bytes.fromhex(case["sealed"]), key=opened_key(case["key"]), place=Place(**case["place"])
        )
    assert refused.value.__cause__ is None  # nothing tells which it was
    with pytest.raises(Refused):
        read_by_the_page(case)


def test_the_worked_example_stands_in_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sealed-format.md").read_text()
    first = V1["cases"][0]
    key = V1["keys"]["one"]
    assert first["sealed"][:16] in page
    assert first["sealed"][16:40] in page
    assert first["sealed"][-32:] in page
    assert key["commitment"] in page
    assert V1["dictionary_sha256"] in page


def test_both_outcomes_are_covered() -> None:
    assert len(OPENS) >= 10
    assert len(REFUSED) >= 30


@pytest.mark.parametrize("case", RING["wrapped"], ids=named)
def test_a_wrapped_key(case: dict[str, Any], known_ring: FileKeyRing) -> None:
    ring, bound_to = known_ring.tenant(case["tenant"]), bytes.fromhex(case["bound_to"])
    wrapped = bytes.fromhex(case["wrapped"])
    if case["outcome"] == "cannot-open":
        with pytest.raises(CannotOpen):
            ring.unwrap(wrapped, bound_to=bound_to)
        return
    secret = bytes.fromhex(case["secret"])
    assert ring.unwrap(wrapped, bound_to=bound_to) == secret
    assert ring.unwrap(ring.wrap(secret, bound_to=bound_to), bound_to=bound_to) == secret


@pytest.mark.parametrize("case", RING["tokens"], ids=lambda case: case["function"])
def test_a_token(case: dict[str, Any], known_ring: FileKeyRing) -> None:
    assert token(case, known_ring) == case["token"]


def token(case: dict[str, Any], rings: FileKeyRing) -> str | int:
    tenant = case.get("tenant", "")
    if case["function"] == "network":
        return network_token(rings.network, case["epoch"], case["parts"]).hex()
    ring = rings.tenant(tenant)
    if case["function"] == "person":
        return person_token(ring, tenant, case["index"], case["parts"], case["bits"])
    if case["function"] == "source":
        return source_key(ring, tenant, case["source"], case["type"], case["id"]).hex()
    return lookup_token(ring, tenant, case["kind"], *case["parts"]).hex()


def test_no_two_token_vectors_agree() -> None:
    full = [case["token"] for case in RING["tokens"] if case["function"] != "person"]
    assert len(set(full)) == len(full)
