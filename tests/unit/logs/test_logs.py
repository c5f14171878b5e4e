from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from tasuki.shared.logs import configure, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "能登 花子 ワルファリン"
NAME = "SECRET-NAME"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """A configured log; what it changed in the process is put back."""
    root, hook, shown = logging.getLogger(), sys.excepthook, warnings.showwarning
    handlers, level = list(root.handlers), root.level
    others = [
        (one, list(one.handlers), one.propagate)
        for one in map(logging.getLogger, tuple(logging.Logger.manager.loggerDict))
    ]
    stream = io.StringIO()
    root.handlers.clear()
    configure(stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        sys.excepthook, warnings.showwarning = hook, shown
        root.handlers[:] = handlers
        root.setLevel(level)
        for one, held, passed in others:
            one.handlers[:] = held
            one.propagate = passed


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def defect() -> Exception:
    """An exception with a cause, whose texts and locals hold somebody's data."""
    patient = SECRET
    try:
        try:
            known: dict[str, str] = {}
            return ValueError(known[patient])
        except KeyError as cause:
            raise ValueError(f"{NAME} {patient}") from cause
    except ValueError as error:
        return error


def by_structlog(error: Exception) -> None:
    structlog.get_logger().error("defect", exc_info=error)


def by_logging(error: Exception) -> None:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)


def by_arguments(error: Exception) -> None:
    logging.getLogger("some.library").warning("cannot store %s", error)


def as_the_text(error: Exception) -> None:
    logging.getLogger("uvicorn.error").error(error)


def as_a_whole_traceback(error: Exception) -> None:
    text = "".join(traceback.format_exception(error, chain=False))
    logging.getLogger("uvicorn.error").error(text)


def by_the_loop(error: Exception) -> None:
    async def go() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "Task exception was never retrieved", "exception": error, "what": SECRET}
        )

    asyncio.run(go())


def at_the_end(error: Exception) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


def by_warning(error: Exception) -> None:
    # As the interpreter calls it; pytest holds warnings back.
    warnings.showwarning(UserWarning(str(error)), UserWarning, "place.py", 7)


WAYS = [
    by_structlog,
    by_logging,
    by_arguments,
    as_the_text,
    as_a_whole_traceback,
    by_the_loop,
    at_the_end,
    by_warning,
]


@pytest.mark.parametrize("way", WAYS)
def test_no_text_of_an_exception_is_written(
    out: io.StringIO, way: Callable[[Exception], None]
) -> None:
    way(defect())
    written = json.dumps(lines(out), ensure_ascii=False)
    assert len(lines(out)) == 1
    assert NAME not in written
    assert not any(part in written for part in SECRET.split())


@pytest.mark.parametrize("way", [by_structlog, by_logging, by_the_loop, at_the_end])
def test_class_and_place_of_the_exception_and_its_cause_are_written(
    out: io.StringIO, way: Callable[[Exception], None]
) -> None:
    way(defect())
    told = lines(out)[0]["exception"]
    assert [one["class"] for one in told] == ["builtins.ValueError", "builtins.KeyError"]
    assert all("test_logs.py:" in one["places"][-1] for one in told)
    assert all(one["places"][-1].endswith(" defect") for one in told)


def test_a_traceback_handed_over_as_text_keeps_class_and_places(out: io.StringIO) -> None:
    as_a_whole_traceback(defect())
    (told,) = lines(out)[0]["exception"]
    assert told["class"] == "ValueError"
    assert told["places"][-1].endswith(" defect")


def test_a_library_s_own_handlers_do_not_go_past_it(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(logging.StreamHandler())
    logger.propagate = False
    configure(out)
    by_logging(defect())
    assert len(lines(out)) == 1
    assert NAME not in capsys.readouterr().err


def test_facts_are_json_lines_with_time_level_and_ids(out: io.StringIO) -> None:
    structlog.get_logger().warning("feed.unreachable", feed="ehr/noto", failures=3)
    (told,) = lines(out)
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "event": "feed.unreachable",
        "level": "warning",
        "feed": "ehr/noto",
        "failures": 3,
    }


def test_a_library_s_own_words_are_kept(out: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("Application startup failed. Exiting.")
    (told,) = lines(out)
    assert told["event"] == "Application startup failed. Exiting."
    assert told["logger"] == "uvicorn.error"


def test_every_exception_of_a_group_is_told_and_a_ring_ends() -> None:
    first, second = ValueError(SECRET), OSError(SECRET)
    first.__context__ = first
    told = places(ExceptionGroup(SECRET, [first, second]))
    assert [one["class"] for one in told] == [
        "builtins.ExceptionGroup",
        "builtins.ValueError",
        "builtins.OSError",
    ]
