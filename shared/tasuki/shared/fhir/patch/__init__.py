"""Patching: a resource changed by a list of operations instead of being sent anew.

https://hl7.org/fhir/R4/http.html#patch

    json_patch(resource, operations)        RFC 6902, which knows JSON and nothing of FHIR

It returns a further resource and leaves what it was given as it was. Whether the result is a
valid resource is for the caller to ask, with `fhir.models.validate`, as for an update.
"""

from __future__ import annotations

from tasuki.shared.fhir.patch.pointers import json_patch

__all__ = ["json_patch"]
