"""How processes share one run (`pytest -n … --dist loadfile`), and what they tell at its end.

https://pytest-xdist.readthedocs.io/en/stable/distribution.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

TOLD = "told"  # a property of a test: a line for the end of the run

# Tests that share something which takes long to start: it is started in one process.
TOGETHER = (
    "tests/integration/demo/",
    "tests/conformance/r4/",
)
# Begun first, the longest at the head: else one process works on these when the others are done.
LONG = (
    "tests/access/",
    "tests/integration/demo/",
    "tests/conformance/",
    "tests/fuzz/",
)


def unit_of(name: str) -> str:
    """Return what of a run is done by one process: a test's file, or a folder of `TOGETHER`."""
    return next((one for one in TOGETHER if name.startswith(one)), name.partition("::")[0])


def turn_of(name: str) -> int:
    """Return the place of a test in the order of the run; those of one place stay as they are."""
    return next((turn for turn, one in enumerate(LONG) if name.startswith(one)), len(LONG))


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # it ships no types
    """Gives each process one unit after the other, in the order of the run."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def told_in(reporter: pytest.TerminalReporter) -> Iterator[str]:
    """Yield the lines that tests have left for the end, whichever process ran them."""
    for report in reporter.stats.get("", ()):
        for name, line in getattr(report, "user_properties", ()):
            if name == TOLD:
                yield str(line)
