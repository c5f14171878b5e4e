"""https://hl7.org/fhir/R4/fhirpatch.html : every element of every published example can be patched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.fhir.patch.asking import asked, operation

from tasuki.shared.fhir.json import parse, render
from tasuki.shared.fhir.patch import fhirpath_patch
from tasuki.shared.fhir.patch.limits import MAX_OPERATIONS, Meter
from tasuki.shared.fhir.patch.paths import compile_path
from tasuki.shared.fhir.patch.places import Place, root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVERS = ("id", "meta")


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the FHIRPath of everything in a JSON value, read off its keys and indexes alone."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "resourceType" and not key.startswith("_"):
                yield from _below(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if inner is not None:
                yield from _below(f"{path}[{index}]", inner)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list):
        yield path, value
    yield from _inside(path, value)


def _itself(path: str, place: Place) -> dict[str, Any]:
    """Return the operation that replaces a place by what it holds already."""
    assert place.element is not None
    suffix = "String" if place.is_primitive else place.type_name
    if place.element.choice is not None:
        suffix = place.element.key.removeprefix(place.element.choice)
    value = {f"value{suffix}": place.value, f"_value{suffix}": place.beside}
    if place.element.type_name == "Resource":
        value = {"resource": place.value}
    return operation(
        "replace", path, {name: half for name, half in value.items() if half is not None}
    )


def test_every_place_of_an_example_is_found_and_can_be_written(example: Path) -> None:
    resource = parse(example.read_bytes())
    operations = []
    for path, value in _inside(resource["resourceType"], resource):
        (place,) = compile_path(path).places(root(resource), Meter())
        assert place.value is value
        if place.path[0] not in _SERVERS:
            operations.append(_itself(path, place))
    assert operations
    for at in range(0, len(operations), MAX_OPERATIONS):
        chunk = operations[at : at + MAX_OPERATIONS]
        assert render(fhirpath_patch(resource, asked(*chunk))) == render(resource)
