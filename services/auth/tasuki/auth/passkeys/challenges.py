"""Challenges: made without storing anything, good for one page in one browser, spent by use.

    random (16 bytes) | end, seconds since 1970 (8, big-endian) | keyed hash (32)

The keyed hash covers the browser's cookie and what the page is for, so that a challenge shown on
one page cannot be answered on another. Only a spent challenge leaves a row.

https://www.w3.org/TR/webauthn-3/#sctn-cryptographic-challenges
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from tasuki.auth.sealing import CHALLENGE
from tasuki.auth.tables import USED_CHALLENGE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.sealing import SecretBox

SECONDS = 1_800  # as long as an open sign-in page may wait
_RANDOM, _END, _MAC = 16, 8, 32


def new_challenge(box: SecretBox, browser: str, page: str, *, now: datetime) -> bytes:
    """Return a challenge for one page in one browser."""
    start = secrets.token_bytes(_RANDOM) + (int(now.timestamp()) + SECONDS).to_bytes(_END, "big")
    return start + _mac(box, start, browser, page)


def challenge_fits(
    box: SecretBox, challenge: bytes, browser: str, page: str, *, now: datetime
) -> bool:
    """Return whether a challenge was made for this page and browser, and not too long ago."""
    start, mac = challenge[: _RANDOM + _END], challenge[_RANDOM + _END :]
    if not browser or len(mac) != _MAC:
        return False
    genuine = hmac.compare_digest(mac, _mac(box, start, browser, page))
    return genuine and int.from_bytes(start[_RANDOM:], "big") > now.timestamp()


def spend(connection: Connection, challenge: bytes) -> bool:
    """Note that a challenge was answered; False where it was answered before."""
    ends = int.from_bytes(challenge[_RANDOM : _RANDOM + _END], "big")
    used = insert(USED_CHALLENGE).values(
        challenge=challenge, expires_at=datetime.fromtimestamp(ends, UTC)
    )
    first = used.on_conflict_do_nothing().returning(USED_CHALLENGE.c.challenge)
    return connection.execute(first).scalar_one_or_none() is not None


def _mac(box: SecretBox, start: bytes, browser: str, page: str) -> bytes:
    parts = (start, browser.encode(), page.encode())
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return box.mac(message, label=CHALLENGE)
