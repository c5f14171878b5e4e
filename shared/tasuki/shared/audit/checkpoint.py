"""Signed heads of the log, in the form foreign witnesses already check.

A checkpoint is a C2SP signed note: three lines (origin, size, root in base64), an empty line, and
a signature line per key. The log signs with plain Ed25519 (type 0x01); the log and its witnesses
add timestamped cosignatures (type 0x04), which say when the head was seen.

Spec: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note,
https://c2sp.org/tlog-cosignature
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from tasuki.shared.audit.merkle import HASH_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

MAX_NOTE_BYTES = 64 * 1024  # hundreds of cosignatures; more is not a note of ours
_ED25519 = b"\x01"
_COSIGNATURE = b"\x04"
_ID_BYTES = 4
_TIME_BYTES = 8
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class BadCheckpoint(Exception):
    """Not a checkpoint of this log, or not signed by its key."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head whose signature has been checked.

    Attributes:
        origin: The log's name.
        size: Leaves in the tree.
        root: 32 bytes.
    """

    origin: str
    size: int
    root: bytes


def sign_checkpoint(
    origin: str, size: int, root: bytes, key: Ed25519PrivateKey, at: datetime
) -> str:
    """Return the signed note of a tree head, with the log's own cosignature saying when.

    The caller must never sign two heads that are inconsistent with each other.

    Args:
        origin: The log's name, also its key name: no white space, no `+`.
        size: Leaves in the tree.
        root: 32 bytes.
        key: The log's key; no other log may use it.
        at: An aware moment; kept to the second.

    Raises:
        ValueError: An origin, size or root that no checkpoint can say.
    """
    if not _NAME.fullmatch(origin) or len(root) != HASH_BYTES or not _SIZE.fullmatch(str(size)):
        raise ValueError("not a tree head")
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signed = key_id(origin, key.public_key(), _ED25519) + key.sign(text.encode())
    return cosign_checkpoint(f"{text}\n{_line(origin, signed)}", origin, key, at)


def cosign_checkpoint(note: str, name: str, key: Ed25519PrivateKey, at: datetime) -> str:
    """Return the note with one more line: `name` saw this head at that time.

    A witness must first have checked the note's signature, and its consistency with the last
    head it cosigned.
    """
    text, _ = _parts(note)
    seconds = int(at.timestamp())
    signature = key.sign(_seen(text, seconds))
    ident = key_id(name, key.public_key(), _COSIGNATURE)
    return note + _line(name, ident + seconds.to_bytes(_TIME_BYTES) + signature)


def verify_checkpoint(note: str, public_key: Ed25519PublicKey, *, origin: str) -> Checkpoint:
    """Return the tree head of a note that the log named `origin` signed.

    Raises:
        BadCheckpoint: Not a checkpoint, another log's, or without this key's valid signature.
    """
    text, lines = _parts(note)
    signature = _found(lines, origin, key_id(origin, public_key, _ED25519))
    _require(public_key, signature, text.encode())
    return _head(text, origin)


def verify_cosignature(note: str, public_key: Ed25519PublicKey, *, name: str) -> datetime:
    """Return when the witness `name` saw this head.

    Raises:
        BadCheckpoint: Without this key's valid cosignature.
    """
    text, lines = _parts(note)
    timed = _found(lines, name, key_id(name, public_key, _COSIGNATURE))
    seconds = int.from_bytes(timed[:_TIME_BYTES])
    _require(public_key, timed[_TIME_BYTES:], _seen(text, seconds))
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadCheckpoint("the time of a cosignature is out of range") from None


def size_said(note: str) -> int:
    """Return the size a note says, its signatures unchecked.

    Raises:
        BadCheckpoint: Not a checkpoint.
    """
    text, _ = _parts(note)
    return _head(text, text.partition("\n")[0]).size


def only_signed_by(note: str, *names: str) -> str:
    """Return the note with the signature lines of these names alone, in their order.

    Raises:
        BadCheckpoint: Not a signed note.
    """
    text, lines = _parts(note)
    kept = [line for name in names for line in lines if _signature(line, name)]
    return "\n".join([text, *kept, ""])


def key_id(name: str, public_key: Ed25519PublicKey, kind: bytes = _ED25519) -> bytes:
    """Return the 4 bytes that name a key in a signature line."""
    return sha256(name.encode() + b"\n" + kind + public_key.public_bytes_raw()).digest()[:_ID_BYTES]


def _parts(note: str) -> tuple[str, list[str]]:
    text, separator, signatures = note.rpartition("\n\n")
    wrong = (
        not separator
        or not signatures.endswith("\n")
        or len(note) > MAX_NOTE_BYTES
        or _CONTROL.search(note)
    )
    if wrong:
        raise BadCheckpoint("not a signed note")
    return text + "\n", signatures[:-1].split("\n")


def _found(lines: list[str], name: str, ident: bytes) -> bytes:
    """Return what stands after the key id in the one line of this key."""
    known = [raw for line in lines if (raw := _signature(line, name))[:_ID_BYTES] == ident]
    if len(known) != 1:
        raise BadCheckpoint("the note is not signed once by this key")
    return known[0][_ID_BYTES:]


def _signature(line: str, name: str) -> bytes:
    """Return the signature of a line if it is of this name; nothing if of another.

    Raises:
        BadCheckpoint: The line is not a signature line.
    """
    dash, _, rest = line.partition(" ")
    whose, _, encoded = rest.partition(" ")
    raw = _decoded(encoded)
    if dash != "\N{EM DASH}" or not _NAME.fullmatch(whose) or len(raw) <= _ID_BYTES:
        raise BadCheckpoint("a signature line is malformed")
    return raw if whose == name else b""


def _require(public_key: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    try:
        public_key.verify(signature, message)
    except InvalidSignature:
        raise BadCheckpoint("the signature does not fit") from None


def _head(text: str, origin: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):  # noqa: PLR2004 - origin, size, root
        raise BadCheckpoint("not a tree head")
    named, size, encoded = lines[:3]
    root = _decoded(encoded)
    if named != origin or not _SIZE.fullmatch(size) or len(root) != HASH_BYTES:
        raise BadCheckpoint("not a tree head of this log")
    return Checkpoint(origin=named, size=int(size), root=root)


def _decoded(encoded: str) -> bytes:
    """Return the bytes of a base64 text, of which there is one spelling only."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadCheckpoint("not base64") from None
    if base64.b64encode(raw).decode() != encoded:
        raise BadCheckpoint("not canonical base64")
    return raw


def _seen(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _line(name: str, raw: bytes) -> str:
    return f"\N{EM DASH} {name} {base64.b64encode(raw).decode()}\n"
