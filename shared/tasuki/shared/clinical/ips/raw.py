"""Reading JSON that is being judged: what has a wrong shape reads as empty, but keeps its place.

Unlike `clinical.fhirjson`, a member of an array that is not an object still counts, so that the paths
of issues are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = Mapping[str, object]


def mapping(value: object) -> Json:
    """Return the object itself if it is one, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Return the members of an array, or nothing."""
    return value if isinstance(value, (list, tuple)) else ()


def objects(value: object) -> list[Json]:
    """Return the members of an array as objects; a member of another kind becomes an empty one."""
    return [mapping(item) for item in items(value)]


def text(value: object) -> str:
    """Return a string itself, and the empty string for anything else."""
    return value if isinstance(value, str) else ""


def has_code(concept: object, system: str, code: str) -> bool:
    """Tell whether a CodeableConcept carries this coding."""
    return any(
        coding.get("system") == system and coding.get("code") == code
        for coding in objects(mapping(concept).get("coding"))
    )
