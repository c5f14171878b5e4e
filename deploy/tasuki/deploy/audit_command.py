"""`tasuki audit …`: the audit logs of a demo."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tasuki.deploy.folder import DataFolder
from tasuki.deploy.plainly import plain_faults

AUDIT = typer.Typer(help="The audit log.", no_args_is_help=True)
DataOption = Annotated[Path, typer.Option("--data", help="The data folder.")]
DATA = Path(".tasuki")


@AUDIT.command("verify")
def verify(
    data: DataOption = DATA,
    note: Annotated[
        list[Path] | None,
        typer.Option(help="A signed head that was kept elsewhere.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Check every audit log: deletion, change, insertion, reordering, truncation, rollback."""
    from tasuki.deploy.auditing import verify_all  # noqa: PLC0415 - loads every service

    with plain_faults():
        good = asyncio.run(verify_all(DataFolder(data.resolve()), typer.echo, note or ()))
    raise typer.Exit(0 if good else 1)


@AUDIT.command("keys")
def keys(data: DataOption = DATA) -> None:
    """Print the public keys of every log and every witness, for `tasuki audit check`."""
    from tasuki.deploy.auditing import public_keys  # noqa: PLC0415 - as above

    with plain_faults():
        for key in public_keys(DataFolder(data.resolve())):
            typer.echo(key)


@AUDIT.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A resident's file of who looked.", exists=True)],
    keys: Annotated[Path, typer.Option(help="Public keys of logs and witnesses, a line each.")],
) -> None:
    """Check that every event of a file stands in its log; nobody is asked."""
    from tasuki.deploy.checking import (  # noqa: PLC0415 - not needed by the others
        all_good,
        checked_file,
        lines_of,
    )

    with plain_faults():
        found = checked_file(file, keys)
    for line in lines_of(found):
        typer.echo(line)
    raise typer.Exit(0 if all_good(found) else 1)
