"""What the gate and the audit leaf cost a read: one server, its variants by turns.

Asked for is one resource again and again, and whole records, resource by resource, person after
person: what the gate remembers of the last minutes helps with both, as it does everyday.

Ratios are of medians over the rounds; the processor's time says more than the clock where others
use the machine too.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from tests.bench.lean import Request

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
        records = await house.record_urls()
        one = records[:1]
        return {
            "rounds": ROUNDS,
            "resources": len(records),
            "records_8_connections": await _compared(house, 8, records),
            "one_resource_8_connections": await _compared(house, 8, one),
            "one_resource_1_connection": await _compared(house, 1, one),
        }


async def _compared(house: House, connections: int, urls: list[str]) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    seconds = max(1.0, house.seconds / ROUNDS)
    for number in range(ROUNDS):
        # Forwards and backwards by turns: what grows meanwhile weighs on none alone.
        for name in VARIANTS if number % 2 == 0 else VARIANTS[::-1]:
            house.put_on("product")
            token = house.token("clinician")
            house.put_on(name)
            wires = [Request(url, token).to_bytes() for url in urls]
            told = await house.flat_out(wires, seconds=seconds, connections=connections)
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
