"""The other ways to a search: by POST, within a compartment, over several types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Case, Probe, case, cases
from tests.conformance.r4.checks import entries, place, require_outcome, require_searchset
from tests.conformance.r4.searching import found
from tests.conformance.r4.spec import COMPARTMENT, SEARCH_HTTP, VARIABLE_SEARCH

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

POSTED = {
    "post-string": ("Patient", "family=能登"),
    "post-escaped": ("Patient", "family=%E8%83%BD%E7%99%BB"),
    "post-token": ("Observation", "code=http%3A%2F%2Floinc.org%7C29463-7"),
    "post-date": ("Observation", "date=ge2026-02&date=lt2026-03"),
    "post-plus-is-space": ("Organization", "name=Wajima+Test"),
    "post-chain": ("Observation", "patient.family=輪島"),
    "post-has": ("Patient", "_has:Observation:patient:code=85354-9"),
}
# What a form leaves to the query string counts as well.
SPLIT = {
    "post-both": ("Patient", "gender=male", "family=能登", "taro"),
    "post-query-only": ("Patient", "gender=female", "", "hanako"),
}


@cases([Case(id_, SEARCH_HTTP) for id_ in POSTED])
def test_a_search_by_post_finds_the_same(world: World, case: Case) -> None:
    type_, fields = POSTED[case.id]
    wanted = found(world, f"{type_}?{fields.replace('+', ' ')}")
    assert wanted
    form = f"{fields}&_tag={world.tag}"
    answer = world.client.form(f"{type_}/_search", form, prefer="handling=strict")
    assert answer.status_code == 200, answer.text
    pages = [answer.json()]
    require_searchset(pages, world.client.base)
    got = world.labels([place(entry) for entry in entries(pages, "match")])
    assert sorted(got) == sorted(wanted)


@cases([Case(id_, SEARCH_HTTP) for id_ in SPLIT])
def test_the_form_and_the_query_count_together(world: World, case: Case) -> None:
    type_, query, fields, wanted = SPLIT[case.id]
    path = world.path(f"{type_}/_search?{query}", scoped=True)
    answer = world.client.form(path, fields, prefer="handling=strict")
    assert answer.status_code == 200, answer.text
    require_searchset([answer.json()], world.client.base)
    got = [place(entry) for entry in entries([answer.json()], "match")]
    assert world.labels(got) == wanted.split()


OF_HANAKO = "w1 w2 w3 bp1 bp2 a1c smoke memo pulse panel"
WITHIN = {
    "compartment-observations": ("{hanako}/Observation", OF_HANAKO),
    "compartment-other-person": ("{taro}/Observation", "tw"),
    "compartment-with-code": ("{hanako}/Observation?code=29463-7", "w1 w2 w3"),
    "compartment-with-date": ("{hanako}/Observation?date=ge2026-03", "w3 bp2"),
    "compartment-conditions": ("{hanako}/Condition", "pressure sugar"),
    "compartment-medication": ("{hanako}/MedicationRequest", "rx1 rx2"),
    "compartment-allergy": ("{taro}/AllergyIntolerance", "soba"),
    "compartment-encounter": ("{hanako}/Encounter?status=finished", "visit"),
    "compartment-related": ("{hanako}/RelatedPerson", "sakura"),
    "compartment-sorted": ("{hanako}/MedicationRequest?_sort=authoredon", "rx2 rx1"),
    "compartment-chain": ("{hanako}/Observation?encounter.class=AMB", "w1 bp1"),
}


@cases([Case(id_, VARIABLE_SEARCH) for id_ in WITHIN])
def test_a_search_within_a_compartment(world: World, case: Case) -> None:
    path, wanted = WITHIN[case.id]
    pages = world.search(path)
    require_searchset(pages, world.client.base)
    got = world.labels([place(entry) for entry in entries(pages, "match")])
    if "_sort" in path:
        assert got == wanted.split()
    assert sorted(got) == sorted(wanted.split())


@case("compartment-all", COMPARTMENT)
def test_everything_in_a_compartment(world: World) -> None:
    pages = world.search("{taro}/*", scoped=False)
    require_searchset(pages, world.client.base)
    got = set(world.labels([place(entry) for entry in entries(pages, "match")]))
    assert got >= {"tw", "other", "bone", "rx3", "soba"}
    # The definition names the Patient's own links only: whether the Patient counts is open.
    assert got <= {"tw", "other", "bone", "rx3", "soba", "taro"}


@case("compartment-all-types", COMPARTMENT)
def test_some_types_of_a_compartment(world: World) -> None:
    pages = world.search("{hanako}/*?_type=Condition,AllergyIntolerance", scoped=False)
    require_searchset(pages, world.client.base)
    got = world.labels([place(entry) for entry in entries(pages, "match")])
    assert sorted(got) == ["penicillin", "pressure", "sugar"]


@case("compartment-foreign-type", COMPARTMENT)
def test_a_type_outside_the_compartment_is_refused_or_empty(world: World) -> None:
    """R4 leaves open which; what is not in it must not come, and what is in it must."""
    answer = world.client.get(world.path("{hanako}/Organization"))
    if answer.status_code == 200:
        assert "entry" not in answer.json()
    else:
        require_outcome(answer)
    assert found_within(world, "{hanako}/Condition") == ["pressure", "sugar"]


def found_within(world: World, path: str) -> list[str]:
    pages = world.search(path)
    return sorted(world.labels([place(entry) for entry in entries(pages, "match")]))


ACROSS = {
    "system-two-types": ("?_type=Patient,Organization", 5 + 3),
    "system-one-type": ("?_type=Encounter", 3),
    "system-id": ("?_type=Patient,Observation&_id={hanako:id},{w1:id}", 2),
}
WHOLE = Probe("GET", "?_type=Patient,Organization")


@cases([Case(id_, VARIABLE_SEARCH, ("interaction:search-system",), WHOLE) for id_ in ACROSS])
def test_a_search_over_types(world: World, case: Case) -> None:
    query, number = ACROSS[case.id]
    pages = world.search(query)
    require_searchset(pages, world.client.base)
    got = [place(entry) for entry in entries(pages, "match")]
    assert len(got) == number
    asked = query.split("_type=")[1].split("&")[0].split(",")
    assert {one.partition("/")[0] for one in got} == set(asked)
    assert set(got) <= set(world.places.values())


@case("system-post", VARIABLE_SEARCH, "interaction:search-system", probe=WHOLE)
def test_a_search_over_types_by_post(world: World) -> None:
    answer = world.client.form("_search", f"_type=Patient,Location&_tag={world.tag}")
    assert answer.status_code == 200, answer.text
    require_searchset([answer.json()], world.client.base)
    assert len(entries([answer.json()], "match")) == 5 + 2


@case("system-paged", VARIABLE_SEARCH, "interaction:search-system", probe=WHOLE)
def test_a_search_over_types_is_paged(world: World) -> None:
    pages = world.search("?_type=Patient,Organization&_count=3")
    require_searchset(pages, world.client.base)
    got = [place(entry) for entry in entries(pages, "match")]
    assert (len(got), len(set(got))) == (8, 8)
    assert len(pages) >= 3
