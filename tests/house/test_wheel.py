"""The wheel is whole: built, put alone into an empty place, `tasuki doctor` finds all it needs.

Third-party packages are those of this environment: what is in question is our own files.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    *(ROOT / "services" / name for name in ("auth", "ehr", "locator", "phr", "shelter")),
    *(ROOT / name for name in ("consent", "shared", "deploy")),
)
SEEN = {".html", ".zdict", ".json", ".csv", ".gz", ".css", ".typed", ".cedar", ".cedarschema"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, and links to the packages it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        # Not the .pth files: they lead back to this repository.
        if package.suffix != ".pth" and "tasuki" not in package.name:
            (folder / package.name).symlink_to(package)
    return folder


def run(installed: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with that folder alone: no site packages, nothing of this repository."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-S", *words],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_file_of_every_room_is_in_the_wheel(wheel: Path) -> None:
    sources = {
        str(path.relative_to(room))
        for room in ROOMS
        for path in (room / "tasuki").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {Path(name).suffix for name in sources} >= SEEN
    assert sorted(sources - held) == []


def test_the_wheel_carries_its_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {Path(name).name for name in archive.namelist() if ".dist-info/" in name}
    assert {"LICENSE", "NOTICE", "METADATA", "entry_points.txt"} <= held


def test_doctor_passes_on_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    where = run(
        installed, "-c", "import tasuki.shared.clock as one; print(one.__file__)", cwd=tmp_path
    )
    assert where.stdout.startswith(str(installed)), where.stdout + where.stderr
    done = run(installed, "-m", "tasuki.deploy.cli", "doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BAD" not in done.stdout


def test_the_databases_can_be_migrated_from_the_wheel_alone(
    installed: Path, tmp_path: Path
) -> None:
    """Migrations are data to Alembic: it reads their folders, not their modules."""
    program = (
        "from pathlib import Path\n"
        "from tasuki.auth.migrate import FOLDER\n"
        "from tasuki.shared.store.migrate import KEYS, RECORDS\n"
        "for folder in (FOLDER, KEYS, RECORDS):\n"
        "    assert (folder / 'env.py').exists(), folder\n"
        "    assert list((folder / 'versions').glob('*.py')), folder\n"
    )
    done = run(installed, "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
