"""Faults: what went wrong, as a category; only the edge knows how HTTP or a page says it.

    Fault(category, message)      the message is safe to show: it names no person and no secret

A defect (any other exception) is neither caught nor shown.
"""

from __future__ import annotations

from enum import Enum


class Category(Enum):
    """Why a request was not done; the wire form of each is one row of `rest.outcome.RENDERINGS`."""

    INVALID = "invalid"  # the request cannot be understood
    STRUCTURE = "structure"  # understood, but breaks a rule of the content
    NOT_SUPPORTED = "not-supported"  # legal FHIR that this server does not do
    UNAUTHENTICATED = "unauthenticated"  # no principal
    FORBIDDEN = "forbidden"  # a principal who may not
    NOT_FOUND = "not-found"  # nothing there, or nothing this caller may know of
    GONE = "gone"  # was there, is deleted
    CONFLICT = "conflict"  # the state of the record forbids it
    PRECONDITION = "precondition"  # If-Match or a condition does not hold
    TOO_LARGE = "too-large"  # over a stated size limit
    TOO_COSTLY = "too-costly"  # would need more work than a request may cause
    TOO_MANY = "too-many"  # over a stated rate
    MEDIA_TYPE = "media-type"  # body in a form we do not read
    NOT_ACCEPTABLE = "not-acceptable"  # answer asked for in a form we do not write
    UNAVAILABLE = "unavailable"  # a part we need does not answer


class Fault(Exception):
    """A request that was not done, said in the caller's terms.

    Args:
        category: Why.
        message: Plain words for the caller; never somebody's data.
        at: FHIRPath-like places in the caller's input, e.g. `Patient.birthDate`.
    """

    def __init__(self, category: Category, message: str, *, at: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.category = category
        self.message = message
        self.at = at


class Faults(Fault):
    """Several faults found in one input, so that a caller can mend them in one go."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        first = faults[0]
        super().__init__(first.category, first.message, at=first.at)
        self.faults = faults
