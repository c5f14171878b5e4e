"""What a `$validate` asks: from the query, from a bare resource, or from Parameters.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.bodies import resource_body
from tasuki.shared.rest.pairs import asked_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import Request

    from tasuki.shared.fhir.json import Resource


class Mode(Enum):
    """What is asked beyond the content, or about what is stored."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    PROFILE = "profile"


# Where Parameters carry each of ours, and the element that holds it.
_ELEMENTS = {
    "resource": ("resource",),
    "mode": ("valueCode",),
    "profile": ("valueUri", "valueCanonical"),
}
_IN_QUERY = ("mode", "profile")
_OF_ANY_REQUEST = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        resource: The content to look at; None for what is stored.
        mode: Also: could it be created, updated, deleted?
        profile: Canonical address of the profile to check against.
    """

    resource: Resource | None
    mode: Mode | None
    profile: str | None


async def question_of(request: Request, limit: int) -> Question:
    """Return what a request asks.

    Raises:
        Fault: INVALID, MEDIA_TYPE, TOO_LARGE for what cannot be read as a question.
    """
    given = _from_query(request)
    if request.method == "POST":
        body = await resource_body(request, limit)
        if body["resourceType"] == "Parameters":
            given = _joined(given, _from_parameters(body))
        else:
            given = [*given, ("resource", body)]
    asked = dict(given)
    question = Question(asked.get("resource"), _mode(asked.get("mode")), asked.get("profile"))
    if question.mode is Mode.PROFILE and question.profile is None:
        raise Fault(Category.INVALID, "the mode profile needs a profile", at=("profile",))
    return question


def _joined(
    some: list[tuple[str, Any]], others: Iterable[tuple[str, Any]]
) -> list[tuple[str, Any]]:
    both = [*some, *others]
    if len(dict(both)) < len(both):
        raise Fault(Category.INVALID, "each parameter may be given once")
    return both


def _from_query(request: Request) -> list[tuple[str, Any]]:
    pairs = asked_pairs(request)
    if any(name not in _IN_QUERY and name not in _OF_ANY_REQUEST for name, _ in pairs):
        raise Fault(Category.INVALID, "the query may have mode and profile only")
    return _joined([], [(name, value) for name, value in pairs if name in _IN_QUERY])


def _from_parameters(body: Resource) -> list[tuple[str, Any]]:
    parameters = body.get("parameter", [])
    if not isinstance(parameters, list):
        raise _unreadable()
    return _joined([], [_parameter(one) for one in parameters])


def _parameter(given: object) -> tuple[str, Any]:
    name = given.get("name") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(name, str) or name not in _ELEMENTS:
        raise _unreadable()
    wanted = dict if name == "resource" else str
    values = [value for element, value in given.items() if element in _ELEMENTS[name]]
    if (
        len(values) != 1
        or len(given) != len(("name", "value"))
        or not isinstance(values[0], wanted)
    ):
        raise _unreadable()
    return name, values[0]


def _unreadable() -> Fault:
    return Fault(
        Category.INVALID,
        "Parameters may have: resource; mode (valueCode); profile (valueUri)",
        at=("Parameters.parameter",),
    )


def _mode(text: str | None) -> Mode | None:
    try:
        return None if text is None else Mode(text)
    except ValueError:
        names = ", ".join(mode.value for mode in Mode)
        raise Fault(Category.INVALID, f"mode must be one of: {names}", at=("mode",)) from None
