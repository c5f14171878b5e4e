"""Quantity, number and composite parameters: what precision a value is searched with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Search, cases
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import COMPOSITE, MODIFIERS, NUMBER, PREFIX, QUANTITY

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

UCUM = "http://unitsofmeasure.org"
KG = f"{UCUM}|kg"

QUANTITIES = [
    Search("quantity-value", "Observation?value-quantity=72.5", "w1", QUANTITY),
    Search("quantity-system-code", f"Observation?value-quantity=72.5|{KG}", "w1", QUANTITY),
    Search("quantity-unit", "Observation?value-quantity=72.5||kg", "w1", QUANTITY),
    Search("quantity-percent", f"Observation?value-quantity=7.2|{UCUM}|%25", "a1c", QUANTITY),
    Search("quantity-other-unit", f"Observation?value-quantity=72.5|{UCUM}|g", "", QUANTITY,
           witness=f"Observation?value-quantity=72.5|{KG}"),
    Search("quantity-other-system", "Observation?value-quantity=72.5|http://example.org/u|kg", "",
           QUANTITY, witness=f"Observation?value-quantity=72.5|{KG}"),
    Search("quantity-precision", "Observation?value-quantity=70", "w2", QUANTITY),
    Search("quantity-rounds-down", "Observation?value-quantity=68", "w3", QUANTITY),
    Search("quantity-rounds-up", "Observation?value-quantity=73", "w1", QUANTITY),
    Search("quantity-not-rounded-up", "Observation?value-quantity=72", "", QUANTITY,
           witness="Observation?value-quantity=72.5"),
    Search("quantity-decimals-narrow", "Observation?value-quantity=68.0", "", QUANTITY,
           witness="Observation?value-quantity=68"),
    Search("quantity-more-decimals", "Observation?value-quantity=72.50", "w1", QUANTITY),
    Search("quantity-exponent", "Observation?value-quantity=7.25e1", "w1", QUANTITY),
    Search("quantity-ne", f"Observation?value-quantity=ne70|{KG}", "w1 w3 tw jw", PREFIX,
           at_least=True),
    Search("quantity-gt", f"Observation?value-quantity=gt70|{KG}", "w1 jw", PREFIX),
    Search("quantity-ge", f"Observation?value-quantity=ge70|{KG}", "w1 w2 jw", PREFIX),
    Search("quantity-lt", f"Observation?value-quantity=lt70|{KG}", "w3 tw", PREFIX),
    Search("quantity-le", f"Observation?value-quantity=le70|{KG}", "w2 w3 tw", PREFIX),
    Search("quantity-gt-decimals", f"Observation?value-quantity=gt72.4|{KG}", "w1 jw", PREFIX),
    Search("quantity-gt-itself", f"Observation?value-quantity=gt72.5|{KG}", "jw", PREFIX),
    Search("quantity-sa", f"Observation?value-quantity=sa70|{KG}", "w1 jw", PREFIX),
    Search("quantity-eb", f"Observation?value-quantity=eb68.4|{KG}", "tw", PREFIX),
    Search("quantity-ap", f"Observation?value-quantity=ap70|{KG}", "w2", PREFIX, at_least=True),
    Search("quantity-between", f"Observation?value-quantity=ge60|{KG}&value-quantity=lt72.5|{KG}",
           "w2 w3", QUANTITY),
    Search("quantity-or", "Observation?value-quantity=72.5||kg,7.2||%25", "w1 a1c", QUANTITY),
    Search("quantity-missing", "Observation?value-quantity:missing=false",
           "w1 w2 w3 tw jw a1c", MODIFIERS),
    Search("quantity-component", "Observation?component-value-quantity=gt140", "bp1", QUANTITY),
    Search("quantity-component-unit", "Observation?component-value-quantity=lt80||mm[Hg]", "bp2",
           QUANTITY),
    Search("quantity-combo", "Observation?combo-value-quantity=ge88", "bp1 bp2 jw", QUANTITY),
    Search("quantity-length", f"Encounter?length=gt60|{UCUM}|min", "visit", QUANTITY),
    Search("quantity-length-eq", f"Encounter?length=45|{UCUM}|min", "other", QUANTITY),
    Search("quantity-age", f"Condition?onset-age=ge60|{UCUM}|a", "sugar", QUANTITY),
]  # fmt: skip

NUMBERS = [
    Search("number-eq", "RiskAssessment?probability=0.45", "risk", NUMBER),
    Search("number-gt", "RiskAssessment?probability=gt0.2", "risk", NUMBER),
    Search("number-lt", "RiskAssessment?probability=lt0.2", "risklow", NUMBER),
    Search("number-between", "RiskAssessment?probability=ge0.1&probability=le0.45",
           "risk risklow", NUMBER),
    Search("number-exponent", "RiskAssessment?probability=4.5e-1", "risk", NUMBER),
]  # fmt: skip

COMPOSITES = [
    Search("composite-code-quantity",
           f"Observation?code-value-quantity=http://loinc.org|29463-7$gt70|{KG}", "w1 jw",
           COMPOSITE),
    Search("composite-code-quantity-plain", "Observation?code-value-quantity=4548-4$7.2", "a1c",
           COMPOSITE),
    Search("composite-pairs", "Observation?component-code-value-quantity=8480-6$gt140", "bp1",
           COMPOSITE),
    Search("composite-not-across-components",
           "Observation?component-code-value-quantity=8462-4$gt100", "", COMPOSITE,
           witness="Observation?component-code-value-quantity=8480-6$gt100"),
    Search("composite-both-components",
           "Observation?component-code-value-quantity=8480-6$lt120"
           "&component-code-value-quantity=8462-4$lt80", "bp2", COMPOSITE),
    Search("composite-or", "Observation?component-code-value-quantity=8480-6$gt140,8462-4$lt80",
           "bp1 bp2", COMPOSITE),
    Search("composite-combo",
           "Observation?combo-code-value-quantity=http://loinc.org|8480-6$ge118||mm[Hg]",
           "bp1 bp2", COMPOSITE),
    Search("composite-combo-of-whole", "Observation?combo-code-value-quantity=29463-7$lt60",
           "tw", COMPOSITE),
    Search("composite-code-concept",
           "Observation?code-value-concept=72166-2$http://snomed.info/sct|266919005", "smoke",
           COMPOSITE),
    Search("composite-code-string", "Observation?code-value-string=LOCAL-1$rice", "memo",
           COMPOSITE),
    Search("composite-wrong-pair", "Observation?code-value-concept=29463-7$266919005", "",
           COMPOSITE, witness="Observation?code-value-concept=72166-2$266919005"),
]  # fmt: skip


@cases([*QUANTITIES, *NUMBERS, *COMPOSITES])
def test_quantity(world: World, case: Search) -> None:
    require_found(world, case)
