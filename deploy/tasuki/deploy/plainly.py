"""Errors of the command, in plain words and with exit code 2."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NoReturn

import httpx2
import typer
from rich.console import Console

from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG = 2  # exit code
_ERR = Console(stderr=True, soft_wrap=True)


def fail(message: str) -> NoReturn:
    """Say what is wrong and end the command."""
    _ERR.print(f"tasuki: {message}", markup=False, highlight=False)
    raise typer.Exit(WRONG)


@contextlib.contextmanager
def plain_faults() -> Iterator[None]:
    """Turn what a command runs into, into words."""
    try:
        yield
    except Fault as fault:
        fail(fault.message)
    except (httpx2.ConnectError, FileNotFoundError):
        fail("the demo does not answer; is it running?")
