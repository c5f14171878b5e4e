"""What a patch may cost; every number is far beyond a patch that somebody writes by hand."""

from __future__ import annotations

from typing import Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import MAX_DEPTH

MAX_OPERATIONS = 200  # in one patch; more is an update
MAX_CARRIED = 8 * 2**20  # bytes a patch may copy and move; copies of copies would grow without end
MAX_EXPRESSION = 1_000  # characters of one FHIRPath
MAX_NESTING = 16  # brackets inside brackets of one FHIRPath
MAX_VISITS = 200_000  # elements all paths of one patch may look at


class Meter:
    """Counts the elements that the paths of one patch look at."""

    __slots__ = ("left",)

    def __init__(self, left: int = MAX_VISITS) -> None:
        self.left = left

    def spend(self, visits: int) -> None:
        """Count some more.

        Raises:
            Fault: TOO_COSTLY, when it is too many.
        """
        self.left -= visits
        if self.left < 0:
            raise Fault(Category.TOO_COSTLY, "the paths of this patch look at too many elements")


def check_count(operations: list[Any]) -> None:
    """Refuse too many operations.

    Raises:
        Fault: TOO_LARGE.
    """
    if len(operations) > MAX_OPERATIONS:
        raise Fault(
            Category.TOO_LARGE,
            f"a patch may have {MAX_OPERATIONS} operations at most; send the whole as an update",
        )


def check_depth(above: int, value: Any) -> None:
    """Refuse a value that would nest too deep, `above` levels down in the resource.

    Raises:
        Fault: STRUCTURE.
    """
    level = [value] if isinstance(value, (dict, list)) else []
    while level:
        above += 1
        if above > MAX_DEPTH:
            raise Fault(Category.STRUCTURE, f"the result would nest deeper than {MAX_DEPTH} levels")
        level = [child for parent in level for child in _containers(parent)]


def _containers(parent: Any) -> list[Any]:
    children = parent.values() if isinstance(parent, dict) else parent
    return [child for child in children if isinstance(child, (dict, list))]
