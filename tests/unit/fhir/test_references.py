"""https://hl7.org/fhir/R4/references.html"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tasuki.shared.fhir.json import parse
from tasuki.shared.fhir.references import Reference, parse_reference, rewritten, walk_references

if TYPE_CHECKING:
    from pathlib import Path

UUID = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Patient/p1", Reference("Patient", "p1")),
        ("Patient/p1/_history/3", Reference("Patient", "p1", "3")),
        (
            "http://a.example/fhir/Patient/p1",
            Reference("Patient", "p1", None, "http://a.example/fhir"),
        ),
        ("https://a/Patient/p1/_history/2", Reference("Patient", "p1", "2", "https://a")),
        (UUID, Reference(None, None, urn=UUID)),
        ("urn:oid:1.2.3", Reference(None, None, urn="urn:oid:1.2.3")),
        ("#inside", None),
        ("Patient", None),
        ("patient/p1", None),
        ("Patient/p 1", None),
        ("Patient/p1?x=1", None),
        ("../Patient/p1", None),
        ("/Patient/p1", None),
        ("javascript:Patient/p1", None),
        ("ftp://a/Patient/p1", None),
        ("Patient/" + "a" * 65, None),
        ("", None),
    ],
)
def test_reading_a_reference(text: str, parsed: Reference | None) -> None:
    assert parse_reference(text) == parsed
    if parsed is not None:
        assert str(parsed) == text


@pytest.mark.parametrize(
    ("base", "relative"),
    [
        ("http://a.example/fhir", "Patient/p1"),
        ("http://a.example/fhir/", "Patient/p1"),
        ("http://a.example/fhi", "http://a.example/fhir/Patient/p1"),
        ("http://a.example", "http://a.example/fhir/Patient/p1"),
    ],
)
def test_only_the_very_base_is_taken_off(base: str, relative: str) -> None:
    reference = parse_reference("http://a.example/fhir/Patient/p1")
    assert reference is not None
    assert str(reference.within(base)) == relative


RESOURCE = {
    "resourceType": "Composition",
    "extension": [{"url": "http://e", "valueReference": {"reference": "Device/d"}}],
    "contained": [{"resourceType": "List", "subject": {"reference": "Patient/a"}}],
    "subject": {"reference": "Patient/a"},
    "author": [{"reference": "#inside"}, {"display": "nobody"}, {"reference": "Practitioner/b"}],
    "section": [{"entry": [{"reference": "Observation/c"}]}],
    "custom": {"reference": {"reference": "Patient/z"}},
    "attachment": {"url": "Patient/a"},
}


def test_walking_finds_every_reference_with_its_path() -> None:
    assert [(path, holder["reference"]) for path, holder in walk_references(RESOURCE)] == [
        ("Composition.extension[0].valueReference", "Device/d"),
        ("Composition.contained[0].subject", "Patient/a"),
        ("Composition.subject", "Patient/a"),
        ("Composition.author[2]", "Practitioner/b"),
        ("Composition.section[0].entry[0]", "Observation/c"),
        ("Composition.custom.reference", "Patient/z"),
    ]


def test_rewriting_changes_references_only_and_shares_the_rest() -> None:
    before = copy.deepcopy(RESOURCE)
    after = rewritten(RESOURCE, {"Patient/a": "Patient/new"}.get)
    assert before == RESOURCE
    assert [holder["reference"] for _, holder in walk_references(after)] == [
        "Device/d",
        "Patient/new",
        "Patient/new",
        "Practitioner/b",
        "Observation/c",
        "Patient/z",
    ]
    assert after["attachment"] == {"url": "Patient/a"}
    assert after["section"] is RESOURCE["section"]
    assert list(after) == list(RESOURCE)


def test_rewriting_nothing_returns_the_same_resource(example: Path) -> None:
    resource = parse(example.read_bytes())
    assert rewritten(resource, lambda _: None) is resource
    assert rewritten(resource, lambda text: text) == resource
