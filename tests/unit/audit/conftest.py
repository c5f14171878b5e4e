"""A small checker of IHE BALP profiles: counts, patterns, slices by type, closed slicing.

It reads the published differentials; `test_events` first shows that it accepts the published
examples and refuses them once bent.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Faults = list[str]

BALP = Path(__file__).parents[2] / "vectors" / "audit" / "balp"


@cache
def profile(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((BALP / f"StructureDefinition-{name}.json").read_text())
    return loaded


def elements(name: str) -> list[dict[str, Any]]:
    """Return the elements of a profile and of those it derives from."""
    base = profile(name)["baseDefinition"].rsplit("/", 1)[1]
    inherited = elements(base) if base.startswith("IHE.") else []
    own: list[dict[str, Any]] = profile(name)["differential"]["element"]
    return inherited + own


@cache
def codes(value_set: str) -> frozenset[str]:
    name = value_set.rsplit("/", 1)[1]
    include = json.loads((BALP / f"ValueSet-{name}.json").read_text())["compose"]["include"]
    listed = [concept["code"] for part in include for concept in part.get("concept", ())]
    return frozenset(listed) or frozenset({"AuthZ-Consent", "AuthZ-Role"})


def fits(value: Any, pattern: Any) -> bool:
    """Return whether a value holds everything a FHIR pattern says."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(fits(value.get(k), v) for k, v in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(v, p) for v in value) for p in pattern)
    return bool(value == pattern)


def at(value: Any, path: str) -> list[Any]:
    found = [value]
    for name in filter(None, path.split(".")):
        below = [item.get(name) for item in found if isinstance(item, dict)]
        found = [
            one
            for item in below
            if item is not None
            for one in (item if isinstance(item, list) else [item])
        ]
    return found


def rule_faults(element: dict[str, Any], found: list[Any], where: str) -> Iterator[str]:
    if len(found) < element.get("min", 0):
        yield f"{where}: at least {element['min']}"
    if element.get("max", "*") != "*" and len(found) > int(element["max"]):
        yield f"{where}: at most {element['max']}"
    pattern = next((v for k, v in element.items() if k.startswith("pattern")), None)
    if pattern is not None and not all(fits(value, pattern) for value in found):
        yield f"{where}: not the pattern"
    bound = element.get("binding", {})
    if bound.get("strength") == "required":
        allowed = codes(bound["valueSet"])
        said = [code for value in found for code in (at(value, "coding.code") or [value["code"]])]
        if not allowed.issuperset(said):
            yield f"{where}: not in the value set"


def discriminates(slice_: list[dict[str, Any]], item: dict[str, Any]) -> bool:
    """Return whether an item belongs to a slice, by its `type` (or itself, for a subtype)."""
    for element in slice_:
        is_type = element["id"].endswith(".type") or element["id"].count(".") == 1
        value = item.get("type") if element["id"].endswith(".type") else item
        pattern = next((v for k, v in element.items() if k.startswith("pattern")), None)
        bound = element.get("binding", {}).get("valueSet")
        if is_type and pattern is not None:
            return fits(value, pattern)
        if is_type and bound:
            said = at(value, "coding.code") or at(value, "code")
            return codes(bound).issuperset(said)
    raise AssertionError(slice_[0]["id"])


def faults_of(event: dict[str, Any]) -> Faults:
    """Return what an event does not meet of the profile it claims."""
    claimed = elements(event["meta"]["profile"][0].rsplit("/", 1)[1])
    found: Faults = []
    slices: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for element in claimed:
        path = element["id"].removeprefix("AuditEvent").removeprefix(".")
        head, _, rest = path.partition(":")
        if rest:
            slices.setdefault((head, rest.split(".")[0]), []).append(element)
        elif path:
            found += rule_faults(element, at(event, path), path)
    taken: Counter[str] = Counter()
    for (head, name), slice_ in slices.items():
        items = [item for item in event.get(head, ()) if discriminates(slice_, item)]
        taken[head] += len(items)
        found += slice_faults(slice_, items, f"{head}:{name}")
    closed = {
        element["id"].removeprefix("AuditEvent.")
        for element in claimed
        if element.get("slicing", {}).get("rules") == "closed"
    }
    return found + [f"{head}: closed" for head in closed if taken[head] < len(event[head])]


def slice_faults(slice_: list[dict[str, Any]], items: list[Any], where: str) -> Iterator[str]:
    for element in slice_:
        below = element["id"].removeprefix(f"AuditEvent.{where}").removeprefix(".")
        if not below:
            counts = {k: v for k, v in element.items() if k in {"min", "max"}}
            yield from rule_faults(counts, items, where)
        for item in items if below else ():
            yield from rule_faults(element, at(item, below), f"{where}.{below}")


@pytest.fixture(scope="session")
def balp_faults() -> Callable[[dict[str, Any]], Faults]:
    return faults_of


@pytest.fixture(scope="session")
def balp_examples() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(BALP.glob("AuditEvent-*"))}
