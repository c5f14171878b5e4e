"""`tasuki keys`: key files are made, rotated and looked at; no key is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasuki.deploy.plainly import fail, plain_faults

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYS = typer.Typer(help="Key files. No key is ever shown.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="The key file.")]


@KEYS.command()
def create(
    file: FileArgument,
    tenant: Annotated[list[str], typer.Option(help="A tenant to make keys for; may be repeated.")],
    network_of: Annotated[
        Path | None,
        typer.Option(
            "--network-of",
            help="A key file whose network keys to share (ehr, phr and shelter need the same).",
        ),
    ] = None,
) -> None:
    """Make a key file with root keys for some tenants; an existing file is never overwritten."""
    from tasuki.shared.crypto.keyfile import KeyFile  # noqa: PLC0415 - few commands need it
    from tasuki.shared.crypto.keyring import FileKeyRing  # noqa: PLC0415 - as above

    if not file.parent.is_dir():
        fail("there is no such folder")
    with plain_faults():
        network = None if network_of is None else KeyFile(network_of).read().network
        FileKeyRing.create(file, tenant, network=network)
    typer.echo(f"keys made for {', '.join(tenant)}")


@KEYS.command()
def rotate(
    file: FileArgument, tenant: Annotated[str, typer.Option(help="Whose wrapping key.")]
) -> None:
    """Add a wrapping key to a tenant; what older ones wrapped still opens. Then restart."""
    from tasuki.shared.crypto.keyring import FileKeyRing  # noqa: PLC0415 - as above

    with plain_faults():
        version = FileKeyRing(file).rotate(tenant)
    typer.echo(f"{tenant}: wrapping key {version} is used from the next start on")


@KEYS.command("list")
def list_(file: FileArgument) -> None:
    """Show whose keys a file holds, in which versions."""
    from tasuki.shared.crypto.keyfile import KeyFile  # noqa: PLC0415 - as above

    with plain_faults():
        keys = KeyFile(file).read()
    for name, held in sorted(keys.tenants.items()):
        typer.echo(f"{name}: wrapping keys {_numbers(held.wrapping)}")
    typer.echo(f"network: epochs {_numbers(keys.network)}")


@KEYS.command()
def signing(
    file: Annotated[Path, typer.Argument(help="The authorization server's JWK set.")],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Forget every key there is: somebody else may have one. Ends all tokens.",
        ),
    ] = False,
) -> None:
    """Let the published next key sign, and publish another; make the file where there is none.

    Then restart auth. Between two rotations every service must have learned the next key: an hour.
    """
    from tasuki.auth.signing import replace_keys, rotate_keys  # noqa: PLC0415 - as above

    if not file.parent.is_dir():
        fail("there is no such folder")
    with plain_faults():
        kid = replace_keys(file) if replace else rotate_keys(file)
    typer.echo(f"signing key {kid} is used from the next start on")


@KEYS.command()
def declarations(
    file: Annotated[Path, typer.Argument(help="The consent service's JWK set.")],
    withdraw: Annotated[
        str | None,
        typer.Option(help="Id of a key whose signatures shall count nowhere any more."),
    ] = None,
) -> None:
    """Put a fresh declaration key in front, or withdraw one. Then restart consent."""
    from tasuki.consent.signing import keys  # noqa: PLC0415 - as above

    if not file.parent.is_dir():
        fail("there is no such folder")
    with plain_faults():
        kid = keys.rotate_keys(file) if withdraw is None else keys.withdraw_key(file, withdraw)
    typer.echo(f"declaration key {kid} is used from the next start on")


def _numbers(versions: Iterable[int]) -> str:
    return ", ".join(str(version) for version in sorted(versions))
