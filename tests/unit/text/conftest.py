"""Vectors: an argument that ends in `_row` runs over the rows of `vectors/text/<name>s.csv`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

VECTORS = Path(__file__).parents[2] / "vectors" / "text"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in metafunc.fixturenames:
        if name.endswith("_row"):
            path = VECTORS / f"{name.removesuffix('_row')}s.csv"
            with path.open(encoding="utf-8", newline="") as lines:
                rows = list(csv.DictReader(lines))
            metafunc.parametrize(
                name, rows, ids=[f"{n}-{row['input']}" for n, row in enumerate(rows)]
            )
