"""`tasuki clients`: which apps and backends the authorization server knows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasuki.deploy.plainly import plain_faults

if TYPE_CHECKING:
    from tasuki.auth.provisioning import ClientRegistration

CLIENTS = typer.Typer(help="Apps and backends that may ask for tokens.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A JSON list of clients.")]


@CLIENTS.callback()
def clients() -> None:
    """Keep `register` a word of its own, though it is the only one."""


@CLIENTS.command()
def register(file: FileArgument) -> None:
    """Register the clients of a file, or bring them up to date; all of them or none.

    Settings are those of `tasuki serve auth`.
    """
    from tasuki.auth.registration_file import (  # noqa: PLC0415 - few commands need it
        read_registrations,
    )

    with plain_faults():
        found = read_registrations(file)
        asyncio.run(_registered(found))
    typer.echo(f"{len(found)} clients registered")


async def _registered(found: list[ClientRegistration]) -> None:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

    from tasuki.auth.provisioning import register_client  # noqa: PLC0415 - as above
    from tasuki.deploy.serving import auth_means, auth_settings  # noqa: PLC0415 - as above
    from tasuki.shared.engines import engine_for  # noqa: PLC0415 - as above
    from tasuki.shared.faults import Category, Fault  # noqa: PLC0415 - as above

    settings = auth_settings()
    means = auth_means(settings)
    engine = engine_for(settings.database_url.get_secret_value())
    try:
        async with engine.begin() as connection:
            for registration in found:
                await register_client(connection, means, registration)
    except (SQLAlchemyError, OSError):
        # Its text names the address and may name a password.
        raise Fault(
            Category.UNAVAILABLE, "the database of auth cannot be used, or was never migrated"
        ) from None
    finally:
        await engine.dispose()
