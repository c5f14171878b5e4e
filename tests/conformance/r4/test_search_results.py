"""How results come: order, number, total, and how much of each resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Search, case, cases
from tests.conformance.r4.checks import entries, require_searchset, require_subsetted
from tests.conformance.r4.client import link
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import COUNT, ELEMENTS, SORT, SUMMARY, TOTAL

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

WEIGHTS = "Observation?code=29463-7&patient={hanako}"


def ordered(id_: str, query: str, finds: str) -> Search:
    """Return a search whose matches come in this order."""
    return Search(id_, query, finds, SORT, ordered=True)


SORTED = [
    ordered("sort-date", f"{WEIGHTS}&_sort=date", "w1 w2 w3"),
    ordered("sort-date-down", f"{WEIGHTS}&_sort=-date", "w3 w2 w1"),
    ordered("sort-birthdate", "Patient?_sort=birthdate&birthdate=lt1980", "taro hanako"),
    ordered("sort-birthdate-down", "Patient?_sort=-birthdate&gender=male", "jiro taro"),
    ordered("sort-quantity", "Observation?code=29463-7&_sort=value-quantity", "tw w3 w2 w1 jw"),
    ordered("sort-quantity-down", "Observation?code=29463-7&_sort=-value-quantity",
            "jw w1 w2 w3 tw"),
    ordered("sort-two-keys", "Observation?code=29463-7,85354-9&patient={hanako}"
            "&_sort=code,-date", "w3 w2 w1 bp2 bp1"),
    ordered("sort-two-keys-down", "Observation?code=29463-7,85354-9&patient={hanako}"
            "&_sort=-code,date", "bp1 bp2 w1 w2 w3"),
    ordered("sort-status-date", f"{WEIGHTS}&_sort=status,-date", "w3 w2 w1"),
    ordered("sort-period", "Encounter?_sort=-date&patient={hanako}", "stay visit"),
    ordered("sort-authored", "MedicationRequest?_sort=authoredon", "rx2 rx3 rx1"),
    ordered("sort-created", f"{WEIGHTS}&_sort=_lastUpdated", "w1 w2 w3"),
    ordered("sort-created-down", f"{WEIGHTS}&_sort=-_lastUpdated", "w3 w2 w1"),
    # The alias is a name too, and of several values the first in order counts.
    ordered("sort-string", "Organization?identifier=https://tasuki.example/{run}/org|wajima,"
            "https://tasuki.example/{run}/org|nanao&_sort=name", "wajima nanao"),
    ordered("sort-and-pages", "Observation?code=29463-7&_sort=-value-quantity&_count=2",
            "jw w1 w2 w3 tw"),
]  # fmt: skip


@cases(SORTED)
def test_sorted(world: World, case: Search) -> None:
    require_found(world, case)


@case("sort-id", SORT)
def test_sorting_by_id_is_one_order(world: World) -> None:
    pages = world.search("Observation?_sort=_id&_count=5")
    ids = [entry["resource"]["id"] for entry in entries(pages, "match")]
    back = world.search("Observation?_sort=-_id&_count=5")
    assert len(ids) == 12
    assert [entry["resource"]["id"] for entry in entries(back, "match")] == ids[::-1]


@case("sort-missing-kept", SORT)
def test_what_has_no_value_to_sort_by_is_found_too(world: World) -> None:
    pages = world.search("Observation?_sort=date")
    assert len(entries(pages, "match")) == 12


@case("count-one", COUNT)
def test_count_bounds_a_page(world: World) -> None:
    pages = world.search("Patient?_count=1")
    require_searchset(pages, world.client.base)
    assert [len(page.get("entry", ())) for page in pages if page.get("entry")] == [1] * 5


@case("count-zero", COUNT)
def test_a_count_of_zero_is_the_number_alone(world: World) -> None:
    answer = world.client.get(world.path("Patient?_count=0", scoped=True))
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["total"] == 5
    assert "entry" not in page
    assert link(page, "next") is None


@case("count-more-than-there-are", COUNT)
def test_a_large_count_is_one_page(world: World) -> None:
    pages = world.search("Patient?_count=500")
    assert len(pages) == 1
    assert len(entries(pages, "match")) == 5


@case("total-accurate", TOTAL)
def test_an_accurate_total_is_asked_for(world: World) -> None:
    pages = world.search("Patient?_total=accurate&_count=2")
    assert {page["total"] for page in pages} == {5}


@case("total-none", TOTAL)
def test_without_a_total_the_matches_are_the_same(world: World) -> None:
    pages = world.search("Patient?_total=none&_count=2")
    assert len(entries(pages, "match")) == 5


@case("summary-count", SUMMARY)
def test_a_summary_of_counts(world: World) -> None:
    (page,) = world.search("Observation?_summary=count")
    assert page["total"] == 12
    assert "entry" not in page


def only(world: World, query: str) -> dict[str, Any]:
    """Return the one match of a search."""
    pages = world.search(query)
    require_searchset(pages, world.client.base)
    (entry,) = entries(pages, "match")
    resource: dict[str, Any] = entry["resource"]
    return resource


@case("summary-true", SUMMARY)
def test_a_summary_holds_the_summary_elements(world: World) -> None:
    patient = only(world, "Patient?_id={hanako:id}&_summary=true")
    require_subsetted(patient)
    whole = world.seeded["hanako"]
    for kept in ("identifier", "active", "name", "telecom", "gender", "birthDate", "address"):
        assert patient[kept] == whole[kept], kept
    assert patient["managingOrganization"] == whole["managingOrganization"]
    for left in ("text", "maritalStatus", "contact", "communication", "generalPractitioner"):
        assert left not in patient, left


@case("summary-true-mandatory", SUMMARY)
def test_a_summary_of_an_observation(world: World) -> None:
    weight = only(world, "Observation?_id={a1c:id}&_summary=true")
    require_subsetted(weight)
    whole = world.seeded["a1c"]
    for kept in ("status", "code", "subject", "effectivePeriod", "valueQuantity"):
        assert weight[kept] == whole[kept], kept
    assert {"interpretation", "category"}.isdisjoint(weight)


@case("summary-text", SUMMARY)
def test_a_summary_of_text(world: World) -> None:
    patient = only(world, "Patient?_id={hanako:id}&_summary=text")
    require_subsetted(patient)
    assert patient["text"] == world.seeded["hanako"]["text"]
    assert {"resourceType", "id", "meta", "text"} <= set(patient)
    # An element that changes the meaning of the rest (active) may stay.
    assert {"name", "identifier", "telecom", "birthDate", "gender", "address"}.isdisjoint(patient)


@case("summary-text-mandatory", SUMMARY)
def test_a_summary_of_text_keeps_what_is_mandatory(world: World) -> None:
    weight = only(world, "Observation?_id={w1:id}&_summary=text")
    require_subsetted(weight)
    assert {"status", "code"} <= set(weight)
    assert "valueQuantity" not in weight


@case("summary-data", SUMMARY)
def test_a_summary_of_data_leaves_the_text_out(world: World) -> None:
    patient = only(world, "Patient?_id={hanako:id}&_summary=data")
    require_subsetted(patient)
    whole = {k: v for k, v in world.seeded["hanako"].items() if k not in ("text", "meta")}
    assert {k: v for k, v in patient.items() if k != "meta"} == whole


@case("summary-false", SUMMARY)
def test_no_summary_is_the_whole(world: World) -> None:
    assert only(world, "Patient?_id={hanako:id}&_summary=false") == world.seeded["hanako"]


@case("no-summary", SUMMARY)
def test_a_match_is_what_a_read_returns(world: World) -> None:
    assert only(world, "Observation?_id={w1:id}") == world.seeded["w1"]


@case("elements", ELEMENTS)
def test_elements_that_were_asked_for(world: World) -> None:
    patient = only(world, "Patient?_id={hanako:id}&_elements=birthDate,gender")
    require_subsetted(patient)
    whole = world.seeded["hanako"]
    assert (patient["birthDate"], patient["gender"]) == (whole["birthDate"], whole["gender"])
    assert {"name", "telecom", "address", "text", "identifier"}.isdisjoint(patient)
    assert patient["id"] == whole["id"]


@case("elements-mandatory", ELEMENTS)
def test_mandatory_elements_come_along(world: World) -> None:
    weight = only(world, "Observation?_id={w1:id}&_elements=subject")
    require_subsetted(weight)
    assert {"resourceType", "id", "meta", "status", "code", "subject"} == set(weight)


@case("elements-choice", ELEMENTS)
def test_a_choice_element_by_its_name(world: World) -> None:
    weight = only(world, "Observation?_id={w1:id}&_elements=value")
    assert weight["valueQuantity"] == world.seeded["w1"]["valueQuantity"]
    assert "effectiveDateTime" not in weight
