"""What the person has not been told, or is not to be given, stays out of what the person may see.

JP-CLINS tags, system JP_ehrshrs_indication: https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from tasuki.shared.clinical.fhirjson import child, children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.clinical.sources import Resource, SourceRecords

INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
_NOT_FOR_THE_PERSON = frozenset({"UNINFORMED", "UNDELIVERED"})


class Audience(Enum):
    """Who reads the result."""

    CLINICIAN = "clinician"  # a permitted doctor sees what the patient was not told
    PERSON = "person"  # the resident, family, prints and shelters do not


def is_for_the_person(resource: Resource) -> bool:
    """Tell whether neither tag keeps this resource from the person it is about."""
    meta = child(resource, "meta")
    return not any(
        tag.get("system") == INDICATION and tag.get("code") in _NOT_FOR_THE_PERSON
        for tag in (*children(meta, "tag"), *children(meta, "security"))
    )


def for_audience(sources: Sequence[SourceRecords], audience: Audience) -> list[SourceRecords]:
    """Return the sources as this audience may have them, with no trace of what was dropped."""
    if audience is Audience.CLINICIAN:
        return list(sources)
    return [
        replace(source, resources=tuple(r for r in source.resources if is_for_the_person(r)))
        for source in sources
    ]
