from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.fuzz.served import Served, served

from tasuki.shared.fhir.types import SERVED_TYPES
from tasuki.shared.rest.app import fhir_app
from tasuki.shared.rest.openapi import openapi_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store.world import Server

    from tasuki.shared.rest.service import FhirService


def document() -> dict[str, Any]:
    """The OpenAPI document of the FHIR routes; it needs no running service."""
    app = fhir_app(cast("FhirService", SimpleNamespace(title="Tasuki")))
    return openapi_of(app, sorted(SERVED_TYPES))


@pytest.fixture(scope="module")
def service(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(server, tmp_path_factory.mktemp("fuzz")) as running:
        yield running
