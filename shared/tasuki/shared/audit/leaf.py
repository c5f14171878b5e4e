"""What a leaf of the log commits to: a salt and one event, in one canonical form.

    leaf data  = salt (16) | canonical event          (also what is sealed and stored)
    commitment = SHA-256(0x00 | leaf data)            = the RFC 9162 leaf hash

The salt keeps a guesser from testing events against the public hash; whoever is given an event,
its salt and an inclusion proof can check that it stands in the log.

Spec: https://www.rfc-editor.org/rfc/rfc8785 (canonical JSON), the part without floats and with
ASCII member names, which is all that an AuditEvent needs.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from tasuki.shared.audit.merkle import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

SALT_BYTES = 16
_LARGEST_EXACT = 2**53 - 1  # beyond it, RFC 8785 numbers are no longer exact

_NAME = frozenset({str})
_PLAIN = frozenset({bool, type(None)})


@dataclass(frozen=True, slots=True)
class LeafBody:
    """A salt (16 bytes) and a canonical event."""

    salt: bytes
    event: bytes

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError("a salt has 16 bytes")

    @classmethod
    def of(cls, event: dict[str, Any]) -> LeafBody:
        """Return the body of an event under a fresh random salt."""
        return cls(salt=secrets.token_bytes(SALT_BYTES), event=canonical(event))

    @classmethod
    def from_bytes(cls, raw: bytes) -> LeafBody:
        """Return the body that `to_bytes` wrote.

        Raises:
            ValueError: Shorter than a salt.
        """
        return cls(salt=raw[:SALT_BYTES], event=raw[SALT_BYTES:])

    def to_bytes(self) -> bytes:
        """Return salt and event in one: the leaf's data, and what is sealed."""
        return self.salt + self.event

    @property
    def commitment(self) -> bytes:
        """Return the 32-byte leaf hash."""
        return leaf_hash(self.to_bytes())


def commitment(salt: bytes, event: bytes) -> bytes:
    """Return the 32-byte leaf hash of a salt and a canonical event.

    Raises:
        ValueError: The salt is not 16 bytes (with another length, two pairs could agree).
    """
    return LeafBody(salt, event).commitment


def canonical(event: dict[str, Any]) -> bytes:
    """Return an event as canonical JSON: members sorted, no white space, UTF-8.

    Raises:
        ValueError: A float, an integer over 2**53 - 1, a member name that is not ASCII, a lone
            surrogate, or a value JSON does not have.
    """
    _check([event])
    try:
        return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise ValueError("an event holds a text that UTF-8 cannot say") from None


def _check(values: Iterable[object]) -> None:
    """Refuse values without a canonical form; one loop, since this is for every disclosure."""
    pending: list[Iterable[object]] = [values]
    for members in pending:
        for member in members:
            kind = type(member)
            if kind is str:  # most are, and need no further look
                continue
            if isinstance(member, dict):
                _check_names(member)
                pending.append(member.values())
            elif isinstance(member, list):
                pending.append(member)
            elif kind is int:
                _check_number(member)
            elif kind not in _PLAIN:
                raise ValueError(
                    "an event holds only text, integers, true, false, null, lists, objects"
                )


def _check_number(value: Any) -> None:
    if abs(value) > _LARGEST_EXACT:
        raise ValueError("an event's numbers are exact integers")


def _check_names(value: dict[Any, object]) -> None:
    if not (_NAME.issuperset(map(type, value)) and "".join(value).isascii()):
        raise ValueError("an event's member names are ASCII")
