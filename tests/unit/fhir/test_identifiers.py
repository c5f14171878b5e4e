"""DOMAIN F4: an OID and the URL of one system find each other."""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.fhir.identifiers import canonical_system, identifiers_of

YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"


@pytest.mark.parametrize(
    ("uri", "canonical"),
    [
        ("urn:oid:1.2.392.100495.20.2.73", YJ),
        ("urn:oid:1.2.392.100495.20.1.73", YJ),
        (YJ, YJ),
        ("urn:oid:1.2.392.200119.4.403.1", "http://medis.or.jp/CodeSystem/master-HOT9"),
        ("urn:oid:1.2.392.100495.20.2.74", "http://medis.or.jp/CodeSystem/master-HOT9"),
        ("urn:oid:1.2.392.200119.4.504", "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"),
        ("urn:oid:1.2.392.200250.2.2.20.20", "http://jami.jp/CodeSystem/MedicationUsage"),
        (
            "urn:oid:1.2.392.100495.20.3.23",
            "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicalOrganizationID",
        ),
        ("urn:oid:1.2.392.100495.20.3.51.11310000001",) * 2,  # a hospital's own patient ids
        ("1.2.392.100495.20.2.73",) * 2,  # no URI: not touched
        ("",) * 2,
    ],
)
def test_the_url_is_canonical(uri: str, canonical: str) -> None:
    assert canonical_system(uri) == canonical


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ({}, []),
        ({"identifier": [{"system": "s", "value": "1"}, {"value": "2"}]}, [("s", "1"), ("", "2")]),
        ({"identifier": {"system": "s", "value": "1"}}, [("s", "1")]),
        ({"identifier": [{"system": "s"}, {"system": "s", "value": ""}, None, 5]}, []),
        (
            {
                "identifier": [
                    {"system": "urn:oid:1.2.392.100495.20.2.73", "value": "1"},
                    {"system": YJ, "value": "1"},
                ]
            },
            [(YJ, "1")],
        ),
        ({"masterIdentifier": {"system": "s", "value": "1"}}, [("s", "1")]),
        ({"accessionIdentifier": {"system": "s", "value": "1"}}, [("s", "1")]),
    ],
)
def test_identifiers_of(resource: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert identifiers_of(resource) == found
