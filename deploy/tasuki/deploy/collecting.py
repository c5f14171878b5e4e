"""The garbage collector of a serving process.

What start-up made (modules, models, routes) lives as long as the process. Looked through again with
every full collection, it stopped all requests for a tenth of a second, in the middle of a search as
a rule, since that makes thousands of objects at once. https://docs.python.org/3/library/gc.html
"""

from __future__ import annotations

import gc

# New objects before the youngest are looked through; a search makes tens of thousands at a time.
YOUNG = 20_000
_MIDDLE = 20
_OLD = 20


def settle() -> None:
    """Set aside all there is by now, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, _MIDDLE, _OLD)
