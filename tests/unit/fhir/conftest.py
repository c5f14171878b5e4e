from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

DATA = Path(__file__).parents[2] / "data" / "fhir"
EXAMPLES = sorted([*DATA.glob("hl7-r4/*.json"), *DATA.glob("jp-core/*.json")])
BROKEN = sorted(DATA.glob("jp-validator-base/*.ndjson"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `example` every published example, and `broken` every published broken resource."""
    for name, paths in (("example", EXAMPLES), ("broken", BROKEN)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, paths, ids=lambda path: path.stem)
