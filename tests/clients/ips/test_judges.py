"""Outside judges of our summaries: @medplum/core against the IPS 2.0.1 profiles, on Node.

A second judge, fhirkit-rs, looks at the structure alone (`tests/clients/judges.txt`).

The first judge is installed apart from this repository's environment: `npm install --no-package-lock` in
`tests/clients`, or anywhere with TASUKI_NODE_JUDGES naming that directory.
https://hl7.org/fhir/uv/ips/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.unit.clinical.records import BUILT, PATIENT, hospital, resident
from tests.unit.clinical.test_ips_document import RECORDS

from tasuki.shared.clinical.disclosure import Audience
from tasuki.shared.clinical.ips.document import SummaryOf, build_summary
from tasuki.shared.clinical.sources import SourceRecords, SourceState
from tasuki.shared.fhir.json import render
from tasuki.shared.ids import CountingIds

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data" / "ips"
INSTALLED = Path(os.environ.get("TASUKI_NODE_JUDGES", HERE.parent)) / "node_modules" / "@medplum"
FHIRKIT = HERE.parent / ".judges" / "bin" / "fhirkit"
# What this judge does not see; `tasuki.shared.clinical.ips.check` sees all twenty.
NOT_SEEN = {
    "n2_empty_meds_no_reason",
    "n3_section_no_text",
    "n13_dangling_section_ref",
    "n14_condition_in_allergy_section",
    "n15_no_fullurl",
    "n18_bad_status_code",
    "n19_nested_section",
}


def _missing(what: str) -> NoReturn:
    """Skip loudly; where CI installs the judges, fail."""
    if os.environ.get("TASUKI_REQUIRE_SLOW"):
        pytest.fail(what)
    pytest.skip(what)


@cache
def _node() -> str:
    node = shutil.which("node")
    if node is None:
        _missing("OUTSIDE JUDGE MISSING: node is not installed")
    if not (INSTALLED / "core").is_dir() or not (INSTALLED / "definitions").is_dir():
        _missing("OUTSIDE JUDGE MISSING: run `npm install --no-package-lock` in tests/clients")
    return node


def _verdicts(files: list[Path]) -> dict[str, list[dict[str, str]]]:
    """Return the errors the judge finds in each file, by its stem."""
    done = subprocess.run(
        [_node(), str(HERE / "judge.mjs"), *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
    return {Path(name).stem: errors for name, errors in found.items()}


def test_official_examples_have_no_errors() -> None:
    verdicts = _verdicts(sorted(DATA.glob("Bundle-*.json")))
    assert len(verdicts) == 5
    assert all(errors == [] for errors in verdicts.values()), verdicts


def test_the_judge_judges() -> None:
    verdicts = _verdicts(sorted((DATA / "negatives").glob("*.json")))
    assert len(verdicts) == 20
    assert {name for name, errors in verdicts.items() if not errors} == NOT_SEEN


def _source_sets() -> dict[str, list[SourceRecords]]:
    records: tuple[dict[str, Any], ...] = RECORDS
    return {
        "everything": [hospital("a", *records), resident(*records[:6])],
        "one-missing": [hospital("a", *records[:4]), hospital("b", state=SourceState.UNREACHABLE)],
        "nothing": [hospital("a", state=SourceState.NONE)],
        "withheld": [hospital("a", state=SourceState.WITHHELD)],
        "none-known": [hospital("a", records[3])],
        **{f"record-{n}": [hospital("a", record)] for n, record in enumerate(records)},
    }


def _written(folder: Path) -> list[Path]:
    """Write our summaries of every set of sources, in both languages."""
    files = []
    for n, (name, sources) in enumerate(_source_sets().items()):
        of = SummaryOf(
            PATIENT,
            BUILT,
            f"urn:uuid:00000000-0000-4000-8000-{n:012d}",
            "Tasuki",
            language="en" if n % 2 else "ja",
            audience=Audience.CLINICIAN,
        )
        files.append(folder / f"{name}.json")
        files[-1].write_bytes(render(build_summary(sources, of, CountingIds())))
    return files


def test_our_summaries_have_no_errors(tmp_path: Path) -> None:
    files = _written(tmp_path)
    verdicts = _verdicts(files)
    assert len(verdicts) == len(files)
    assert {name: errors for name, errors in verdicts.items() if errors} == {}


def _fhirkit(*files: Path) -> subprocess.CompletedProcess[str]:
    if not FHIRKIT.is_file():
        _missing("OUTSIDE JUDGE MISSING: see tests/clients/judges.txt")
    return subprocess.run(
        [str(FHIRKIT), "validate", *map(str, files)], capture_output=True, text=True, check=False
    )


def test_a_second_judge_finds_no_fault_in_our_structure(tmp_path: Path) -> None:
    judged = _fhirkit(*_written(tmp_path))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_second_judge_judges(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"resourceType":"Patient","birthDate":"yesterday","nonsense":1}')
    assert _fhirkit(broken).returncode != 0
