"""What the gate and the audit leaf cost a read: one server, its variants by turns.

Ratios are of medians over the rounds; the processor's time says more than the clock where others
use the machine too.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.house import House

ROUNDS = 7
VARIANTS = (
    "product",
    "without_audit",
    "without_gate_and_audit",
    "with_plain_insert",
    "without_gate_with_plain_insert",
)
# What is compared with what.
RATIOS = {
    "gate": ("without_audit", "without_gate_and_audit"),
    "audit_leaf_to_plain_insert": ("product", "with_plain_insert"),
    "audit_leaf_to_nothing": ("product", "without_audit"),
    "everything_to_bare_read_with_insert": ("product", "without_gate_with_plain_insert"),
}
MEASURES = ("server_cpu_microseconds", "database_cpu_microseconds", "p50_milliseconds")


async def gate(house: House) -> dict[str, Any]:
    """A read with and without gate and leaf: 8 connections flat out, and one after the other."""
    with house.with_parts_taken_out():
        return {
            "rounds": ROUNDS,
            "8_connections": await _compared(house, 8),
            "1_connection": await _compared(house, 1),
        }


async def _compared(house: House, connections: int) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    seconds = max(1.0, house.seconds / ROUNDS)
    for number in range(ROUNDS):
        # Forwards and backwards by turns: what grows meanwhile weighs on none alone.
        for name in VARIANTS if number % 2 == 0 else VARIANTS[::-1]:
            house.put_on("product")
            wire = await house.read_wire()
            house.put_on(name)
            told = await house.flat_out([wire], seconds=seconds, connections=connections)
            if set(told["statuses"]) != {"200"}:
                raise SystemExit(f"{name}: {told['statuses']}")
            rounds[name].append(_line(told))
    medians = {name: _medians(lines) for name, lines in rounds.items()}
    return {
        "variants": medians,
        "ratios": {
            name: {one: round(medians[a][one] / max(1e-9, medians[b][one]), 3) for one in MEASURES}
            for name, (a, b) in RATIOS.items()
        },
    }


def _line(told: dict[str, Any]) -> dict[str, float]:
    return {
        "per_second": told["per_second"],
        "p50_milliseconds": told["milliseconds"]["p50"],
        "p95_milliseconds": told["milliseconds"]["p95"],
        "server_cpu_microseconds": told["server_cpu_microseconds"],
        "database_cpu_microseconds": told["database_cpu_microseconds"],
    }


def _medians(lines: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in lines), 2) for name in lines[0]}
