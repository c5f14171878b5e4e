"""Unmodified clients of others do their everyday work against a region of the running demo.

Python's live in an environment of their own (`tests/clients/judges.txt`), Node's in
`tests/clients/node_modules` (`tests/clients/package.json`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from tests.conftest import Demo

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".judges" / "bin" / "python"
MODULES = HERE.parent / "node_modules"

EXPECTED: dict[str, dict[str, Any]] = {
    "with_fhirpy.py": {
        "created": True,
        "name": "能登 𠮷子",
        "updated": "other",
        "update": [True, False, "female"],
        "get_or_create": "invalid",
        "count": 5,
        "pages": [54, 53, 52, 51, 50],
        "chained": 5,
        "revincluded": 5,
        "left": 0,
        "gone": True,
        "refused": "invalid",
    },
    "with_fhirclient.py": {
        "ready": True,
        "read": "1938-04-05",
        "values": [65, 64, 63, 62],
        "updated": "female",
        "history": ["PUT", "POST"],
        "gone": 5,
    },
    "with_kit.mjs": {
        "version": "4.0.1",
        "read": "能登 花子",
        "patched": "female",
        "transaction": ["201"] * 5,
        "pages": [[1, 2], [3, 4], [5]],
        "compartment": 5,
        "posted": 6,
        "vread": "1",
        "history": 2,
        "typeHistory": "history",
        "gone": 410,
    },
    "with_smart.mjs": {
        "values": [5, 4, 3, 2, 1],
        "subject": True,
        "patched": "other",
        "gone": 410,
    },
    "with_medplum.mjs": {
        "once": True,
        "upserted": [True, "2"],
        "patched": "other",
        "transaction": ["201"] * 3,
        "values": [3, 2, 1],
        "pages": [2, 1],
        "everything": 4,
        "history": 3,
        "gone": True,
    },
}


def _missing(what: str) -> NoReturn:
    """Skip loudly; where CI installs the clients, fail."""
    if os.environ.get("TASUKI_REQUIRE_SLOW"):
        pytest.fail(what)
    pytest.skip(what)


def _command(script: str) -> list[str]:
    if script.endswith(".py"):
        if not PYTHON.exists():
            _missing("OUTSIDE CLIENT MISSING: tests/clients/.judges is not installed")
        return [str(PYTHON), str(HERE / script)]
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        _missing("OUTSIDE CLIENT MISSING: node or tests/clients/node_modules is not installed")
    return [node, str(HERE / script)]


@pytest.mark.parametrize("script", EXPECTED)
def test_a_client_of_others_does_its_everyday_work(demo: Demo, script: str) -> None:
    words = [*_command(script), demo.ehr("noto"), demo.token("hospital"), RandomIds().new()]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == EXPECTED[script]
