"""The doors of a record service, as a list that grows by one function a door.

A door is visited by one caller for one planted resource, for one person, or for all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.access.callers import Caller
    from tests.access.judging import Visit

About = Literal["row", "person", "all"]


@dataclass(frozen=True)
class Door:
    """One way out of a service.

    Attributes:
        about: What one visit is about.
        routes: The routes it goes through, as `GET /{type_}/{id_}`.
        visit: Asks and has the answers judged.
        holders: Where it is.
        types: For a row: of which types.
        callers: Who is sent there; a writer is not sent where they would write.
    """

    name: str
    about: About
    routes: tuple[str, ...]
    visit: Callable[[Visit], Awaitable[None]]
    holders: tuple[str, ...] = ("noto", "kaga", "phr")
    types: tuple[str, ...] = ("Observation", "Condition")
    callers: Callable[[Caller], bool] = lambda _: True


DOORS: dict[str, Door] = {}


def door(
    name: str,
    about: About,
    *routes: str,
    holders: tuple[str, ...] = ("noto", "kaga", "phr"),
    types: tuple[str, ...] = ("Observation", "Condition"),
    callers: Callable[[Caller], bool] = lambda _: True,
) -> Callable[[Callable[[Visit], Awaitable[None]]], Callable[[Visit], Awaitable[None]]]:
    """Put a function into the list of doors."""

    def listed(visit: Callable[[Visit], Awaitable[None]]) -> Callable[[Visit], Awaitable[None]]:
        assert name not in DOORS
        DOORS[name] = Door(name, about, routes, visit, holders, types, callers)
        return visit

    return listed


def no_writer(caller: Caller) -> bool:
    """Tell whether this caller writes nowhere: hospitals do, and residents in the PHR."""
    return caller.role not in ("hospital", "resident")
