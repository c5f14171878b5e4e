"""`tasuki policy`: a file is checked before a service is started with it, and a rule is explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from tasuki.deploy.cli import APP
from tasuki.deploy.policy_command import ROLES
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = """// No care at night.
@id("night")
forbid (principal, action in Tasuki::Action::"see", resource)
when { principal.role == Tasuki::Role::"clinician" && context.hour < 8 };
"""
PERMIT = '@id("any") permit (principal, action, resource);'


def tasuki(*words: str) -> Result:
    return CliRunner().invoke(APP, ["policy", *words])


@pytest.fixture
def night(tmp_path: Path) -> str:
    file = tmp_path / "night.cedar"
    file.write_text(NIGHT, encoding="utf-8")
    return str(file)


def test_a_good_file_is_told_policy_by_policy(night: str, tmp_path: Path) -> None:
    found = tasuki("check", night)
    assert (found.exit_code, found.output) == (0, "ok   line 2: night forbids\n")
    file = tmp_path / "any.cedar"
    file.write_text(PERMIT, encoding="utf-8")
    assert "it opens no person's record by itself" in tasuki("check", str(file)).output


def test_a_faulty_file_is_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "night.cedar"
    file.write_text(NIGHT.replace("hour", "our"), encoding="utf-8")
    found = tasuki("check", str(file))
    assert found.exit_code == 2
    assert "night.cedar: line 2: night: attribute `our`" in found.output
    assert tasuki("check", str(tmp_path / "none")).exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["clinician", "TREAT"], 0, "may ask; Consents, declarations"),
        (["clinician", "PATRQT"], 1, "refused; the caller is told so"),
        (["clinician", "TREAT", "--action", "update"], 1, "refused; the caller is told so"),
        (["nurse", "TREAT", "--about", "nobody"], 1, "refused; the caller is told that there is"),
        (["clinician", "TREAT", "--about", "nobody"], 0, "permitted"),
        (["hospital", "HOPERAT", "--action", "create"], 0, "by source-of-region (the product's,"),
        (
            ["hospital", "HOPERAT", "--given", "region=elsewhere"],
            1,
            "no policy that counts here permits it",
        ),
        (["resident", "PATRQT", "--about", "own"], 0, "weighed for: PATRQT"),
        (
            [
                *("service", "HOPERAT", "--action", "create", "--given", "registrar=yes"),
                *("--given", "keeper=residents", "--given", "type=Patient"),
            ],
            0,
            "by registrar",
        ),
    ],
)
def test_a_request_is_explained(words: list[str], code: int, told: str) -> None:
    role, purpose, *more = words
    found = tasuki("explain", "--role", role, "--purpose", purpose, *more)
    assert (found.exit_code, told in found.output) == (code, True), found.output


def test_what_an_operator_closed_is_explained_with_its_line(night: str) -> None:
    words = ("explain", "--role", "clinician", "--purpose", "TREAT", "--file", night, "--given")
    assert tasuki(*words, "hour=8").exit_code == 0
    found = tasuki(*words, "hour=7")
    assert found.exit_code == 1
    assert "refused; the caller is told so\n  by night (the operator's, line 2)" in found.output


def test_a_permit_is_not_said_to_reach_what_it_does_not(tmp_path: Path) -> None:
    file = tmp_path / "any.cedar"
    file.write_text(PERMIT, encoding="utf-8")
    words = ("explain", "--role", "clinician", "--purpose", "TREAT", "--file", str(file))
    for more in (["--action", "update"], ["--given", "keeper=consents"]):
        found = tasuki(*words, *more)
        assert (found.exit_code, ": refused; " in found.output) == (1, True), found.output


@pytest.mark.parametrize(
    "words",
    [
        ["--role", "doctor", "--purpose", "TREAT"],
        ["--role", "nurse", "--purpose", "treat"],
        *(
            ["--role", "nurse", "--purpose", "TREAT", *more]
            for more in (
                ["--action", "export"],
                ["--about", "all"],
                ["--given", "hour=24"],
                ["--given", "hour"],
                ["--given", "drill=yes"],
                ["--given", "type=Medicine"],
                ["--given", "keeper=shelter"],
            )
        ),
    ],
)
def test_a_word_that_is_not_known_is_refused(words: list[str]) -> None:
    assert tasuki("explain", *words).exit_code == 2


def test_every_role_can_be_asked_about() -> None:
    assert set(ROLES) == {role.value for role in Role}
