"""The spans a proof is made of give the proof that RFC 9162 defines; keys and proofs as text."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.audit import BadCheckpoint, Tree, leaf_hash, root
from tasuki.shared.audit.merkle import (
    consistency_spans,
    folded,
    inclusion_spans,
    whole_spans,
)
from tasuki.shared.audit.notes import LOG, WITNESS, Extended, VerifierKey

LEAVES = [leaf_hash(bytes([number])) for number in range(100)]
TREE = Tree(LEAVES)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32).public_key()


def hash_of(span: tuple[int, int]) -> bytes:
    """Return the root over a span, put together from whole subtrees."""
    return folded([root(LEAVES[low:high]) for low, high in whole_spans(*span)])


@given(st.integers(1, 100).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_inclusion_spans_give_the_inclusion_proof(asked: tuple[int, int]) -> None:
    index, size = asked
    proof = [hash_of(span) for span in inclusion_spans(index, size)]
    assert proof == TREE.inclusion_proof(index, size)


@given(st.integers(0, 100).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_consistency_spans_give_the_consistency_proof(asked: tuple[int, int]) -> None:
    proof = [hash_of(span) for span in consistency_spans(*asked)]
    assert proof == TREE.consistency_proof(*asked)


@pytest.mark.parametrize("asked", [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_outside_the_tree(asked: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        inclusion_spans(*asked)


@pytest.mark.parametrize("asked", [(-1, 3), (4, 3)])
def test_there_is_no_consistency_outside_the_tree(asked: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        consistency_spans(*asked)


@pytest.mark.parametrize("kind", [LOG, WITNESS])
def test_a_key_is_read_as_it_was_written(kind: bytes) -> None:
    key = VerifierKey("tasuki.example/audit/noto", kind, KEY)
    again = VerifierKey.read(f"{key}\n")
    assert (again.name, again.kind) == (key.name, kind)
    assert again.public.public_bytes_raw() == KEY.public_bytes_raw()


def test_the_published_example_of_a_key_is_read() -> None:
    """From the Go checksum database: https://pkg.go.dev/golang.org/x/mod/sumdb/note."""
    line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(VerifierKey.read(line)) == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        "name+00000000+AAAA",
        "other.example+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ],
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(BadCheckpoint):
        VerifierKey.read(line)


@given(st.integers(0, 10**18), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_proof_is_read_as_it_was_written(old: int, proof: list[bytes]) -> None:
    sent = Extended(old, tuple(proof), "origin\n1\nAAAA\n\n\N{EM DASH} origin AAAA\n")
    assert Extended.read(str(sent)) == sent


@pytest.mark.parametrize(
    "text",
    ["", "old 1", "old 01\n\nx", "old -1\n\nx", "new 1\n\nx", "old 1\nAAAA\n\nx", "old 1\n?\n\n"],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        Extended.read(text)
