"""Declarations as signed objects: keys, signatures, and whose word counts."""

from __future__ import annotations

from tasuki.consent.signing.objects import (
    SIGNED_FORM,
    Reason,
    Standing,
    Untrusted,
    Verified,
    key_id_of,
    read_stored,
    sign_declaration,
    signature_of,
    standing_of,
    verify_declaration,
    write_signed,
)

__all__ = [
    "SIGNED_FORM",
    "Reason",
    "Standing",
    "Untrusted",
    "Verified",
    "key_id_of",
    "read_stored",
    "sign_declaration",
    "signature_of",
    "standing_of",
    "verify_declaration",
    "write_signed",
]
