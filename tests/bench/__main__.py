"""`make bench`, or `make bench ARGS="reads mix"`: measures over HTTP; JSON to standard output.

Sign-in token, consent decision and durable audit leaf are part of every measured request unless it
says otherwise; server, database and load generator share the machine. Nothing is asserted: read
the numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from tests.bench.benches import BENCHES
from tests.bench.figures import machine, rss_megabytes
from tests.bench.house import House, opened


def main() -> None:
    """Measure what was named, or everything."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(BENCHES))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each flat-out measurement")
    parser.add_argument("--minutes", type=float, default=1.0, help="that memory is watched")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(BENCHES))
    if unknown:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    on = machine()
    with opened(given.seconds, given.minutes) as house:
        result = {"machine": on, **asyncio.run(_measured(house, given.names or list(BENCHES)))}
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


async def _measured(house: House, names: list[str]) -> dict[str, Any]:
    demo = {
        "first_ready_seconds": house.first_ready_seconds,
        "rss_megabytes": rss_megabytes(house.pid),
    }
    told: dict[str, Any] = {"demo": demo}
    for name in names:
        told[name] = await BENCHES[name](house)
    return told


if __name__ == "__main__":
    main()
