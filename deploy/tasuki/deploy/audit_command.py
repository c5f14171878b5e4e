"""`tasuki audit …`: the audit logs of a demo."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003 - typer reads it
from pathlib import Path
from typing import Annotated

import typer

from tasuki.deploy.folder import DataFolder
from tasuki.deploy.plainly import plain_faults

AUDIT = typer.Typer(help="The audit log.", no_args_is_help=True)
DataOption = Annotated[Path, typer.Option("--data", help="The data folder.")]
DATA = Path(".tasuki")
Names = Annotated[list[str] | None, typer.Option(help="May be given several times.")]


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


@AUDIT.command("leak")
def leak(  # noqa: PLR0913, PLR0917 - the options of a command
    since: Annotated[datetime, typer.Option("--from", help="From this moment (Japan).")],
    until: Annotated[datetime, typer.Option("--to", help="Before this moment (Japan).")],
    actor: Names = None,
    client: Names = None,
    region: Names = None,
    request: Names = None,
    known: Annotated[
        datetime | None, typer.Option(help="When it became known (Japan); now, if not said.")
    ] = None,
    malicious: Annotated[
        bool, typer.Option("--malicious", help="Malice is possible: 60 days, not 30.")
    ] = False,
    token: Annotated[
        str | None, typer.Option(help="Your access token: names whom you may read.")
    ] = None,
    data: DataOption = DATA,
) -> None:
    """List who is affected by what somebody did, and by when to report it; this is recorded."""
    from tasuki.deploy.leak_report import lines_of  # noqa: PLC0415 - as above
    from tasuki.deploy.leaking import Asked  # noqa: PLC0415 - as above
    from tasuki.deploy.leaking import leak as run  # noqa: PLC0415 - as above
    from tasuki.shared.clock import TOKYO, SystemClock  # noqa: PLC0415 - as above

    asked = Asked(
        since.replace(tzinfo=TOKYO),
        until.replace(tzinfo=TOKYO),
        frozenset(actor or ()),
        frozenset(client or ()),
        frozenset(region or ()),
        frozenset(request or ()),
    )
    knew = SystemClock().now() if known is None else known.replace(tzinfo=TOKYO)
    with plain_faults():
        report = asyncio.run(
            run(DataFolder(data.resolve()), asked, knew, malicious=malicious, token=token)
        )
    for line in lines_of(report):
        typer.echo(line)
