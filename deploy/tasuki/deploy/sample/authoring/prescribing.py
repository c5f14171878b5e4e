"""Rewriting the generator's prescriptions: product, dose in units, route, days supplied.

https://jpfhir.jp/fhir/clins/igv1/StructureDefinition-jp-medicationrequest-ecs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring.products import generator_product, uncoded_drug
from tasuki.deploy.sample.authoring.vocabulary import ROUTE, coding, concept, days

if TYPE_CHECKING:
    from tasuki.deploy.sample.authoring.products import Product

Json = dict[str, Any]

_ROUTES = {"経口": "PO", "皮下注": "SC", "静注": "IV", "吸入": "IH"}
_MOST_REFILLS = 2  # a Japanese refill prescription is dispensed three times at most
_INSULIN = "インスリングラルギン"  # the generator gives it no dose


def rewritten(resource: Json, region: str) -> Json:
    """Return a cleaned MedicationRequest with an honest drug, dose and route.

    A drug the formulary knows becomes a product of it, when the dose is a whole number of its
    units; any other keeps the generator's words and dose, and no code.
    """
    made = dict(resource)
    name = made["medicationCodeableConcept"]["text"]
    dosage = dict(made["dosageInstruction"][0])
    dose = _dose(dosage)
    drug = generator_product(name, region)
    units = None if drug is None or dose is None else drug.units_in(dose["value"], dose["unit"])
    if drug is not None and (units or (name == _INSULIN and dose is None)):
        made["medicationCodeableConcept"] = drug.concept()
        dosage = _counted(dosage, drug, units)
    else:
        made["medicationCodeableConcept"] = uncoded_drug(name)
    dosage["route"] = _route(dosage["route"]["text"])
    dosage["timing"] = _timing(dosage["timing"])
    made["dosageInstruction"] = [dosage]
    dispense = made["dispenseRequest"]
    if "expectedSupplyDuration" not in dispense:
        return made
    refills = min(dispense.get("numberOfRepeatsAllowed", 0), _MOST_REFILLS)
    return supplied_for(made, int(dispense["expectedSupplyDuration"]["value"]), refills)


def _dose(dosage: Json) -> Json | None:
    rates = dosage.get("doseAndRate", [])
    dose: Json | None = rates[0].get("doseQuantity") if rates else None
    return dose


def _counted(dosage: Json, drug: Product, units: int | None) -> Json:
    counted = {key: value for key, value in dosage.items() if key != "doseAndRate"}
    said = dosage["timing"]["code"]["coding"][0]["display"]
    if units is None:
        return {**counted, "text": said}
    counted["doseAndRate"] = [drug.dose(units)]
    return {**counted, "text": f"{said}　１回 {units}{drug.unit_text}"}


def _route(text: str) -> Json:
    code = _ROUTES.get(text)
    return concept(text) if code is None else concept(text, coding(ROUTE, code))


def _timing(timing: Json) -> Json:
    made = dict(timing)
    if "frequency" in timing.get("repeat", {}):
        made["repeat"] = {**timing["repeat"], "period": 1, "periodUnit": "d"}
    return made


def supplied_for(resource: Json, supply: int, repeats: int) -> Json:
    """Return a prescription that is dispensed for `supply` days, `repeats` times again."""
    made = dict(resource)
    dispense = {
        key: value
        for key, value in made["dispenseRequest"].items()
        if key != "numberOfRepeatsAllowed"
    }
    dispense["expectedSupplyDuration"] = days(supply)
    if repeats:
        dispense["numberOfRepeatsAllowed"] = repeats
    made["dispenseRequest"] = dispense
    dosage = dict(made["dosageInstruction"][0])
    if "repeat" in dosage["timing"]:
        repeat = {**dosage["timing"]["repeat"], "boundsDuration": days(supply)}
        dosage["timing"] = {**dosage["timing"], "repeat": repeat}
    made["dosageInstruction"] = [dosage]
    return made
