"""Options of the conformance suite; they are there when its folder is named on the command line."""

from __future__ import annotations

import pytest

# So that a failed assertion of theirs shows what was compared.
pytest.register_assert_rewrite(
    *(f"tests.conformance.r4.{name}" for name in ("checks", "client", "searching", "world"))
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the server in question; without one it is our own, started for the run."""
    group = parser.getgroup("conformance")
    group.addoption("--base-url", dest="base_url", help="FHIR R4 base URL of the server to test")
    group.addoption("--token", dest="token", default="", help="bearer token, where it asks for one")
