"""A Bundle of AuditEvents that proves itself: each entry says where in which log its event stands.

    entry.extension  audit-proof: log, index, size, path, and the salt (or, where part of the event is
                     withheld from its reader, the leaf hash instead)
    entry.resource   besides the events, a Binary for each signed head the paths lead to

The form is plain FHIR, so whoever knows nothing of proofs reads the events all the same.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from tasuki.shared.audit.leaf import canonical
from tasuki.shared.audit.merkle import HASH_BYTES
from tasuki.shared.audit.proven import Proven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.audit.proven import Evidence

PROOF = "https://tasuki.example/fhir/StructureDefinition/audit-proof"
NOTE_TYPE = "text/plain; charset=utf-8"


def proven_entry(shown: dict[str, Any], one: Proven, origin: str) -> dict[str, Any]:
    """Return the entry of an event as its reader may see it, with its proof.

    The salt goes out only with the whole event: with it alone, guesses at what is withheld could
    be tested against the hash.
    """
    parts: list[dict[str, Any]] = [{"url": "log", "valueString": origin}]
    if canonical(shown) == one.event:
        parts.append({"url": "salt", "valueBase64Binary": _text(one.salt)})
    else:
        parts.append({"url": "leaf", "valueBase64Binary": _text(one.leaf)})
    if one.size is not None:
        parts += [
            {"url": "index", "valueString": str(one.index)},
            {"url": "size", "valueString": str(one.size)},
        ]
    if one.path:  # the only event of a log needs none
        parts.append({"url": "path", "valueBase64Binary": _text(b"".join(one.path))})
    return {"extension": [{"url": PROOF, "extension": parts}], "resource": shown}


def head_entries(evidence: Evidence) -> list[dict[str, Any]]:
    """Return an entry for each signed head."""
    return [
        {
            "resource": {
                "resourceType": "Binary",
                "contentType": NOTE_TYPE,
                "data": _text(note.encode()),
            }
        }
        for note in evidence.notes
    ]


def note_of(entry: Mapping[str, Any]) -> str | None:
    """Return the note an entry holds; None where it holds none."""
    resource = entry.get("resource")
    if not isinstance(resource, dict) or resource.get("resourceType") != "Binary":
        return None
    try:
        return _bytes(resource.get("data")).decode()
    except ValueError:
        return None


def led_to(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return log and size of the head an entry's proof leads to; None where it leads to none."""
    parts = _parts(entry)
    if parts is None or parts.get("size") is None:
        return None
    return str(parts.get("log")), str(parts["size"])


def head_of(note: str) -> tuple[str, str]:
    """Return log and size a note is a head of, as `led_to` says them."""
    origin, size, *_ = [*note.split("\n"), "", ""]
    return origin, size


def proof_of(entry: Mapping[str, Any]) -> tuple[str, Proven, bool] | None:
    """Return log, proof, and whether the event is whole; None where the entry has no proof.

    Without a salt the event is not hashed, so its `event` is empty.

    Raises:
        ValueError: There is a proof and it cannot be read.
    """
    parts = _parts(entry)
    if parts is None:
        return None
    salt, leaf = parts.get("salt"), parts.get("leaf")
    raw = _bytes(parts.get("path", ""))
    size = parts.get("size")
    proven = Proven(
        event=b"" if salt is None else canonical(entry["resource"]),
        salt=b"" if salt is None else _bytes(salt),
        leaf=b"" if leaf is None else _bytes(leaf),
        index=None if size is None else _number(parts.get("index")),
        size=None if size is None else _number(size),
        path=tuple(raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)),
    )
    return str(parts.get("log", "")), proven, salt is not None


def _parts(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    for extension in entry.get("extension", ()):
        if isinstance(extension, dict) and extension.get("url") == PROOF:
            return {
                str(part.get("url")): part.get("valueString", part.get("valueBase64Binary"))
                for part in extension.get("extension", ())
            }
    return None


def _number(value: object) -> int:
    if not isinstance(value, str) or not (value.isascii() and value.isdecimal()):
        raise ValueError("not a number")
    return int(value)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("not base64")  # noqa: TRY004 - what was read is wrong, not the program
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
