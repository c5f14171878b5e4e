"""The collector of a serving process sets aside what start-up made."""

from __future__ import annotations

import subprocess
import sys

SETTLED = """
import gc
from tasuki.deploy.collecting import YOUNG, settle
settle()
print(gc.get_freeze_count() > 1_000, gc.get_threshold()[0] == YOUNG, gc.isenabled())
"""


def test_what_start_up_made_is_not_looked_through_again() -> None:
    # In a process of its own: it is for the whole process, and for good.
    done = subprocess.run(
        [sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "True", "True"]
