"""Refusals: what R4 knows and this server does not do, said in words.

https://hl7.org/fhir/R4/search.html#standard
https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.fhir.search.definitions import SearchParameter

# The bodies are sealed, so there is no index of their words.
_NO_TEXT_INDEX = "there is no index of whole texts here"
_SPECIAL: Mapping[str, str] = MappingProxyType(
    {
        "_contained": "what a resource contains is not searched for by itself",
        "_containedType": "what a resource contains is not searched for by itself",
        "_content": _NO_TEXT_INDEX,
        "_filter": "filter expressions are not read here; use parameters",
        "_list": "search the List, and then by _id",
        "_query": "no named queries are defined here",
        "_text": _NO_TEXT_INDEX,
        "_type": "the type stands in the path of this search",
    }
)
_SPECIAL_OF: Mapping[tuple[str, str], str] = MappingProxyType(
    {("Location", "near"): "distances are not computed here; use address"}
)
_TAKEN: Mapping[str, str] = MappingProxyType(
    {
        "composite": "none",
        "date": ":missing",
        "number": ":missing",
        "quantity": ":missing",
        "reference": ":missing, :identifier and types it can point to",
        "string": ":missing, :exact and :contains",
        "token": ":missing, :not and :text, of identifiers also :of-type",
        "uri": ":missing, :above and :below",
    }
)
_TERMINOLOGY = frozenset({"above", "below", "in", "not-in"})
_HIERARCHY = frozenset({"above", "below"})


def refuse_special(resource_type: str, code: str) -> None:
    """Do nothing, unless R4 defines this parameter and this server does not do it.

    Raises:
        Fault: NOT_SUPPORTED, with the reason.
    """
    reason = _SPECIAL.get(code) or _SPECIAL_OF.get((resource_type, code))
    if reason is not None:
        raise Fault(Category.NOT_SUPPORTED, f"{code} is not supported: {reason}", at=(code,))


def refused_modifier(parameter: SearchParameter, modifier: str) -> Fault:
    """Return the fault of a modifier this kind of parameter does not take here."""
    if parameter.type == "token" and modifier in _TERMINOLOGY:
        reason = f":{modifier} needs a terminology server, and there is none here"
    elif parameter.type == "reference" and modifier in _HIERARCHY:
        reason = f":{modifier} needs hierarchies of resources, which are not followed here"
    else:
        taken = _TAKEN[parameter.type]
        reason = f"this modifier is not supported for a {parameter.type}; supported: {taken}"
    return Fault(Category.NOT_SUPPORTED, reason)
