"""An order is judged with its medicine, wherever that stands: named by reference it is restricted too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.access.rulings import StoredScreen, of_stored
from tasuki.shared.fhir.json import meaning_of
from tasuki.shared.fhir.medicines import ELEMENT, medicine_of, with_medicine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.rulings import Screen

_ELEMENT, _ESCAPE = ELEMENT.encode(), rb"\u"


def names_its_medicine(body: bytes) -> bool:
    """Return whether an order may name its medicine by reference.

    Most have no such element, which their bytes tell sooner than their meaning; JSON may write it
    with escapes.
    """
    return _ELEMENT in body or _ESCAPE in body


def by_its_medicine(
    asks: Screen | None, medicines: Mapping[str, Mapping[str, Any]]
) -> Screen | None:
    """Return what is asked of orders with their medicines.

    Args:
        asks: What is asked.
        medicines: What is known of those looked at, by id; of any other nothing passes.
    """
    return None if asks is None else _ByItsMedicine(asks, medicines)


class _ByItsMedicine(StoredScreen):
    def __init__(self, asks: Screen, medicines: Mapping[str, Mapping[str, Any]]) -> None:
        self._asks = asks
        self._medicines = medicines

    def __call__(self, resource: Mapping[str, Any]) -> bool:
        id_ = medicine_of(resource)
        if id_ is None:
            return self._asks(resource)
        return id_ in self._medicines and self._asks(with_medicine(resource, self._medicines[id_]))

    def of_stored(self, body: bytes) -> bool:
        if names_its_medicine(body):
            return self(meaning_of(body))
        return of_stored(self._asks, body)
