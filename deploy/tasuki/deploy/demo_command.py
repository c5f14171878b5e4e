"""Running the demo in the foreground or detached."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from uvicorn.loops.auto import auto_loop_factory

from tasuki.deploy.collecting import settle
from tasuki.deploy.demo import house_for, running_demo
from tasuki.deploy.folder import private_file, read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.deploy.folder import DataFolder

READY_SECONDS = 120.0
STEPS = {
    "database": "Starting PostgreSQL",
    "services": "Starting the services",
    "records": "Hospitals load their records",
    "wishes": "Residents record their wishes",
    "declaration": "An officer declares the disaster",
    "desk": "The shelter desk takes over what it must hold",
}
TOTAL = 5_400  # about the resources of the sample, for the bar only


def foreground(folder: DataFolder, port: int) -> None:
    """Run until Ctrl-C or SIGTERM, showing progress and then the doors."""
    # The loop a service of its own gets from its server; here the server runs inside ours.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(_until_stopped(folder, port))


def detached(folder: DataFolder, port: int, command: Sequence[str]) -> None:
    """Start a demo of its own process and return when its doors are open.

    Raises:
        Fault: UNAVAILABLE where it does not become ready in time.
    """
    folder.prepare()
    started = [*command, "demo", "--data", str(folder.path), "--port", str(port)]
    folder.out.unlink(missing_ok=True)
    with os.fdopen(private_file(folder.out), "wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            started, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    deadline = time.monotonic() + READY_SECONDS
    while not (folder.pid.exists() and (folder.path / "ready").exists()):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.stderr.write(folder.out.read_text(errors="replace"))
            raise SystemExit(1)
        time.sleep(0.1)
    show(read_json(folder.demo), Console())


def forget(folder: DataFolder) -> None:
    """Remove all data of a demo that is not running; only what a demo made is touched."""
    for path in (folder.postgres, folder.keys, folder.cache):
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder.demo, folder.log, folder.out, folder.path / "ready"):
        path.unlink(missing_ok=True)


async def _until_stopped(folder: DataFolder, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    console = Console()
    house = house_for(folder, port)
    ready = folder.path / "ready"
    ready.unlink(missing_ok=True)
    folder.pid.write_text(str(os.getpid()))
    began = time.monotonic()
    try:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as progress:
            task = progress.add_task("", total=TOTAL)

            def said(step: str, done: int) -> None:
                words = STEPS.get(step, STEPS["records"])
                progress.update(task, description=words, advance=done)

            running = running_demo(house, said)
            told = await running.__aenter__()
        try:
            settle()
            show(told, console)
            console.print(f"Ready in {time.monotonic() - began:.1f} s. Ctrl-C stops it.")
            ready.touch()
            await stopped.wait()
        finally:
            await running.__aexit__(None, None, None)
    finally:
        folder.pid.unlink(missing_ok=True)
        ready.unlink(missing_ok=True)


def show(told: dict[str, Any], console: Console) -> None:
    """Print the doors and the accounts."""
    base = told["base_url"]
    console.print(
        f"\n[bold]Tasuki[/bold] is open at [link={base}/]{base}/[/link]\n", highlight=False
    )
    doors = {
        "nurse": told["services"]["shelter"],
        "clinician": f"{base}/ehr/noto/",
        "resident": f"{base}/phr/",
        "officer": f"{told['services']['consent']}/officer/",
        "privacy": f"{told['services']['consent']}/overrides/",
    }
    for account in told["accounts"]:
        console.print(
            f"  {account['role']:<10} {doors[account['role']]:<42} "
            f"{account['username']} / {account['password']}",
            highlight=False,
        )
    console.print(
        "\nOne-time codes: on the front page, or `tasuki code ROLE`.\n"
        "At the desk, try: ノト ハナコ, S13.4.5\n",
        highlight=False,
    )
