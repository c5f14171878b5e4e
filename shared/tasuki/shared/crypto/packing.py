"""What stands inside the cipher: a compressed body, padded so that its length tells little.

    packed = length of frame (4, big-endian) | zstd frame | zero bytes up to a size class

Spec: https://www.rfc-editor.org/rfc/rfc8878 (zstd); layout in `docs/sealed-format.md`.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from functools import cache
from pathlib import Path

import zstandard

from tasuki.shared.faults import Category, Fault

CURRENT_DICTIONARY = 1  # new bodies; older numbers stay readable for ever
KNOWN_DICTIONARIES = frozenset({1})

# 16 MB is the largest Bundle taken (outside contract); twice that leaves room for what we add.
MAX_BODY_BYTES = 32 * 2**20

_LEVEL = 3
_STEP = 64
_LENGTH_BYTES = 4
_DICTIONARIES = Path(__file__).parent / "dictionaries"


def _size_classes() -> tuple[int, ...]:
    """Return the ladder of packed sizes: steps of 64 bytes, or of 5 % once that is more."""
    ladder = [_STEP]
    while ladder[-1] < MAX_BODY_BYTES + MAX_BODY_BYTES // 128:  # what zstd may add
        ladder.append(ladder[-1] + max(_STEP, ladder[-1] // 20))
    return tuple(ladder)


SIZE_CLASSES = _size_classes()
_CLASS_SET = frozenset(SIZE_CLASSES)


class NotPacked(Exception):
    """Bytes that `pack` did not write."""


@cache
def dictionary_bytes(number: int) -> bytes:
    """Return a dictionary's raw bytes, read once."""
    return (_DICTIONARIES / f"{number}.zdict").read_bytes()


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    loaded = zstandard.ZstdCompressionDict(dictionary_bytes(number))
    loaded.precompute_compress(level=_LEVEL)
    return loaded


class _Codec(threading.local):
    """A compressor and its readers per thread: zstd contexts must not be shared."""

    def __init__(self) -> None:
        self._readers: dict[int, zstandard.ZstdDecompressor] = {}
        self.compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=_dictionary(CURRENT_DICTIONARY), write_dict_id=False
        )

    def reader(self, number: int) -> zstandard.ZstdDecompressor:
        if number not in self._readers:
            self._readers[number] = zstandard.ZstdDecompressor(dict_data=_dictionary(number))
        return self._readers[number]


@cache
def _codec() -> _Codec:
    return _Codec()  # one object, whose attributes each thread sees its own copy of


def pack(body: bytes) -> bytes:
    """Return a body compressed with the current dictionary and padded to a size class.

    Raises:
        Fault: TOO_LARGE, the body is over `MAX_BODY_BYTES`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Fault(Category.TOO_LARGE, "This record is larger than 32 MiB.")
    frame = _codec().compressor.compress(body)
    filled = _LENGTH_BYTES + len(frame)
    padded = SIZE_CLASSES[bisect_left(SIZE_CLASSES, filled)]
    return len(frame).to_bytes(_LENGTH_BYTES) + frame + bytes(padded - filled)


def unpack(packed: bytes, dictionary: int) -> bytes:
    """Return the body that was packed.

    Raises:
        NotPacked: Not a size class, padding that is not zero, more than `MAX_BODY_BYTES`, or
            not one whole zstd frame.
    """
    end = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES])
    if len(packed) not in _CLASS_SET or end > len(packed) or any(packed[end:]):
        raise NotPacked
    frame = packed[_LENGTH_BYTES:end]
    try:
        # The frame's own header says how much to allocate, so it is asked first.
        if not 0 <= zstandard.frame_content_size(frame) <= MAX_BODY_BYTES:
            raise NotPacked
        return _codec().reader(dictionary).decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError:
        raise NotPacked from None
