"""`tasuki accounts`: the first account of an institution, which then opens the others itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tasuki.deploy.plainly import fail, plain_faults

if TYPE_CHECKING:
    from tasuki.auth.staff import Made, Opening

ACCOUNTS = typer.Typer(help="Accounts of staff.", no_args_is_help=True)
ROLES = ("clinician", "nurse", "officer")


@ACCOUNTS.callback()
def accounts() -> None:
    """Keep `invite` a word of its own, though it is the only one."""


@ACCOUNTS.command()
def invite(
    username: Annotated[str, typer.Argument(help="The user name.")],
    name: Annotated[str, typer.Option(help="As people are shown who looked at their records.")],
    organization: Annotated[str, typer.Option(help="The institution, as tokens shall name it.")],
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    region: Annotated[str | None, typer.Option(help="Medical region, where it has one.")] = None,
    administers: Annotated[
        bool,
        typer.Option(
            "--administers", help="It opens and withdraws the accounts of its institution."
        ),
    ] = False,
) -> None:
    """Open an account without a password and print its invitation, good for three days.

    Settings are those of `tasuki serve auth`.
    """
    from tasuki.auth.staff import Opening  # noqa: PLC0415 - few commands need it
    from tasuki.shared.access.principal import Role  # noqa: PLC0415 - as above

    if role not in ROLES:
        fail(f"a role is one of {', '.join(ROLES)}")
    opening = Opening(
        username=username,
        display=name,
        role=Role(role),
        organization=organization,
        region=region,
        administers=administers,
    )
    with plain_faults():
        made = asyncio.run(_invited(opening))
    if made is None:
        fail("the account cannot be opened: a name is missing or too long, or the user name taken")
    typer.echo(made.invitation)


async def _invited(opening: Opening) -> Made | None:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

    from tasuki.auth.staff import invite as invited  # noqa: PLC0415 - as above
    from tasuki.deploy.serving import auth_means, auth_settings  # noqa: PLC0415 - as above
    from tasuki.shared.engines import engine_for  # noqa: PLC0415 - as above
    from tasuki.shared.faults import Category, Fault  # noqa: PLC0415 - as above

    settings = auth_settings()
    means = auth_means(settings)
    engine = engine_for(settings.database_url.get_secret_value())
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(invited, means, opening)
    except (SQLAlchemyError, OSError):
        # Its text names the address and may name a password.
        raise Fault(
            Category.UNAVAILABLE, "the database of auth cannot be used, or was never migrated"
        ) from None
    finally:
        await engine.dispose()
