"""The suite can fail: servers that only look like one pass nothing that matters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.conformance.known import KNOWN
from tests.conformance.stub import Empty, Keeping, stub

ROOT = Path(__file__).parents[2]
FEWEST = 400
BROKEN = {"failure", "error", "skipped"}
# What a store that only keeps and reads back does right; nothing of it searches or changes.
KEPT = ("test_read", "test_content", "test_create", "test_metadata")
# A server that asks for no token is read without one.
OPEN = ("test_errors", "test_without_a_token_nothing_is_told[error-no-token]")

Results = dict[tuple[str, str], bool]


def run(handler: type[Empty], report: Path) -> Results:
    """Run the suite against a stub; return whether each (file, test) passed."""
    options = ["-q", "--tb=no", "-p", "no:cacheprovider", f"--junitxml={report}"]
    with stub(handler) as base:
        subprocess.run(
            [sys.executable, "-m", "pytest", "tests/conformance/r4", "--base-url", base, *options],
            cwd=ROOT,
            capture_output=True,
            check=False,
            timeout=300,
        )
    found: Results = {}
    for one in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own report
        key = (one.attrib["classname"].rpartition(".")[2], one.attrib["name"])
        passed = BROKEN.isdisjoint(child.tag for child in one)
        found[key] = found.get(key, True) and passed
    return found


@pytest.fixture(scope="module")
def with_empty(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(Empty, tmp_path_factory.mktemp("empty") / "report.xml")


@pytest.fixture(scope="module")
def with_keeping(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(Keeping, tmp_path_factory.mktemp("keeping") / "report.xml")


def test_a_server_of_empty_bundles_passes_nothing(with_empty: Results) -> None:
    assert len(with_empty) >= FEWEST
    assert [key for key, passed in with_empty.items() if passed] == []


def test_a_server_that_keeps_but_never_finds_passes_no_search_history_or_operation(
    with_keeping: Results,
) -> None:
    passed = [key for key, well in with_keeping.items() if well]
    assert ("test_read", "test_what_was_written_is_read[read-hanako]") in passed
    assert [key for key in passed if key[0] not in KEPT and key != OPEN] == []


def test_what_our_own_server_refuses_on_purpose_are_cases(with_empty: Results) -> None:
    names = [name for _, name in with_empty]
    assert [id_ for id_ in KNOWN if not any(name.endswith(f"[{id_}]") for name in names)] == []
    assert all(reason.strip() for reason in KNOWN.values())
