"""The append-only Merkle tree of RFC 9162: hashes, proofs, and their checks.

    leaf = SHA-256(0x00 | data)      node = SHA-256(0x01 | left | right)

All functions take and give 32-byte hashes; `data` becomes a hash by `leaf_hash`.

Spec: https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
KEPT_LEVELS = 8  # of the subtrees' roots, one in so many levels is kept to make proofs from


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that appending and the root need.

    Holds one hash per set bit of the size, largest subtree first (a "compact range").
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; return the kept nodes it completes: level, number, hash."""
        node, bits, level = leaf, self.size, 0
        kept: list[tuple[int, int, bytes]] = []
        while bits & 1:
            node = node_hash(self._peaks.pop(), node)
            bits >>= 1
            level += 1
            if level % KEPT_LEVELS == 0:
                kept.append((level, self.size >> level, node))
        self._peaks.append(node)
        self.size += 1
        return kept

    def root(self) -> bytes:
        """Return the root at the present size."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        return Frontier.from_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return size (8 bytes, big-endian) and the hashes, largest subtree first."""
        return self.size.to_bytes(8) + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Frontier:
        """Return the frontier written by `to_bytes`.

        Raises:
            ValueError: Not one hash per set bit of the size.
        """
        frontier = cls()
        frontier.size = int.from_bytes(raw[:8])
        hashes = raw[8:]
        if len(raw) < 8 or len(hashes) != HASH_BYTES * frontier.size.bit_count():  # noqa: PLR2004 - the size field
            raise ValueError("not a serialised frontier")
        starts = range(0, len(hashes) + 1, HASH_BYTES)
        frontier._peaks = [hashes[a:b] for a, b in pairwise(starts)]
        return frontier


class Tree:
    """A whole tree in memory (64 bytes and a little per leaf), for proofs in log(n) steps."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash and every full subtree it completes."""
        node = leaf
        for level in range(len(self._levels) + 1):
            if level == len(self._levels):
                self._levels.append([])
            row = self._levels[level]
            row.append(node)
            if len(row) & 1:
                return
            node = node_hash(row[-2], row[-1])

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves (all, if not said).

        Raises:
            ValueError: More leaves than there are.
        """
        upto = self.size if size is None else size
        self._check(0, upto)
        return self._hash(0, upto) if upto else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the sibling hashes from leaf `index` up to the root at `size` (2.1.3.1).

        Raises:
            ValueError: No such leaf at that size.
        """
        upto = self.size if size is None else size
        self._check(index, upto - 1)
        self._check(upto, self.size)
        return self._path(index, 0, upto)

    def consistency_proof(self, m: int, n: int) -> list[bytes]:
        """Return the proof that the tree of `n` leaves extends the tree of `m` (2.1.4.1).

        Raises:
            ValueError: Not 0 <= m <= n <= size.
        """
        self._check(m, n)
        return self._subproof(m, 0, n, []) if 0 < m < n else []

    def _check(self, low: int, high: int) -> None:
        if not 0 <= low <= high <= self.size:
            raise ValueError("outside the tree")

    def _hash(self, low: int, high: int) -> bytes:
        width = high - low
        level = width.bit_length() - 1
        if width == 1 << level:  # aligned by construction: splits fall on powers of two
            return self._levels[level][low >> level]
        middle = low + _split(width)
        return node_hash(self._hash(low, middle), self._hash(middle, high))

    def _path(self, index: int, low: int, high: int) -> list[bytes]:
        if high - low == 1:
            return []
        middle = low + _split(high - low)
        if index < middle:
            return [*self._path(index, low, middle), self._hash(middle, high)]
        return [*self._path(index, middle, high), self._hash(low, middle)]

    def _subproof(self, m: int, low: int, high: int, above: list[bytes]) -> list[bytes]:
        """Return SUBPROOF(m, D[low:high], b), where b says the subtree began at leaf 0."""
        if m == high:
            return above if low == 0 else [self._hash(low, high), *above]
        middle = low + _split(high - low)
        if m <= middle:
            return self._subproof(m, low, middle, [self._hash(middle, high), *above])
        return self._subproof(m, middle, high, [self._hash(low, middle), *above])


def inclusion_spans(index: int, size: int) -> list[tuple[int, int]]:
    """Return which leaves each hash of an inclusion proof is the root of, in the proof's order.

    Raises:
        ValueError: No such leaf at that size.
    """
    if not 0 <= index < size:
        raise ValueError("outside the tree")
    low, high, spans = 0, size, list[tuple[int, int]]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return spans[::-1]


def consistency_spans(m: int, n: int) -> list[tuple[int, int]]:
    """Return the same for the proof that the tree of `n` leaves extends the tree of `m`.

    Raises:
        ValueError: Not 0 <= m <= n.
    """
    if not 0 <= m <= n:
        raise ValueError("outside the tree")
    if m in {0, n}:
        return []
    low, high, spans = 0, n, list[tuple[int, int]]()
    while m != high:
        middle = low + _split(high - low)
        if m <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return [*([(low, high)] if low else []), *spans[::-1]]


def whole_spans(low: int, high: int) -> list[tuple[int, int]]:
    """Return the widest whole subtrees a span of leaves is made of, from the left."""
    spans = []
    while low < high:
        width = 1 << ((high - low).bit_length() - 1)
        if low:
            width = min(width, low & -low)
        spans.append((low, low + width))
        low += width
    return spans


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring whole subtrees, widest first, as `whole_spans` has them."""
    node = hashes[-1]
    for peak in reversed(hashes[:-1]):
        node = node_hash(peak, node)
    return node


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes; of none, the hash of nothing."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion proof of one leaf; keep a `Tree` to make many."""
    return Tree(leaves).inclusion_proof(index)


def consistency_proof(leaves: Sequence[bytes], m: int, n: int) -> list[bytes]:
    """Return the consistency proof from `m` to `n` leaves; keep a `Tree` to make many."""
    return Tree(leaves).consistency_proof(m, n)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Return whether the proof leads from the leaf hash to the expected root (2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, *proof]):
        return False
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == expected


def verify_consistency(
    m: int, n: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Return whether the tree of `n` leaves is the tree of `m` with leaves added (2.1.4.2)."""
    if not 0 <= m <= n or not _are_hashes(proof):
        return False
    if m in {0, n}:
        return not proof and (old_root == new_root if m == n else old_root == EMPTY_ROOT)
    path = [old_root, *proof] if m & (m - 1) == 0 else list(proof)
    return bool(path) and _climb(m - 1, n - 1, path) == (old_root, new_root)


def _climb(position: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots a consistency path leads to, or None if it does not fit the sizes."""
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return (old, new) if last == 0 else None


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _split(width: int) -> int:
    """Return the largest power of two below `width` (2 or more)."""
    return 1 << ((width - 1).bit_length() - 1)
