"""Drugs, doses and usages as a JP-CLINS prescription line says them.

https://jpfhir.jp/fhir/clins/igv1/

Doses are counted in tablets and the like (MERIT-9 units) where the product's strength is known.
A code is written only where the formulary has one; otherwise the drug is named by its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tasuki.deploy.sample.authoring import desk
from tasuki.deploy.sample.authoring.vocabulary import (
    GENERAL_ORDER,
    MERIT9_UNIT,
    STRENGTH_TYPE,
    UNCODED_DRUG,
    USAGE,
    USAGE_UNCODED,
    YJ,
    coding,
    concept,
)

Json = dict[str, Any]

_UNCODED_USAGE = "0X0XXXXXXXXX0000"


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the formulary."""

    key: str
    text: str
    yj: str | None
    general: str | None
    strength: tuple[float, str] | None  # amount of one unit
    unit: str  # MERIT-9

    def concept(self) -> Json:
        """Return the medicationCodeableConcept."""
        if self.yj is not None:
            return concept(self.text, coding(YJ, self.yj, self.text))
        if self.general is not None:
            return concept(self.text, coding(GENERAL_ORDER, self.general, self.text))
        return uncoded_drug(self.text)

    def units_in(self, value: float, unit: str) -> int | None:
        """Return how many units make up a dose, or None when that is no whole number."""
        if self.strength is None or self.strength[1] != unit:
            return None
        count = Fraction(str(value)) / Fraction(str(self.strength[0]))
        return int(count) if count.denominator == 1 else None

    def dose(self, units: float) -> Json:
        """Return a Dosage.doseAndRate of so many units at a time."""
        return {
            "type": concept(None, coding(STRENGTH_TYPE, "1", "製剤量")),
            "doseQuantity": {
                "value": units,
                "unit": self.unit_text,
                "system": MERIT9_UNIT,
                "code": self.unit,
            },
        }

    @property
    def unit_text(self) -> str:
        """Return the unit in Japanese."""
        return str(desk.table("formulary")["units"][self.unit])


def product(key: str) -> Product:
    """Return a product by its key.

    Raises:
        KeyError: The formulary has no such product.
    """
    row = desk.table("formulary")["products"][key]
    strength = row["strength"]
    return Product(
        key=key,
        text=row["text"],
        yj=row.get("yj"),
        general=row.get("general"),
        strength=None if strength is None else (strength[0], strength[1]),
        unit=row["unit"],
    )


def generator_product(name: str, region: str) -> Product | None:
    """Return the product that stands for a drug of the generator in a region, if any."""
    keys = desk.table("formulary")["generator_drugs"].get(name)
    return None if keys is None else product(keys[region])


def uncoded_drug(text: str) -> Json:
    """Return a medicationCodeableConcept that says by text alone what the drug is."""
    return concept(text, coding(UNCODED_DRUG, "NOCODED", text))


def usage(key: str) -> Json:
    """Return Timing.code of a usage of the formulary."""
    row = desk.table("formulary")["usages"][key]
    if row["code"] is None:
        return concept(row["display"], coding(USAGE_UNCODED, _UNCODED_USAGE, row["display"]))
    return concept(row["display"], coding(USAGE, row["code"], row["display"]))


def times_per_day(key: str) -> int | None:
    """Return how often a day a usage happens; None for as-needed."""
    times: int | None = desk.table("formulary")["usages"][key]["per_day"]
    return times
