from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

DATA = Path(__file__).parents[2] / "data" / "fhir"
EXAMPLES = sorted([*DATA.glob("hl7-r4/*.json"), *DATA.glob("jp-core/*.json")])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `example` every published example."""
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
