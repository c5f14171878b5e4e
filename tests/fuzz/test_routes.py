"""Every route, fuzzed from its own description: no defect, no leak, every refusal an outcome.

https://schemathesis.readthedocs.io/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.core.result import Ok
from tests.exploring import SUPPRESSED
from tests.fuzz.conftest import document
from tests.fuzz.served import PLANTED

if TYPE_CHECKING:
    from tests.fuzz.served import Served

    Operation = schemathesis.APIOperation[Any, Any, Any, Any]
    Case = schemathesis.Case[Any]

pytestmark = pytest.mark.timeout(900)


@schemathesis.serializer("application/fhir+ndjson")
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send a made-up text as it is: it need not be NDJSON."""
    return str(value).encode("utf-8", "surrogatepass")


SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = {
    f"{one.method.upper()} {one.path}": one
    for one in (found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok))
}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def test_every_route_is_described() -> None:
    paths = {(method, path) for path, one in document()["paths"].items() for method in one}
    assert len(OPERATIONS) == len(paths) > 15


def _fuzzed(service: Served, operation: Operation, examples: int, mode: Any) -> None:
    """Send what the description allows (or, negative, what it does not), as a stranger."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=SUPPRESSED,
    )
    @given(operation.as_strategy(mode), st.sampled_from([service.stranger, "hospital", "none"]))
    def run(case: Case, token: str) -> None:
        if "wait" in (case.query or {}):
            case.query["wait"] = 0
        answer = case.call_and_validate(
            base_url=service.base,
            headers={"Authorization": f"Bearer {token}"},
            checks=CHECKS,
        )
        if token != "hospital":
            text = answer.content.decode()
            assert not [planted for planted in PLANTED if planted in text]
            assert not [id_ for _, id_ in service.ids if id_ in text]

    run()


@pytest.mark.parametrize(
    "examples", [pytest.param(8, id="few"), pytest.param(100, id="many", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_route_has_no_defect_and_leaks_nothing(
    service: Served, name: str, mode: schemathesis.GenerationMode, examples: int
) -> None:
    _fuzzed(service, OPERATIONS[name], examples, mode)
