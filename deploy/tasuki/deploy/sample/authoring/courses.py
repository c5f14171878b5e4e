"""Moving each generated resident so that courses are current, or clearly over, on the day.

The generator gives 30 days of a drug every two months or so. Here a drug is given for as long as
it takes to the next visit, in the lengths that Japanese practice uses, with refills; and each
resident's whole record moves by whole days, so that about seven in ten take something that day.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring.prescribing import supplied_for
from tasuki.deploy.sample.shifting import DATE_ELEMENTS, shifted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.deploy.sample.authoring.lots import Lots

Json = dict[str, Any]

CURRENT_SHARE = 82  # percent of those with a chronic course for whom it is still going
_SUPPLIES = ((28, 0), (30, 0), (28, 1), (30, 1), (56, 0), (30, 2), (90, 0), (90, 1), (90, 2))
_RECENT = (3, 60)  # days since the last visit of somebody still under treatment
_LAPSED = (70, 200)  # days since the last visit of somebody who stopped coming
_DAY = 10  # characters of YYYY-MM-DD


def settled(resources: list[Json], reference: date, lots: Lots, key: str) -> list[Json]:
    """Return one resident's cleaned resources, moved and supplied to fit the reference day."""
    chronic = [one for one in resources if is_chronic(one)]
    if not chronic:
        return resources
    current = lots.percent(CURRENT_SHARE, "current", key)
    low, high = _RECENT if current else _LAPSED
    wanted = reference - timedelta(days=low + lots.number(high - low, "visit", key))
    last_visit = max(_day(one["authoredOn"]) for one in chronic)
    last_event = max(day for one in resources for day in dates_in(one))
    move = min((wanted - last_visit).days, (reference - last_event).days)
    moved = [shifted(one, move) for one in resources]
    if not current:
        return moved
    until = reference + timedelta(days=lots.number(25, "left", key) + 1)
    return list(_supplied(moved, until))


def is_chronic(resource: Json) -> bool:
    """Return whether this is a prescription of a long-term course, dispensed for some days."""
    if resource["resourceType"] != "MedicationRequest":
        return False
    course = resource["courseOfTherapyType"]["coding"][0]["code"]
    return course == "continuous" and "expectedSupplyDuration" in resource["dispenseRequest"]


def dates_in(value: Any, key: str = "") -> Iterator[date]:
    """Yield every whole date in a resource."""
    if isinstance(value, dict):
        for inner, child in value.items():
            yield from dates_in(child, inner)
    elif isinstance(value, list):
        for child in value:
            yield from dates_in(child, key)
    elif isinstance(value, str) and key in DATE_ELEMENTS:
        yield _day(value)


def _supplied(resources: list[Json], until: date) -> Iterator[Json]:
    visits: dict[str, set[date]] = defaultdict(set)
    for one in filter(is_chronic, resources):
        visits[_drug(one)].add(_day(one["authoredOn"]))
    for one in resources:
        if is_chronic(one):
            start = _day(one["authoredOn"])
            later = [day for day in visits[_drug(one)] if day > start]
            yield supplied_for(one, *_lasting(((min(later) if later else until) - start).days))
        else:
            yield one


def _lasting(gap: int) -> tuple[int, int]:
    enough = [one for one in _SUPPLIES if one[0] * (one[1] + 1) >= gap]
    return min(enough, key=lambda one: one[0] * (one[1] + 1)) if enough else _SUPPLIES[-1]


def _drug(resource: Json) -> str:
    return str(resource["medicationCodeableConcept"]["text"])


def _day(text: str) -> date:
    return date.fromisoformat(text[:_DAY])
