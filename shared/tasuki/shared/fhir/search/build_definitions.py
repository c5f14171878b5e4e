"""Trims HL7's R4 definitions to the SearchParameters of the served types.

    python -m tasuki.shared.fhir.search.build_definitions \
        search-parameters.json compartmentdefinition-patient.json > definitions.json

The inputs (plain or gzipped) are HL7's `search-parameters.json` and the patient
CompartmentDefinition of R4 4.0.1. Kept per type: code, type, url, targets, and the part of the
expression that starts at that type; of a composite, its components too, with their expressions from
there. Special parameters are left out.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasuki.shared.fhir.members import SEVERAL
from tasuki.shared.fhir.types import SERVED_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = frozenset({"token", "reference", "string", "date", "uri", "quantity", "number"})
_COMPOSITE = "composite"
# Whose record something is in: one Patient's, here, and no Group's.
_OWNERS = frozenset({"patient", "subject", "beneficiary"})
# HL7 gives the definitions of these components in the other order than their expressions.
_SWAPPED = frozenset({"http://hl7.org/fhir/SearchParameter/DocumentReference-relationship"})
_ROOT = re.compile(r"\(?([A-Z][A-Za-z]+)\b")


def definitions(search_parameters: Any, compartment: Any) -> dict[str, Any]:
    """Return {"parameters": {type: [parameter]}, "compartment": {type: [code]}}."""
    resources = [entry["resource"] for entry in search_parameters["entry"]]
    by_url = {resource["url"]: resource for resource in resources}
    wanted = sorted({"Resource"} | SERVED_TYPES)
    return {
        "parameters": {
            name: [
                trimmed
                for resource in resources
                if (trimmed := _trimmed(resource, name, by_url)) is not None
            ]
            for name in wanted
        },
        "compartment": {
            member["code"]: member["param"]
            for member in compartment["resource"]
            if member["code"] in SERVED_TYPES and member.get("param")
        },
    }


def _trimmed(resource: Any, base: str, by_url: Mapping[str, Any]) -> dict[str, Any] | None:
    if base not in resource["base"] or resource["type"] not in _TYPES | {_COMPOSITE}:
        return None
    parts = [part.strip() for part in resource.get("expression", "").split("|")]
    own = [part for part in parts if (root := _ROOT.match(part)) and root[1] == base]
    if not own:
        return None
    kept = _kept(resource, " | ".join(own))
    return {**kept, **_components(resource, by_url)} if resource["type"] == _COMPOSITE else kept


def _kept(resource: Any, expression: str) -> dict[str, Any]:
    kept = {"code": resource["code"], "type": resource["type"], "url": resource["url"]}
    kept["expression"] = expression
    served = SERVED_TYPES - SEVERAL if resource["code"] in _OWNERS else SERVED_TYPES
    targets = sorted(set(resource.get("target", [])) & served)
    return {**kept, "target": targets} if targets else kept


def _components(resource: Any, by_url: Mapping[str, Any]) -> dict[str, Any]:
    definitions = [by_url[component["definition"]] for component in resource["component"]]
    if resource["url"] in _SWAPPED:
        definitions.reverse()
    expressions = [component["expression"] for component in resource["component"]]
    pairs = zip(definitions, expressions, strict=True)
    return {"components": [_kept(definition, expression) for definition, expression in pairs]}


def _read(path: Path) -> Any:
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def _main() -> None:
    found = definitions(*(_read(Path(argument)) for argument in sys.argv[1:3]))
    sys.stdout.write(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    _main()
