"""Published resources: which are sound R4, and that none loses a digit on its way.

https://hl7.org/fhir/R4/validation.html ; promise P5.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.corpus import DATA, FILES, content_of, lexemes, name_of, resources_of

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.characters import character_faults
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource

_ITEMS = re.compile(r"(?:\.item\[\d+\])+")  # of a Questionnaire, which has hundreds
VERDICTS = Path(__file__).parents[2] / "vectors" / "fhir" / "broken.csv"

# By file: the entry of the Bundle (None for the resource itself), and where it breaks R4.
UNCLOSED = "text.div is cut off: a div is never closed"
UNSOUND: dict[str, dict[tuple[int | None, str], str]] = {
    "bundle-questionnaire": {(None, "Questionnaire.item.linkId"): "items lack their linkId, 1..1"},
    "HK_IPS_Sample1": {
        (1, "Patient.text.div"): UNCLOSED,
        (2, "Organization.text.div"): UNCLOSED,
    },
    "HK_IPS_Sample_with_medication": {
        (1, "Patient.text.div"): UNCLOSED,
        (2, "Organization.text.div"): UNCLOSED,
        (6, "MedicationStatement.dosage[0].timing.repeat.periodUnit"): "week is no code of UCUM",
        (6, "MedicationStatement.dosage[0].doseAndRate[0].rate"): "rate[x] has no such type",
    },
    "US_MEDITECH_ips_1": {
        (0, "Composition.section[4].text.div"): "text.div holds an unescaped &",
    },
}


def _cases() -> list[dict[str, str]]:
    with VERDICTS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _faults(resource: Resource) -> list[Fault]:
    return [*character_faults(resource), *validate(resource)]


def test_the_published_resources_are_there() -> None:
    assert len(FILES) == 215
    assert UNSOUND.keys() <= {name_of(path) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_published_resource_is_sound_or_breaks_r4_where_it_is_known_to(path: Path) -> None:
    whole = parse_resource(content_of(path))
    found = {
        (index, _ITEMS.sub(".item", place))
        for index, resource in resources_of(whole)
        for fault in _faults(resource)
        for place in fault.at
    }
    assert found == UNSOUND.get(name_of(path), {}).keys()
    assert (_faults(whole) == []) is (not found)  # a Bundle is as sound as what is in it


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_published_resource_comes_out_lexeme_by_lexeme(path: Path) -> None:
    data = content_of(path)
    once = render(parse_resource(data))
    assert lexemes(once) == lexemes(data)
    assert render(parse_resource(once)) == once


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["case"])
def test_a_broken_resource_is_refused_in_its_place(case: dict[str, str]) -> None:
    """The cases of a validator for Japan; where R4 alone finds nothing, the reason stands beside."""
    (path,) = DATA.glob(f"fhir/jp-validator-*/{case['case']}.ndjson")
    (line,) = path.read_bytes().splitlines()
    faults = validate(parse_resource(line))
    assert sorted(place for fault in faults for place in fault.at) == case["places"].split()
    assert all(fault.category is Category.STRUCTURE for fault in faults)
    assert bool(faults) is not bool(case["why_not"])


def test_every_broken_resource_has_a_verdict() -> None:
    files = {path.stem for path in DATA.glob("fhir/jp-validator-*/*.ndjson")}
    assert {case["case"] for case in _cases()} == files
    assert len(files) == 77
