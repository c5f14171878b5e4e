"""The one place where logging is set up: facts with ids, as JSON lines, and nobody's data.

Our own facts come through structlog and hold ids only. What libraries say is not ours to trust:
of a library's record the constant text is kept, never its arguments, and of an exception its
class and places, never its message or its locals, since either may hold a name or a drug.
https://www.structlog.org/en/stable/standard-library.html
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from structlog.typing import EventDict, WrappedLogger

LOG = structlog.get_logger()

MAX_CHAIN = 8  # exceptions of one chain that are told
_HEADER = "Traceback (most recent call last):"
_FRAME = re.compile(r'  File "([^"]+)", line ([0-9]+), in (\S+)')
_CLASS = re.compile(r"[A-Za-z_][\w.]*")


def configure(stream: TextIO, *, level: int = logging.WARNING) -> None:
    """Write everything that is logged in this process to a stream, one JSON object a line.

    Args:
        stream: Whoever opened it closes it.
        level: From which level the records of libraries are kept.
    """
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            _without_messages,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    lines = logging.StreamHandler(stream)
    lines.setFormatter(PlacesOnly())
    logging.basicConfig(handlers=[lines], level=level, force=True)
    # A library that has set up its own writing (uvicorn's default does) would go past this.
    for name in tuple(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # What would be written past the log with its text: warnings, and the end of the process.
    warnings.showwarning = _warned
    sys.excepthook = _ended


class PlacesOnly(logging.Formatter):
    """Formats a library's record as a JSON line, without arguments and exception messages."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told: dict[str, Any] = {
            **_constant(record.msg),
            "timestamp": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[1] is not None:
            told["exception"] = places(record.exc_info[1])
        return json.dumps(told)


def places(error: BaseException) -> list[dict[str, Any]]:
    """Return the class and the places of an exception and of what led to it, newest first."""
    return [
        {
            "class": f"{type(one).__module__}.{type(one).__qualname__}",
            "places": [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(one.__traceback__)
            ],
        }
        for one in _chain(error)
    ]


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MAX_CHAIN:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if before is not None:
            waiting.append(before)


def _constant(said: object) -> dict[str, Any]:
    """Return of a library's text what its author wrote, and nothing that was put into it.

    Some hand over an exception as the text, or a whole traceback (an app that does not start), or
    append what failed on further lines (asyncio): the first line of a text is its author's.
    """
    if not isinstance(said, str):
        return {"event": type(said).__name__}
    if said.startswith(_HEADER):
        return {"event": "traceback", "exception": [_read_back(said)]}
    return {"event": said.strip().partition("\n")[0]}


def _read_back(text: str) -> dict[str, Any]:
    """Return class and places of a traceback that was made into text; its frames are indented."""
    found = []
    for line in text.splitlines()[1:]:
        if line.startswith(" "):
            frame = _FRAME.match(line)
            if frame is not None:
                found.append("{}:{} {}".format(*frame.groups()))
            continue
        name = line.partition(":")[0]
        return {"class": name if _CLASS.fullmatch(name) else "unknown", "places": found}
    return {"class": "unknown", "places": found}


def _without_messages(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = places(error)
    return event


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line  # its text may quote a value
    LOG.warning("warning", category=category.__name__, at=f"{filename}:{lineno}")


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del trace
    if issubclass(kind, KeyboardInterrupt):
        return
    LOG.critical("ended", exc_info=error)
