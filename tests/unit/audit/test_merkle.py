"""RFC 9162 trees: known answers, the definitions of section 2.1 as oracle, all trees to 64 leaves."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.shared.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots of the Certificate Transparency reference implementation (RFC 6962).
CT_LEAVES = [
    bytes.fromhex(data)
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_CONSISTENCY_2_TO_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]

HASHES = [leaf_hash(data) for data in CT_LEAVES]
LEAVES = [leaf_hash(bytes([n])) for n in range(65)]


@cache
def mth(low: int, high: int) -> bytes:
    """Return MTH(D[low:high]) as section 2.1.1 defines it, over `LEAVES`."""
    if low == high:
        return sha256(b"").digest()
    if high - low == 1:
        return LEAVES[low]
    k = 1
    while k * 2 < high - low:
        k *= 2
    return sha256(b"\x01" + mth(low, low + k) + mth(low + k, high)).digest()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert root(HASHES[:size]).hex() == CT_ROOTS[size]
    assert Tree(HASHES).root(size).hex() == CT_ROOTS[size]


def test_a_known_consistency_proof() -> None:
    proof = consistency_proof(HASHES, 2, 5)
    assert [node.hex() for node in proof] == CT_CONSISTENCY_2_TO_5


def test_leaf_and_node_hashes_are_kept_apart() -> None:
    left, right = HASHES[:2]
    assert leaf_hash(left + right) != root([left, right])


@pytest.mark.parametrize("size", range(65))
def test_frontier_and_tree_agree_with_the_definition(size: int) -> None:
    assert root(LEAVES[:size]) == Tree(LEAVES[:size]).root() == mth(0, size)


@pytest.mark.parametrize("size", range(1, 65))
def test_every_leaf_proves_itself_at_every_size(size: int) -> None:
    tree, expected = Tree(LEAVES), mth(0, size)
    for index in range(size):
        proof = tree.inclusion_proof(index, size)
        assert verify_inclusion(LEAVES[index], index, size, proof, expected)
        assert not verify_inclusion(LEAVES[index + 1], index, size, proof, expected)
        assert not verify_inclusion(LEAVES[index], index, size, [*proof, EMPTY_ROOT], expected)
        assert not verify_inclusion(LEAVES[index], index, size, proof[:-1], expected) or not proof
        others = [
            other
            for other in range(size)
            if other != index and verify_inclusion(LEAVES[index], other, size, proof, expected)
        ]
        assert not others


@pytest.mark.parametrize("n", range(65))
def test_every_tree_extends_every_smaller_one(n: int) -> None:
    tree, new = Tree(LEAVES), mth(0, n)
    for m in range(n + 1):
        proof, old = tree.consistency_proof(m, n), mth(0, m)
        assert verify_consistency(m, n, proof, old, new)
        assert not verify_consistency(m, n, proof, LEAVES[64], new)
        assert not verify_consistency(m, n, proof, old, LEAVES[64]) or m == 0
        assert not verify_consistency(m, n, [*proof, LEAVES[64]], old, new)
        assert not proof or not verify_consistency(m, n, proof[:-1], old, new)


@settings(max_examples=300)
@given(data=st.data(), n=st.integers(2, 64))
def test_an_altered_proof_proves_nothing(data: st.DataObject, n: int) -> None:
    tree, expected = Tree(LEAVES), mth(0, n)
    index, m = data.draw(st.integers(0, n - 1)), data.draw(st.integers(1, n - 1))
    proof = tree.inclusion_proof(index, n)
    consistency = tree.consistency_proof(m, n)
    for honest in (proof, consistency):
        position = data.draw(st.integers(0, len(honest) - 1))
        honest[position] = bytes([honest[position][0] ^ 1]) + honest[position][1:]
    assert not verify_inclusion(LEAVES[index], index, n, proof, expected)
    assert not verify_consistency(m, n, consistency, mth(0, m), expected)


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (5, 4)])
def test_a_leaf_outside_the_tree_is_not_included(index: int, size: int) -> None:
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("m", "n"), [(-1, 4), (5, 4)])
def test_a_tree_does_not_shrink(m: int, n: int) -> None:
    assert not verify_consistency(m, n, [], LEAVES[0], LEAVES[0])
    with pytest.raises(ValueError, match="outside"):
        consistency_proof(LEAVES, m, n)


def test_every_tree_extends_the_empty_one_only_if_it_was_empty() -> None:
    assert verify_consistency(0, 5, [], EMPTY_ROOT, mth(0, 5))
    assert not verify_consistency(0, 5, [], LEAVES[0], mth(0, 5))


def test_hashes_of_another_length_prove_nothing() -> None:
    left, right = LEAVES[:2]
    shifted = [(left + right)[:31]]
    assert not verify_inclusion((left + right)[31:], 1, 2, shifted, mth(0, 2))
    assert not verify_consistency(1, 2, [b""], LEAVES[0], mth(0, 2))


@pytest.mark.parametrize("index", [-1, 3, 70])
def test_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        inclusion_proof(LEAVES[:3], index)
    with pytest.raises(ValueError, match="outside"):
        Tree(LEAVES).root(66)


@settings(max_examples=300)
@given(before=st.integers(0, 200), after=st.integers(0, 20))
def test_a_stored_frontier_goes_on_growing(before: int, after: int) -> None:
    leaves = [leaf_hash(n.to_bytes(2)) for n in range(before + after)]
    frontier = Frontier()
    for leaf in leaves[:before]:
        frontier.append(leaf)
    stored = frontier.to_bytes()
    again = Frontier.from_bytes(stored)
    assert (again.size, again.to_bytes()) == (before, stored)
    for leaf in leaves[before:]:
        again.append(leaf)
    assert (again.size, again.root()) == (before + after, root(leaves))
    assert frontier.size == before  # the copy is independent


@pytest.mark.parametrize("raw", [b"", bytes(7), bytes(8) + bytes(32), (3).to_bytes(8) + bytes(63)])
def test_a_broken_frontier_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(raw)
