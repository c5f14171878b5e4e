"""`tasuki doctor`: is everything here that the services need?"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from tasuki.deploy.sample.sample import open_sample
from tasuki.shared.clinical.allergens import allergen
from tasuki.shared.crypto import seal, unseal
from tasuki.shared.crypto.keys import new_data_key
from tasuki.shared.crypto.seal import Place
from tasuki.shared.fhir.search import search_parameters
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOMS = ("auth", "consent", "ehr", "locator", "phr", "shelter")


def findings() -> Iterator[tuple[str, bool]]:
    """Yield (what was looked at, whether it is well)."""
    yield f"Python {sys.version.split()[0]}", sys.version_info >= (3, 11)
    for room in ROOMS:
        import_module(f"tasuki.{room}.app")
        yield f"room {room}", True
    place = Place(tenant="doctor", owner="", type="Basic", id="1", version=1)
    key = new_data_key().key
    opened = unseal(seal(b"{}", key=key, place=place), key=key, place=place)
    yield "sealing", opened == b"{}"
    yield "search parameters", len(search_parameters("Patient")) > 1
    yield "allergen table", allergen("J9FA19140000") is not None
    yield "municipalities", municipality("172049") is not None
    yield "sample", len(open_sample().regions()) > 1
