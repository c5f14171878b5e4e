"""What a search must find, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.checks import entries, place, require_searchset

if TYPE_CHECKING:
    from tests.conformance.r4.cases import Included, Search
    from tests.conformance.r4.world import World


def found(world: World, query: str, *, scoped: bool = True) -> list[str]:
    """Return the labels of the matches of a search, in the order they came."""
    pages = world.search(query, scoped=scoped)
    require_searchset(pages, world.client.base)
    type_ = query.partition("?")[0]
    matches = [place(entry) for entry in entries(pages, "match")]
    assert all(one.startswith(f"{type_}/") for one in matches), "matches of another type"
    return world.labels(matches)


def require_found(world: World, case: Search) -> None:
    """Assert that a search finds what its case says."""
    labels = found(world, case.query)
    wanted = case.finds.split()
    if case.ordered:
        assert labels == wanted
    elif case.at_least:
        assert set(labels) >= set(wanted)
    else:
        assert sorted(labels) == sorted(wanted)
    if case.witness:
        assert found(world, case.witness), "the search that must find something finds nothing"


def require_included(world: World, case: Included) -> None:
    """Assert the matches of a search and all that came with them, each once."""
    pages = world.search(case.query)
    require_searchset(pages, world.client.base)
    matches = [place(entry) for entry in entries(pages, "match")]
    included = [place(entry) for entry in entries(pages, "include")]
    assert sorted(world.labels(matches)) == sorted(case.matches.split())
    assert sorted(world.labels(included)) == sorted(case.includes.split())
