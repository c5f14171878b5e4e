"""Hearing every region about one patient: our own record through the gate, then the others.

Each reading is decided and written into the audit log where it happens, before anything of it leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.refusals import Refused, forbidden
from tasuki.shared.audit.shapes import Action
from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.rest.everything.routes import referred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.ehr.elsewhere import Elsewhere
    from tasuki.ehr.settings import Region
    from tasuki.shared.access.rulings import Caller
    from tasuki.shared.clinical.sources import Resource
    from tasuki.shared.rest.service import FhirService

TYPES = (
    "Patient",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "Condition",
    "Immunization",
    "Procedure",
    "Observation",
)


async def heard(
    service: FhirService, elsewhere: Elsewhere, caller: Caller, id_: str
) -> list[SourceRecords]:
    """Return every region's answer about one patient, our own first.

    Raises:
        Fault: Where this caller may not see the patient here at all; nobody else is asked then.
    """
    region = elsewhere.settings.region
    own = await _own(service, region, caller, id_)
    if not own.of_type("Patient"):
        raise forbidden("patient-withheld", owner=id_)
    async with service.gate.enter(caller) as records:
        tokens = await records.network_tokens(id_)
        others = await records.other_records(id_)
    more = [await _further(service, region, caller, other) for other in others]
    return [own, *more, *await elsewhere.sources(caller, tokens, TYPES)]


def patient_in(sources: Sequence[SourceRecords]) -> Resource:
    """Return the Patient of the region that was asked, out of what `heard` returned."""
    return sources[0].of_type("Patient")[0]


async def _own(service: FhirService, region: Region, caller: Caller, id_: str) -> SourceRecords:
    async with service.gate.enter(caller) as records:
        found = await records.compartment(id_, TYPES, Action.SUMMARY)
        around = await records.about_nobody(
            [target for target in referred(found) if target[0] == "Medication"]
        )
        withheld = await records.withheld(id_, TYPES)
        unreadable = await records.unreadable(id_)
    return SourceRecords(
        source=f"ehr/{region.code}",
        title_ja=region.title_ja,
        title_en=region.title_en,
        kind="hospital",
        state=SourceState.ANSWERED,
        as_of=service.clock.now(),
        resources=tuple(one.resource for one in (*found, *around)),
        unreadable=unreadable,
        withheld_types=withheld,
    )


async def _further(service: FhirService, region: Region, caller: Caller, id_: str) -> SourceRecords:
    """Return another record of the same person in this region: a second hospital's, say."""
    try:
        return await _own(service, region, caller, id_)
    except Refused:
        return SourceRecords(
            source=f"ehr/{region.code}",
            title_ja=region.title_ja,
            title_en=region.title_en,
            kind="hospital",
            state=SourceState.WITHHELD,
            as_of=None,
        )
