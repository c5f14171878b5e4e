"""What is printed: rates, percentiles, the machine."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
from pathlib import Path
from typing import Any

Measured = tuple[list[float], dict[int, int], float]


def figures(measured: Measured) -> dict[str, Any]:
    """Return count, statuses, rate and percentiles of latencies in seconds."""
    latencies, statuses, taken = measured
    cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else latencies * 99
    return {
        "requests": len(latencies),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "per_second": round(len(latencies) / taken, 1),
        "milliseconds": {
            name: round(cuts[place] * 1000, 2)
            for name, place in (("p50", 49), ("p95", 94), ("p99", 98))
        },
    }


def machine() -> dict[str, Any]:
    """Return what it was measured on."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu_name(),
        "memory_megabytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "python": platform.python_version(),
        "load_before": [round(one, 2) for one in os.getloadavg()],
        "note": "server, PostgreSQL and load generator on the same cores; one worker process",
    }


def rss_megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, ended ones too."""
    ended = sum(int(field) for field in _stat(pid)[13:15]) / os.sysconf("SC_CLK_TCK")
    used = cpu_seconds(pid) + ended
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError):  # ended this moment
            used += cpu_seconds(int(child))
    return used


def slope_per_minute(samples: list[tuple[float, float]]) -> float:
    """Return how much the value grows in a minute, by least squares over (seconds, value)."""
    return round(60 * statistics.linear_regression(*zip(*samples, strict=True)).slope, 2)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/pid/stat after the name of the program."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
