"""P5 through the whole server: what is created is read back, every number as it was written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.corpus import FILES, content_of, lexemes, name_of, resources_of, written

from tasuki.shared.access.writing import SERVERS_OWN
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

FOLDERS = sorted({path.parent.name for path in FILES})
FEW = 2  # resources of each type and file, where not all are sent


def served(folder: str, most: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where it is from, resource) for what this server takes; `most` of a type and file."""
    for path in FILES:
        if path.parent.name != folder:
            continue
        counts: Counter[str] = Counter()
        for index, resource in resources_of(lexemes(content_of(path))):
            type_ = resource["resourceType"]
            counts[type_] += 1
            wanted = type_ in OWNERSHIP and (most is None or counts[type_] <= most)
            if wanted and not validate(parse_resource(written(resource).encode())):
                yield f"{name_of(path)}[{index}]", resource


def about(patient: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Return the resource with a subject who is here; the rest stays as it was published."""
    element = OWNERSHIP[resource["resourceType"]].element
    if element in (None, "id"):
        return resource
    subject = {"reference": f"Patient/{patient}"}
    held = resource.get(element)
    if isinstance(held, list):
        return {**resource, element: [subject]}
    return {**resource, element: {**(held or {}), **subject}}


def own(data: bytes) -> dict[str, Any]:
    """Return a resource without what the server owns of it."""
    value: dict[str, Any] = lexemes(data)
    meta = {key: item for key, item in value.pop("meta", {}).items() if key not in SERVERS_OWN}
    return {key: item for key, item in value.items() if key != "id"} | {"meta": meta}


@pytest.mark.parametrize(
    "most", [pytest.param(FEW, id="few"), pytest.param(None, id="all", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("folder", FOLDERS)
async def test_a_published_resource_is_read_back_as_it_was_sent(
    house: House, folder: str, most: int | None
) -> None:
    patient = await house.create({"resourceType": "Patient"})
    sent = 0
    for where, published in served(folder, most):
        raw = written(about(patient, published)).encode()
        made = await house.post(f"/{published['resourceType']}", raw=raw)
        assert made.status_code == 201, (where, made.text)
        read = await house.get(f"/{published['resourceType']}/{made.json()['id']}")
        assert own(read.content) == own(raw), where
        sent += 1
    assert sent > 10
