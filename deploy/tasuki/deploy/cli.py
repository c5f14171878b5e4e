"""The `tasuki` command."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from pyotp.totp import TOTP

from tasuki.deploy.accounts_command import ACCOUNTS
from tasuki.deploy.audit_command import AUDIT
from tasuki.deploy.clients_command import CLIENTS
from tasuki.deploy.folder import DataFolder, read_json
from tasuki.deploy.keys_command import KEYS
from tasuki.deploy.plainly import fail, plain_faults
from tasuki.deploy.policy_command import POLICY

APP = typer.Typer(
    help="Tasuki: hospital records and residents' own logs, down to the shelter desk.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
APP.add_typer(AUDIT, name="audit")
APP.add_typer(KEYS, name="keys")
APP.add_typer(POLICY, name="policy")
APP.add_typer(CLIENTS, name="clients")
APP.add_typer(ACCOUNTS, name="accounts")

PORT = 8765
STOP_SECONDS = 30.0
SCOPES = {
    "resident": ("PATRQT", "openid fhirUser launch/patient patient/*.cruds"),
    "clinician": (
        "TREAT",
        "openid fhirUser user/*.rs tasuki/locate tasuki/match tasuki/override tasuki/profile",
    ),
    "nurse": ("DISASTER", "openid fhirUser tasuki/desk tasuki/match tasuki/profile"),
    "officer": ("PUBHLTH", "openid tasuki/declare"),
    "privacy": ("HOPERAT", "openid tasuki/review"),
    "hospital": ("HOPERAT", "system/*.cruds"),
}

SERVICES = ("auth", "consent", "ehr", "locator", "phr", "shelter")
ServiceArgument = Annotated[str, typer.Argument(help=", ".join(SERVICES))]
DataOption = Annotated[Path, typer.Option("--data", help="The data folder.")]
DATA = Path(".tasuki")


@APP.command()
def demo(
    data: DataOption = DATA,
    port: Annotated[int, typer.Option(help="Port on loopback.")] = PORT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew: forget all data.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready.")] = False,
) -> None:
    """Run everything in one process, with made-up people in two regions."""
    # Imported where needed: most commands should not load every service.
    from tasuki.deploy.demo_command import (  # noqa: PLC0415 - see above
        detached,
        foreground,
        forget,
    )

    folder = DataFolder(data.resolve())
    if _running(folder):
        fail("a demo is running in this data folder already; `tasuki stop` ends it")
    if fresh:
        forget(folder)
    if detach:
        detached(folder, port, [sys.executable, "-m", "tasuki.deploy.cli"])
    else:
        foreground(folder, port)


@APP.command()
def stop(data: DataOption = DATA) -> None:
    """Stop a demo started with `--detach`."""
    folder = DataFolder(data.resolve())
    pid = _running(folder)
    if pid is None:
        fail("no demo is running in this data folder")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _running(folder) is not None:
        if time.monotonic() > deadline:
            fail("the demo does not stop")
        time.sleep(0.1)


@APP.command()
def token(
    role: Annotated[str, typer.Argument(help=", ".join(SCOPES))],
    scope: Annotated[str | None, typer.Option(help="Space-separated scopes.")] = None,
    purpose: Annotated[str | None, typer.Option(help="Purpose of use (v3-ActReason).")] = None,
    patient: Annotated[
        str | None, typer.Option(help="Refuse unless the token is bound to this Patient.")
    ] = None,
    region: Annotated[str, typer.Option(help="Region of the hospital client.")] = "noto",
    data: DataOption = DATA,
) -> None:
    """Print an access token of a demo account, signed in for real."""
    from tasuki.deploy.demo_token import demo_token  # noqa: PLC0415 - as above

    if role not in SCOPES:
        fail(f"the role is one of {', '.join(SCOPES)}")
    usual_purpose, usual_scope = SCOPES[role]
    with plain_faults():
        made = asyncio.run(
            demo_token(
                DataFolder(data.resolve()),
                role,
                scope=scope or usual_scope,
                purpose=purpose or usual_purpose,
                patient=patient,
                region=region,
            )
        )
    typer.echo(made)


@APP.command()
def code(
    role: Annotated[str, typer.Argument(help="nurse, clinician, resident, officer or privacy")],
    data: DataOption = DATA,
) -> None:
    """Print the one-time code of a demo account at this moment."""
    for account in _told(data)["accounts"]:
        if account["role"] == role:
            typer.echo(TOTP(account["totp_secret"]).now())
            return
    fail("there is no such demo account")


@APP.command()
def load(
    files: Annotated[list[Path], typer.Argument(help="NDJSON, plain or .gz", exists=True)],
    region: Annotated[str, typer.Option(help="Region whose records these are.")],
    source: Annotated[str, typer.Option(help="Name of the sending system.")] = "cli",
    data: DataOption = DATA,
) -> None:
    """Load a hospital's NDJSON export; what cannot be accepted is quarantined and listed."""
    from tasuki.deploy.loading import load_files  # noqa: PLC0415 - as above

    with plain_faults():
        quarantined = asyncio.run(
            load_files(DataFolder(data.resolve()), region, source, sort_for_loading(files))
        )
    raise typer.Exit(1 if quarantined else 0)


@APP.command()
def warning(
    files: Annotated[
        list[Path], typer.Argument(help="XML of JMA, L-Alert or CAP", exists=True, dir_okay=False)
    ],
    data: DataOption = DATA,
) -> None:
    """Hand documents of a warning feed to the demo; an officer decides on what they propose."""
    from tasuki.deploy.warning import hand_in  # noqa: PLC0415 - as above

    async def handed_in() -> bool:
        taken = True
        async for answer in hand_in(DataFolder(data.resolve()), files):
            typer.echo(f"{answer.file}: {answer.said}")
            taken = taken and answer.taken
        return taken

    with plain_faults():
        all_taken = asyncio.run(handed_in())
    raise typer.Exit(0 if all_taken else 1)


@APP.command()
def declaration(
    file: Annotated[Path, typer.Argument(help="A signed declaration, as text.")],
    keys: Annotated[Path, typer.Option(help="The issuer's public keys (JWK set), from before.")],
) -> None:
    """Check a signed declaration and say whether it holds now; nobody is asked."""
    from tasuki.consent.signing import Standing  # noqa: PLC0415 - as above
    from tasuki.deploy.declared import lines_of, verified_file  # noqa: PLC0415 - as above
    from tasuki.shared.clock import SystemClock  # noqa: PLC0415 - as above

    with plain_faults():
        found = verified_file(file, keys, SystemClock().now())
    for line in lines_of(found):
        typer.echo(line)
    raise typer.Exit(0 if found.standing is Standing.OPEN else 1)


@APP.command()
def serve(
    service: ServiceArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = PORT,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Where the log goes and what can be fetched again is kept."),
    ] = None,
) -> None:
    """Run one service alone, with its settings from the environment (`TASUKI_<SERVICE>_…`)."""
    from tasuki.deploy.serving import serve as run  # noqa: PLC0415 - as above

    _require_service(service)
    with plain_faults():
        served = run(service, host, port, None if data is None else DataFolder(data.resolve()))
    if not served:
        fail("the service did not start; its log says why")


@APP.command()
def migrate(service: ServiceArgument) -> None:
    """Bring the databases of a service up to date, without serving."""
    from tasuki.deploy.serving import migrate as run  # noqa: PLC0415 - as above

    _require_service(service)
    with plain_faults():
        asyncio.run(run(service))


@APP.command()
def doctor() -> None:
    """Check that this installation is whole, without starting anything."""
    from tasuki.deploy.doctoring import findings  # noqa: PLC0415 - as above

    bad = False
    for line, good in findings():
        typer.echo(f"{'ok  ' if good else 'BAD '} {line}")
        bad = bad or not good
    raise typer.Exit(1 if bad else 0)


def sort_for_loading(files: list[Path]) -> list[Path]:
    """Return files so that people come before what refers to them."""
    return sorted(files, key=lambda path: (not path.name.startswith("Patient"), path.name))


def _require_service(service: str) -> None:
    if service not in SERVICES:
        fail(f"the service is one of {', '.join(SERVICES)}")


def _told(data: Path) -> dict[str, list[dict[str, str]]]:
    folder = DataFolder(data.resolve())
    if not folder.demo.exists():
        fail("there is no demo in this data folder")
    return read_json(folder.demo)


def _running(folder: DataFolder) -> int | None:
    try:
        pid = int(folder.pid.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def main() -> None:
    """Run the command."""
    APP()


if __name__ == "__main__":
    main()
