"""An order in the store is judged as the same order parsed, however its JSON is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.access.orders import by_its_medicine
from tasuki.shared.access.rulings import StoredScreen

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDER = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/m1"}}
WRITTEN = json.dumps(ORDER)


class NoSecrets(StoredScreen):
    """Passes what does not say `secret`, and remembers nothing."""

    def __call__(self, resource: Mapping[str, Any]) -> bool:
        return "secret" not in json.dumps(resource)

    def of_stored(self, body: bytes) -> bool:
        return b"secret" not in body


@pytest.mark.parametrize(
    "body",
    [WRITTEN, WRITTEN.replace("medicationReference", "\\u006dedicationReference")],
    ids=["plain", "escaped"],
)
@pytest.mark.parametrize(
    ("known", "passes"),
    [({"m1": {"code": {"text": "secret"}}}, False), ({"m1": {}}, True), ({}, False)],
    ids=["restricted", "plain", "not looked at"],
)
def test_an_order_passes_as_its_medicine_does(
    body: str, known: dict[str, dict[str, Any]], passes: bool
) -> None:
    screen = by_its_medicine(NoSecrets(), known)
    assert isinstance(screen, StoredScreen)
    assert screen(json.loads(body)) is passes
    assert screen.of_stored(body.encode()) is passes


def test_an_order_in_words_alone_passes_as_it_is() -> None:
    screen = by_its_medicine(NoSecrets(), {})
    assert isinstance(screen, StoredScreen)
    assert screen.of_stored(b'{"medicationCodeableConcept":{"text":"aspirin"}}')
    assert not screen.of_stored(b'{"medicationCodeableConcept":{"text":"secret"}}')
    assert by_its_medicine(None, {}) is None
