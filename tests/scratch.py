"""Where test servers keep what need not outlive them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30  # bytes


def scratch() -> str | None:
    """Return a folder in memory where there is one with room, else None for the usual place.

    There a database is copied in a tenth of the time, and every test has its own.
    """
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    return str(_MEMORY) if shutil.disk_usage(_MEMORY).free >= _ROOM else None
