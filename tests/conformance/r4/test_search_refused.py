"""Searches that must be refused when strict, and what lenient handling owes the caller.

A server that ignores a criterion finds more than was asked for: here, other people's records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Case, Probe, Refused, case, cases
from tests.conformance.r4.checks import entries, place, require_outcome, require_searchset
from tests.conformance.r4.client import link
from tests.conformance.r4.spec import (
    CHAINING,
    CONFORMANCE,
    COUNT,
    DATE,
    ERRORS,
    HAS,
    INCLUDE,
    LENIENT,
    MODIFIERS,
    PREFIX,
    QUANTITY,
    SEARCH_HTTP,
    SORT,
    SUMMARY,
)

if TYPE_CHECKING:
    from tests.conformance.r4.world import World


def refused(id_: str, query: str, spec: str, names: str = "") -> Refused:
    """Return a search that a strict server refuses."""
    return Refused(id_, Probe("GET", query), (400,), spec, names)


STRICT = [
    refused("strict-unknown", "Patient?favourite=tea", LENIENT, "favourite"),
    refused("strict-unknown-beside-known", "Patient?gender=male&favourite=tea", LENIENT,
            "favourite"),
    refused("strict-of-other-type", "Patient?onset-date=2020", LENIENT, "onset-date"),
    refused("strict-case", "Patient?Gender=male", LENIENT, "Gender"),
    refused("strict-unknown-result", "Patient?_favourite=tea", LENIENT, "_favourite"),
    refused("strict-modifier", "Patient?family:roughly=能登", MODIFIERS, "family"),
    refused("strict-modifier-of-other-type", "Patient?birthdate:exact=1938-04-05", MODIFIERS,
            "birthdate"),
    refused("strict-modifier-on-number", "Observation?value-quantity:contains=7", MODIFIERS,
            "value-quantity"),
    refused("strict-missing-value", "Patient?address:missing=perhaps", MODIFIERS, "address"),
    refused("strict-date", "Patient?birthdate=yesterday", DATE, "birthdate"),
    refused("strict-date-month", "Patient?birthdate=1938-13", DATE, "birthdate"),
    refused("strict-date-day", "Patient?birthdate=1938-02-30", DATE, "birthdate"),
    refused("strict-date-era", "Patient?birthdate=昭和13年4月5日", DATE, "birthdate"),
    refused("strict-prefix", "Patient?birthdate=xx1938-04-05", PREFIX, "birthdate"),
    refused("strict-quantity", "Observation?value-quantity=heavy", QUANTITY, "value-quantity"),
    refused("strict-count", "Patient?_count=many", COUNT, "_count"),
    refused("strict-count-negative", "Patient?_count=-1", COUNT, "_count"),
    refused("strict-summary", "Patient?_summary=perhaps", SUMMARY, "_summary"),
    refused("strict-total", "Patient?_total=perhaps", ERRORS, "_total"),
    refused("strict-sort", "Patient?_sort=favourite", SORT, "_sort"),
    refused("strict-sort-second", "Patient?_sort=birthdate,favourite", SORT, "_sort"),
    refused("strict-include", "Observation?_include=Observation:favourite", INCLUDE,
            "include"),
    refused("strict-include-shape", "Observation?_include=subject", INCLUDE, "_include"),
    refused("strict-revinclude", "Patient?_revinclude=Observation:favourite", INCLUDE,
            "include"),
    refused("strict-chain", "Observation?patient.favourite=tea", CHAINING, "patient"),
    refused("strict-chain-on-token", "Observation?code.family=能登", CHAINING, "code"),
    refused("strict-chain-type", "Observation?subject:Medication.code=1", CHAINING, "subject"),
    refused("strict-has-parameter", "Patient?_has:Observation:patient:favourite=tea", HAS, "_has"),
    refused("strict-has-reference", "Patient?_has:Observation:code:status=final", HAS, "_has"),
    refused("strict-has-shape", "Patient?_has:Observation=final", HAS, "_has"),
    refused("strict-last-updated", "Patient?_lastUpdated=yesterday", DATE, "_lastUpdated"),
]  # fmt: skip


@cases(STRICT)
def test_a_strict_search_is_refused(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe, scoped=True), case.statuses, case.names)


LENIENTLY = {
    "lenient-unknown": ("gender=male", "favourite=tea", "taro jiro"),
    "lenient-unknown-first": ("family=能登", "unheard=1", "hanako taro"),
    "lenient-other-type": ("active=false", "onset-date=2020", "jiro"),
}


@cases([Case(id_, LENIENT) for id_ in LENIENTLY])
def test_a_lenient_search_says_what_it_used(world: World, case: Case) -> None:
    known, unknown, wanted = LENIENTLY[case.id]
    pages = world.search(f"Patient?{unknown}&{known}", prefer="handling=lenient")
    require_searchset(pages, world.client.base)
    got = world.labels([place(entry) for entry in entries(pages, "match")])
    assert sorted(got) == sorted(wanted.split())
    told = link(pages[0], "self") or ""
    assert known.partition("=")[0] in told, "the self link names what was used"
    assert unknown.partition("=")[0] not in told, "the self link names what was not used"


@case("self-link-is-the-search", CONFORMANCE)
def test_the_self_link_finds_the_same(world: World) -> None:
    pages = world.search("Patient?family=能登&gender=female&_sort=birthdate")
    address = link(pages[0], "self")
    assert address is not None
    assert address.startswith(world.client.base)
    again = list(world.client.pages(address))
    assert [place(entry) for entry in entries(again, "match")] == [world.places["hanako"]]


@case("post-search-media-type", SEARCH_HTTP)
def test_a_posted_search_is_a_form(world: World) -> None:
    answer = world.client.post("Patient/_search", {"resourceType": "Parameters"})
    require_outcome(answer, (415, 400))


@case("post-search-strict", SEARCH_HTTP)
def test_a_posted_search_is_strict_too(world: World) -> None:
    answer = world.client.form("Patient/_search", "favourite=tea", prefer="handling=strict")
    require_outcome(answer, (400,), "favourite")


@case("search-unknown-type", SEARCH_HTTP)
def test_a_type_that_is_not_one(world: World) -> None:
    require_outcome(world.client.get("Favourite?_count=1"), (404, 400))
