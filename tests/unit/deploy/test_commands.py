"""`tasuki keys`, `serve` and `migrate` as somebody types them: what they make, and how they refuse."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from tasuki.deploy.cli import APP
from tasuki.deploy.folder import DataFolder, private_file
from tasuki.shared.crypto.keyfile import KeyFile

if TYPE_CHECKING:
    from pathlib import Path


def tasuki(*words: str) -> Result:
    return CliRunner().invoke(APP, list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ring.json"
    assert (
        tasuki("keys", "create", str(path), "--tenant", "noto", "--tenant", "auth").exit_code == 0
    )
    return path


def test_a_key_file_is_private_rotated_and_listed_without_its_keys(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    assert tasuki("keys", "rotate", str(file), "--tenant", "noto").exit_code == 0
    listed = tasuki("keys", "list", str(file)).output
    assert listed.splitlines() == [
        "auth: wrapping keys 1",
        "noto: wrapping keys 1, 2",
        "network: epochs 1",
    ]
    held = json.loads(file.read_text())["tenants"]["noto"]
    assert not any(key in listed for key in (held["index"], *held["wrapping"].values()))


def test_network_keys_are_shared_where_asked_and_made_up_elsewhere(
    file: Path, tmp_path: Path
) -> None:
    shared, own = tmp_path / "shared.json", tmp_path / "own.json"
    words = ("keys", "create", str(shared), "--tenant", "phr", "--network-of", str(file))
    assert tasuki(*words).exit_code == 0
    assert tasuki("keys", "create", str(own), "--tenant", "locator").exit_code == 0
    network = KeyFile(file).read().network
    assert KeyFile(shared).read().network == network
    assert KeyFile(own).read().network != network


def test_signing_keys_are_made_and_then_rotated(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    kids = [tasuki("keys", "signing", str(path)).output.split()[2] for _ in range(2)]
    signing, following, before = [key["kid"] for key in json.loads(path.read_text())["keys"]]
    assert [before, signing] == kids
    again = tasuki("keys", "signing", str(path)).output.split()[2]
    assert again == following
    replaced = tasuki("keys", "signing", str(path), "--replace").output.split()[2]
    assert replaced not in {signing, following, before}
    assert path.stat().st_mode & 0o077 == 0


def test_declaration_keys_are_made_rotated_and_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "declarations.json"
    kids = [tasuki("keys", "declarations", str(path)).output.split()[2] for _ in range(2)]
    assert [key["kid"] for key in json.loads(path.read_text())["keys"]] == kids[::-1]
    done = tasuki("keys", "declarations", str(path), "--withdraw", kids[0])
    assert done.output.split()[2] == kids[1]
    assert [key["kid"] for key in json.loads(path.read_text())["keys"]] == kids[1:]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "create", "{file}", "--tenant", "x"), "a key file here already"),
        (("keys", "rotate", "{file}", "--tenant", "x"), "no keys of this tenant"),
        (("keys", "list", "{file}.none"), "cannot be read"),
        (("keys", "create", "{file}/none/x", "--tenant", "x"), "no such folder"),
        (("keys", "declarations", "{file}.none", "--withdraw", "x"), "cannot be read"),
        (("keys", "declarations", "{file}/none/x"), "no such folder"),
        (("warning", "{file}", "--data", "{file}.none"), "no demo in this data folder"),
        (("declaration", "{file}.none", "--keys", "{file}"), "cannot be read"),
        (("declaration", "{file}", "--keys", "{file}"), "no declaration signed by an issuer known"),
        (("serve", "nothing"), "the service is one of auth, consent"),
        (("migrate", "nothing"), "the service is one of auth, consent"),
        (("serve", "ehr"), "TASUKI_EHR_DATABASE_URL (missing)"),
        (("migrate", "auth"), "TASUKI_AUTH_ISSUER (missing)"),
    ],
)
def test_what_is_wrong_is_said_plainly(file: Path, words: tuple[str, ...], said: str) -> None:
    done = tasuki(*(word.format(file=file) for word in words))
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_wrong_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASUKI_LOCATOR_MAX_BODY", "secret-value")
    monkeypatch.setenv("TASUKI_LOCATOR_DATABASE_URL", "postgresql://x:secret-value@db/x")
    done = tasuki("migrate", "locator")
    assert done.exit_code == 2
    assert "TASUKI_LOCATOR_MAX_BODY (int_parsing)" in done.output
    assert "secret-value" not in done.output


def test_a_database_that_is_away_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "ISSUER": "http://127.0.0.1:1/auth",
        "DATABASE_URL": "postgresql+asyncpg://x:secret-value@127.0.0.1:1/x",
        "SIGNING_KEYS": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(f"TASUKI_AUTH_{name}", value)
    done = tasuki("migrate", "auth")
    assert done.exit_code == 2
    assert "a database of this service cannot be used" in done.output
    assert "secret-value" not in done.output


def test_the_data_folder_and_its_files_are_closed_to_others(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "new")
    folder.prepare()
    assert folder.path.stat().st_mode & 0o066 == 0
    assert folder.keys.stat().st_mode & 0o077 == 0
    folder.log.touch(mode=0o644)
    os.close(private_file(folder.log))
    os.close(private_file(folder.out))
    assert folder.log.stat().st_mode & 0o077 == 0
    assert folder.out.stat().st_mode & 0o077 == 0


def test_a_folder_with_other_things_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o755)
    (path / "letter.txt").touch()
    DataFolder(path).prepare()
    assert path.stat().st_mode & 0o777 == 0o755
