"""One-time codes: TOTP, six digits, thirty seconds, one step of grace on either side, used once.

https://www.rfc-editor.org/rfc/rfc6238
"""

from __future__ import annotations

import hmac
import unicodedata
from typing import TYPE_CHECKING

import pyotp
from pyotp.totp import TOTP

if TYPE_CHECKING:
    from datetime import datetime

STEP_SECONDS = 30
GRACE_STEPS = 1
NOBODYS_SECRET = "A" * 32
"""Stands in where there is no account, so that the work is the same; no code of it is accepted."""


def new_secret() -> str:
    """Return a fresh base32 secret of 160 bits."""
    return pyotp.random_base32(32)


def code_at(secret: str, moment: datetime) -> str:
    """Return the code an authenticator shows at a moment."""
    return TOTP(secret).generate_otp(_step(moment))


def matching_step(secret: str, code: str, moment: datetime) -> int | None:
    """Return the time step a typed code belongs to; None where it fits none near the moment.

    Full-width digits and spaces are read as a Japanese keyboard means them.
    """
    typed = "".join(unicodedata.normalize("NFKC", code).split())[:16].encode()
    now, totp = _step(moment), TOTP(secret)
    found = None
    for step in range(now - GRACE_STEPS, now + GRACE_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed):
            found = step
    return found


def _step(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS
