"""A signed declaration is checked alone: by a text file and keys that were put there before."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from tasuki.consent.declarations import Declaration
from tasuki.consent.signing.keys import open_keys, rotate_keys
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole
from tasuki.deploy.cli import APP
from tasuki.shared.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
ISSUER = "https://consent.example.jp/fhir"


def declared(start: datetime, *, drill: bool = False) -> Declaration:
    return Declaration(
        id="d1",
        version=1,
        areas=frozenset({"172049", "172057"}),
        start=start,
        end=start + 2 * DAY,
        roles=frozenset({ActorRole.NURSE}),
        classes=EMERGENCY_CLASSES,
        authority="石川県",
        legal_basis="災害救助法",
        drill=drill,
        opened_by="officer-1",
        recorded_at=start,
    )


@pytest.mark.parametrize(
    ("begun", "drill", "said", "code"),
    [
        (-DAY, False, "open", 0),
        (-DAY, True, "open (drill)", 0),
        (DAY, False, "upcoming", 1),
        (-9 * DAY, False, "over", 1),
    ],
)
def test_what_it_says_and_whether_it_holds(
    tmp_path: Path, begun: timedelta, drill: bool, said: str, code: int
) -> None:
    ring, keys, file = (tmp_path / name for name in ("ring.json", "keys.json", "declaration.txt"))
    rotate_keys(ring)
    opened = open_keys(ring, ISSUER)
    keys.write_text(json.dumps(opened.published()))
    file.write_text(opened.sign(declared(SystemClock().now() + begun, drill=drill)) + "\n")
    done = CliRunner().invoke(APP, ["declaration", str(file), "--keys", str(keys)])
    lines = done.output.splitlines()
    assert (lines[0], done.exit_code) == (said, code)
    assert "172057 石川県珠洲市" in lines
    assert "authority: 石川県" in lines
    rotate_keys(ring)
    keys.write_text(json.dumps({"keys": opened.published()["keys"][1:]}))
    refused = CliRunner().invoke(APP, ["declaration", str(file), "--keys", str(keys)])
    assert refused.exit_code == 2
    assert "石川県" not in refused.output
