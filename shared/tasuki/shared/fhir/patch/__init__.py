"""Patching: a resource changed by a list of operations instead of being sent anew.

https://hl7.org/fhir/R4/http.html#patch

    json_patch(resource, operations)        RFC 6902, which knows JSON and nothing of FHIR
    fhirpath_patch(resource, parameters)    FHIRPath Patch, which knows FHIR's elements

Both return a further resource and leave what they were given as it was. Whether the result is a
valid resource is for the caller to ask, with `fhir.models.validate`, as for an update.
"""

from __future__ import annotations

from tasuki.shared.fhir.patch.parameters import fhirpath_patch
from tasuki.shared.fhir.patch.pointers import json_patch

__all__ = ["fhirpath_patch", "json_patch"]
