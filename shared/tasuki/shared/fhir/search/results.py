"""Result parameters: how many, in what order, with what else, in what form.

https://hl7.org/fhir/R4/search.html#return
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.outlines import outline
from tasuki.shared.fhir.search.definitions import SearchParameter, search_parameters
from tasuki.shared.fhir.search.links import local_targets
from tasuki.shared.fhir.search.refusals import refuse_special

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tasuki.shared.fhir.json import Resource

_TOTALS = frozenset({"none", "estimate", "accurate"})
_SUMMARIES = frozenset({"true", "text", "data", "count", "false"})
_JSON = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
_MAX_COUNT_DIGITS = 9
MAX_SORT_KEYS = 10  # each is one more pass over every match
_INCLUDE_PARTS = (2, 3)


@dataclass(frozen=True, slots=True)
class Include:
    """One `_include` or `_revinclude`, not yet carried out.

    Attributes:
        source: Type that holds the reference.
        parameter: The reference parameter that finds it.
        target: Type pointed to, or None for any.
        reverse: True for `_revinclude`.
        iterate: True with `:iterate`.
        base: Base URL of this server.
    """

    source: str
    parameter: SearchParameter
    target: str | None
    reverse: bool
    iterate: bool
    base: str = ""

    def targets_of(self, resource: Resource) -> set[tuple[str, str]]:
        """Return the (type, id) here that a resource of the source type points to.

        Those of the target type, if the include names one. For `_revinclude` the resource is the
        one that would be added, and a match must be among what it points to.
        """
        if resource.get("resourceType") != self.source:
            return set()
        found = local_targets(self.parameter.extract(resource), self.base)
        return {target for target in found if self.target in {None, target[0]}}


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of `_sort`."""

    parameter: SearchParameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Results:
    """What a query says about its results.

    Attributes:
        count: Page size asked for; 0 means the total only; None leaves it to the server.
        sort: Keys, the first one first.
        includes: `_include` and `_revinclude`.
        total: `none`, `estimate`, `accurate` or None.
        summary: `true`, `text`, `data`, `count`, `false` or None.
        elements: Element names asked for; empty means all.
    """

    count: int | None = None
    sort: tuple[Sort, ...] = ()
    includes: tuple[Include, ...] = ()
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()


def read_result(results: Results, resource_type: str, name: str, value: str) -> Results | None:
    """Return the results with one parameter read, or None if `name` is no such parameter.

    `_include` and `_revinclude` are read by `read_include`.

    Raises:
        Fault: INVALID for a value that cannot be read, NOT_SUPPORTED for a modifier,
            NOT_ACCEPTABLE for a format but JSON.
    """
    code, colon, _ = name.partition(":")
    reader = _READERS.get(code)
    if reader is None:
        return None
    if colon:
        raise Fault(Category.NOT_SUPPORTED, f"{code} takes no modifier", at=(code,))
    return reader(results, resource_type, value)


def read_include(searched: Sequence[str], name: str, value: str, base: str) -> Include | None:
    """Return what `name=value` adds to a search of these types, or None if it is no include.

    Raises:
        Fault: INVALID for a value that cannot be read or does not touch the types, NOT_SUPPORTED
            for a modifier but `:iterate`, and for `*`.
    """
    code, _, modifier = name.partition(":")
    if code not in {"_include", "_revinclude"}:
        return None
    _check_modifier(code, modifier)
    include = replace(_include(code, value), iterate=modifier == "iterate", base=base)
    if not any(_touches(include, type_) for type_ in searched):
        raise Fault(Category.INVALID, f"the include does not touch {searched[0]}", at=(code,))
    return include


def check_results(results: Results) -> None:
    """Do nothing, unless what is asked about the results contradicts itself.

    Raises:
        Fault: INVALID.
    """
    if results.elements and results.summary not in {None, "false"}:
        raise Fault(
            Category.INVALID,
            "_summary and _elements ask for different parts; give one of them",
            at=("_summary", "_elements"),
        )
    if results.includes and results.summary == "text":
        # https://hl7.org/fhir/R4/search.html#summary says so.
        raise Fault(
            Category.INVALID,
            "_include and _revinclude cannot be asked for with _summary=text",
            at=("_summary",),
        )


def _count(results: Results, _: str, value: str) -> Results:
    if not (value.isascii() and value.isdigit() and len(value) <= _MAX_COUNT_DIGITS):
        raise Fault(Category.INVALID, "_count must be a whole number", at=("_count",))
    return replace(results, count=int(value))


def _sort(results: Results, resource_type: str, value: str) -> Results:
    known = search_parameters(resource_type)
    keys = []
    for key in value.split(","):
        parameter = known.get(key.removeprefix("-"))
        if parameter is None or parameter.components:
            raise Fault(Category.INVALID, "_sort must name search parameters", at=("_sort",))
        keys.append(Sort(parameter, key.startswith("-")))
    if len(results.sort) + len(keys) > MAX_SORT_KEYS:
        text = f"_sort may name {MAX_SORT_KEYS} parameters at most"
        raise Fault(Category.TOO_COSTLY, text, at=("_sort",))
    return replace(results, sort=(*results.sort, *keys))


def _total(results: Results, _: str, value: str) -> Results:
    if value not in _TOTALS:
        raise Fault(Category.INVALID, "_total must be none, estimate or accurate", at=("_total",))
    return replace(results, total=value)


def _total_method(results: Results, resource_type: str, value: str) -> Results:
    # Not R4's; the count of PyPI's fhirpy sends it, `count` for what R4 calls `accurate`.
    return _total(results, resource_type, "accurate" if value == "count" else value)


def _contained(results: Results, resource_type: str, value: str) -> Results:
    if value != "false":  # R4's default, which is what a search here does
        refuse_special(resource_type, "_contained")
    return results


def _summary(results: Results, _: str, value: str) -> Results:
    if value not in _SUMMARIES:
        raise Fault(
            Category.INVALID, "_summary must be true, text, data, count or false", at=("_summary",)
        )
    return replace(results, summary=value)


def _elements(results: Results, resource_type: str, value: str) -> Results:
    names = value.split(",")
    if not outline(resource_type).elements.keys() >= set(names):
        raise Fault(
            Category.INVALID,
            f"_elements must name elements of {resource_type}, such as id",
            at=("_elements",),
        )
    return replace(results, elements=(*results.elements, *names))


def _format(results: Results, _: str, value: str) -> Results:
    # A `+` that was not escaped in the address arrives as a space.
    if value.split(";", maxsplit=1)[0].strip().lower().replace(" ", "+") not in _JSON:
        raise Fault(Category.NOT_ACCEPTABLE, "only JSON is written here", at=("_format",))
    return results


def _pretty(results: Results, _: str, value: str) -> Results:
    del value  # a wish about white space, which no reader depends on
    return results


_READERS: Mapping[str, Callable[[Results, str, str], Results]] = MappingProxyType(
    {
        "_contained": _contained,
        "_count": _count,
        "_elements": _elements,
        "_format": _format,
        "_pretty": _pretty,
        "_sort": _sort,
        "_summary": _summary,
        "_total": _total,
        "_totalMethod": _total_method,
    }
)


def _check_modifier(code: str, modifier: str) -> None:
    if modifier == "recurse":
        raise Fault(Category.NOT_SUPPORTED, f"R4 calls this {code}:iterate", at=(code,))
    if modifier not in {"", "iterate"}:
        raise Fault(Category.NOT_SUPPORTED, f"{code} takes :iterate alone", at=(code,))


def _include(code: str, value: str) -> Include:
    at = (code,)
    parts = value.split(":")
    if "*" in parts:
        raise Fault(Category.NOT_SUPPORTED, "name what to include; * is not supported", at=at)
    if len(parts) not in _INCLUDE_PARTS:
        raise Fault(Category.INVALID, "an include must look like Type:parameter", at=at)
    parameter = search_parameters(parts[0]).get(parts[1])
    if parameter is None or parameter.type != "reference":
        raise Fault(Category.INVALID, "an include must name a reference parameter", at=at)
    target = parts[2] if len(parts) == max(_INCLUDE_PARTS) else None
    if target is not None and target not in parameter.target:
        raise Fault(Category.INVALID, "the include names a type it cannot point to here", at=at)
    return Include(parts[0], parameter, target, code == "_revinclude", iterate=False)


def _touches(include: Include, resource_type: str) -> bool:
    """Return whether a match of this type can bring in something."""
    if include.iterate:
        return True  # it may start at what another include brought in
    if not include.reverse:
        return include.source == resource_type
    return resource_type in include.parameter.target and include.target in {None, resource_type}
