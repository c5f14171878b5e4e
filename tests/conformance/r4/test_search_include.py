"""_include and _revinclude: what comes along, each once, and counts for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Included, case, cases
from tests.conformance.r4.checks import entries, place, require_searchset
from tests.conformance.r4.searching import require_included
from tests.conformance.r4.spec import INCLUDE, PAGING, REVINCLUDE

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

OF_HANAKO = "w1 w2 w3 bp1 bp2 a1c smoke memo pulse panel"

ROWS = [
    Included("include-subject", "Observation?_id={w1:id}&_include=Observation:subject", "w1",
             "hanako", INCLUDE),
    Included("include-patient", "Observation?code=29463-7&_include=Observation:patient",
             "w1 w2 w3 tw jw", "hanako taro jiro", INCLUDE),
    Included("include-target-type",
             "Observation?_id={w1:id},{w3:id}&_include=Observation:performer:Practitioner",
             "w1 w3", "sato", INCLUDE),
    Included("include-all-targets",
             "Observation?_id={w1:id},{w3:id}&_include=Observation:performer", "w1 w3",
             "sato wajima", INCLUDE),
    Included("include-two", "Observation?_id={w1:id}&_include=Observation:encounter"
             "&_include=Observation:patient", "w1", "visit hanako", INCLUDE),
    Included("include-medication", "MedicationRequest?status=active"
             "&_include=MedicationRequest:medication", "rx1 rx3", "amlodipine", INCLUDE),
    Included("include-absent", "MedicationRequest?_id={rx2:id}"
             "&_include=MedicationRequest:encounter&_include=MedicationRequest:requester",
             "rx2", "sato", INCLUDE),
    Included("include-results", "DiagnosticReport?_id={report:id}"
             "&_include=DiagnosticReport:result", "report", "a1c w1", INCLUDE),
    Included("include-is-match", "Observation?_id={panel:id},{w1:id}"
             "&_include=Observation:has-member", "panel w1", "bp1", INCLUDE),
    Included("include-iterate", "Observation?_id={jw:id}&_include=Observation:patient"
             "&_include:iterate=Patient:organization", "jw", "jiro nanao", INCLUDE),
    Included("include-iterate-twice", "Observation?_id={jw:id}&_include=Observation:patient"
             "&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "jw",
             "jiro nanao city", INCLUDE),
    Included("include-partof", "Organization?_id={nanao:id}&_include=Organization:partof",
             "nanao", "city", INCLUDE),
    Included("revinclude-observations", "Patient?_id={hanako:id}"
             "&_revinclude=Observation:subject", "hanako", OF_HANAKO, REVINCLUDE),
    Included("revinclude-patient", "Patient?_id={taro:id},{jiro:id}"
             "&_revinclude=Observation:patient", "taro jiro", "tw jw", REVINCLUDE),
    Included("revinclude-two", "Patient?_id={taro:id}&_revinclude=Condition:patient"
             "&_revinclude=AllergyIntolerance:patient", "taro", "bone soba", REVINCLUDE),
    Included("revinclude-nothing", "Patient?_id={umi:id},{taro:id}"
             "&_revinclude=AllergyIntolerance:patient", "umi taro", "soba", REVINCLUDE),
    Included("revinclude-provenance", "Observation?_id={w1:id},{w2:id}"
             "&_revinclude=Provenance:target", "w1 w2", "origin", REVINCLUDE),
    Included("revinclude-organization", "Organization?_id={nanao:id}"
             "&_revinclude=Patient:organization", "nanao", "jiro", REVINCLUDE),
    Included("revinclude-iterate", "Patient?_id={hanako:id}&_revinclude=DiagnosticReport:patient"
             "&_include:iterate=DiagnosticReport:based-on", "hanako", "report order", REVINCLUDE),
    Included("revinclude-iterate-back", "Organization?_id={nanao:id}"
             "&_revinclude=Patient:organization&_revinclude:iterate=Observation:patient",
             "nanao", "jiro jw", REVINCLUDE),
    Included("include-and-revinclude", "Observation?_id={w1:id}&_include=Observation:encounter"
             "&_revinclude=DiagnosticReport:result", "w1", "visit report", REVINCLUDE),
]  # fmt: skip


@cases(ROWS)
def test_include(world: World, case: Included) -> None:
    require_included(world, case)


@case("include-every-page", PAGING, "Observation.searchInclude:Observation:patient")
def test_every_page_brings_what_its_matches_need(world: World) -> None:
    pages = world.search("Observation?code=29463-7&_include=Observation:patient&_count=2")
    require_searchset(pages, world.client.base)
    assert len(entries(pages, "match")) == 5
    assert len(pages) >= 3
    for page in pages:
        matches, included = entries([page], "match"), entries([page], "include")
        assert len(matches) <= 2, "_count bounds the matches of a page"
        wanted = {entry["resource"]["subject"]["reference"] for entry in matches}
        assert {place(entry) for entry in included} == wanted
