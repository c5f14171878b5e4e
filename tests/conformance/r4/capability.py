"""What a server says about itself in its CapabilityStatement.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Capability:
    """The server part of a CapabilityStatement."""

    rest: dict[str, Any]
    patch_formats: frozenset[str]

    @classmethod
    def of(cls, statement: dict[str, Any]) -> Capability:
        """Return the part with mode `server`."""
        assert statement.get("resourceType") == "CapabilityStatement", statement
        rest = next(one for one in statement["rest"] if one["mode"] == "server")
        return cls(rest, frozenset(statement.get("patchFormat", ())))

    def type(self, name: str) -> dict[str, Any]:
        """Return what is said about a resource type; nothing where it is not served."""
        served: list[dict[str, Any]] = self.rest.get("resource", [])
        return next((one for one in served if one["type"] == name), {})

    def does(self, type_: str, interaction: str) -> bool:
        """Return whether a type has an interaction."""
        told = self.type(type_).get("interaction", ())
        return any(one["code"] == interaction for one in told)

    def does_whole(self, interaction: str) -> bool:
        """Return whether the system as a whole has an interaction (transaction, batch …)."""
        told = self.rest.get("interaction", ())
        return any(one["code"] == interaction for one in told)

    def parameter(self, type_: str, name: str) -> bool:
        """Return whether a search parameter is declared for a type, or for every type."""
        told = [*self.type(type_).get("searchParam", ()), *self.rest.get("searchParam", ())]
        return any(one["name"] == name for one in told)

    def operation(self, type_: str, name: str) -> bool:
        """Return whether an operation is declared: at the type, or at the system."""
        told = [*self.type(type_).get("operation", ()), *self.rest.get("operation", ())]
        return any(one["name"].lstrip("$") == name for one in told)

    def has(self, need: str) -> bool:
        """Return whether a need is met.

        A need is `Type`, `Type.interaction:code`, `Type.flag` (updateCreate, conditionalCreate …),
        `Type.searchParam:name`, `Type.searchInclude:value`, `Type.operation:name`,
        `interaction:code` (of the whole system) or `operation:name`.
        """
        head, _, name = need.partition(":")
        type_, _, what = head.rpartition(".")
        if not type_ and what in ("interaction", "operation"):
            return self.does_whole(name) if what == "interaction" else self.operation("", name)
        if not type_:
            return bool(self.type(what))
        return self._of_type(type_, what, name)

    def _of_type(self, type_: str, what: str, name: str) -> bool:
        if what == "interaction":
            return self.does(type_, name)
        if what == "searchParam":
            return self.parameter(type_, name)
        if what == "operation":
            return self.operation(type_, name)
        told = self.type(type_).get(what)
        if what in ("searchInclude", "searchRevInclude"):
            return any(one in (name, "*") for one in told or ())
        return told not in (None, False, "not-supported")
