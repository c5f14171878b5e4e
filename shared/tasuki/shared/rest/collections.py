"""`$clins-collection`: a hospital sends one kind of information of one person, as a whole.

The guide says what a Bundle means and leaves open by which request it comes. A Bundle of the type
`collection` is neither a batch nor a transaction, so it does not belong to the base URL; and it is
taken apart instead of being kept, so it is no create of a Bundle either.
https://jpfhir.jp/fhir/clins/igv1/ (JP_Bundle_CLINS), https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.jp import jp_advice
from tasuki.shared.fhir.jp.collection import read_collection
from tasuki.shared.rest.answers import fhir
from tasuki.shared.rest.bodies import require_acceptable, resource_body
from tasuki.shared.rest.service import CallerDep, ServiceDep

ROUTES = APIRouter()


@ROUTES.post("/$clins-collection")
async def clins_collection(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    """Replace the set of the Bundle's identifier by what the Bundle holds."""
    require_acceptable(request)
    bundle = await resource_body(request, service.max_body)
    given = bundle.get("entry", [])
    if isinstance(given, list) and len(given) > service.max_entries:
        raise Fault(
            Category.TOO_LARGE, f"a Bundle may have {service.max_entries:,} entries at most"
        )
    sent = await to_thread.run_sync(read_collection, bundle)
    async with service.gate.enter(caller) as records:
        placed = await records.place(sent)
    counts = {
        "created": placed.created,
        "updated": placed.updated,
        "unchanged": placed.unchanged,
        "deleted": placed.deleted,
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "valueInteger": count} for name, count in counts.items()
    ]
    if placed.patient:
        reference = {"reference": f"Patient/{placed.patient}"}
        parameters.insert(0, {"name": "patient", "valueReference": reference})
    parameters += [{"name": "advice", "valueString": one.message} for one in jp_advice(bundle)]
    return fhir({"resourceType": "Parameters", "parameter": parameters})
