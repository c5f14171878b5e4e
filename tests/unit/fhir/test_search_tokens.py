"""https://hl7.org/fhir/R4/search.html#token ; DOMAIN A4, A5: a system by its OID and by its URL."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.fhir import twins
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.fhir.search.tokens import Token, token_match

BASE = "https://ehr.example/fhir"
MHLW = "http://jpfhir.jp/fhir/core/mhlw"

# The pairs the domain notes name: what a Japanese record holds under one of its two names.
PAIRS = [
    ("1.2.392.100495.20.2.73", "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"),
    ("1.2.392.100495.20.1.73", "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"),
    ("1.2.392.200119.4.403.1", "http://medis.or.jp/CodeSystem/master-HOT9"),
    ("1.2.392.200119.4.403.2", "http://medis.or.jp/CodeSystem/master-HOT7"),
    ("1.2.392.200119.4.402.1", "http://medis.or.jp/CodeSystem/master-HOT13"),
    ("1.2.392.200250.2.2.20.20", "http://jami.jp/CodeSystem/MedicationUsage"),
    ("1.2.392.200250.2.2.20.22", "http://jami.jp/CodeSystem/MedicationUsageAdditional"),
    ("1.2.392.100495.20.2.101", f"{MHLW}/CodeSystem/MedicationUnitMERIT9Code"),
    ("1.2.392.200119.4.504", "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"),
    ("1.2.392.200119.4.101.2", "http://medis.or.jp/CodeSystem/master-disease-keyNumber"),
    ("1.2.392.200119.4.101.6", "http://medis.or.jp/CodeSystem/master-disease-exCode"),
    ("1.2.392.100495.20.2.81", f"{MHLW}/CodeSystem/MedicationGeneralOrderCode"),
    ("1.2.392.100495.20.3.61", f"{MHLW}/IdSystem/InsurerNumber"),
    ("1.2.392.100495.20.3.81", f"{MHLW}/IdSystem/Medication-RPGroupNumber"),
    ("1.2.392.100495.20.3.82", f"{MHLW}/IdSystem/MedicationAdministrationIndex"),
    ("1.2.392.100495.20.3.31", f"{MHLW}/IdSystem/medicalRegistrationNumber"),
]


def _finds(asked: str, held: str) -> bool:
    drug = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [{"system": held, "code": "x"}]},
        "identifier": [{"system": held, "value": "x"}],
    }
    return all(
        parse_query("MedicationRequest", [(name, value)], strict=True, base=BASE).matches(drug)
        for name in ("code", "identifier")
        for value in (f"{asked}|x", f"{asked}|")
    )


@pytest.mark.parametrize(("oid", "url"), PAIRS)
def test_a_system_is_found_by_either_name(oid: str, url: str) -> None:
    names = (f"urn:oid:{oid}", url)
    assert all(_finds(asked, held) for asked in names for held in names)
    assert not _finds(f"urn:oid:{oid}.1", url)


@pytest.mark.parametrize("oid", sorted(twins._URLS))
def test_every_twin_we_know_is_found_both_ways(oid: str) -> None:
    names = (f"urn:oid:{oid}", twins._URLS[oid])
    assert all(_finds(asked, held) for asked in names for held in names)


def test_a_hospitals_own_ids_are_kept_apart() -> None:
    ids = "urn:oid:1.2.392.100495.20.3.51.1"
    assert not _finds(f"{ids}1310000001", f"{ids}1310000002")


CONTACT = {"system": "phone", "value": "+81 90-1234-5678"}


@pytest.mark.parametrize(
    ("value", "tokens", "expected"),
    [
        (True, [Token(None, "true")], True),
        (True, [Token(None, "false")], False),
        (False, [Token(None, "true"), Token("http://x", "false")], True),
        ("final", [Token("http://x", "final")], True),
        ("final", [Token("http://x", None)], True),
        ("final", [Token(None, "amended")], False),
        ({"system": "http://x", "code": "a"}, [Token("http://x", "b"), Token(None, "a")], True),
        ({"system": "http://x", "code": "a"}, [Token("", "a")], False),
        ({"code": "a"}, [Token("", "a")], True),
        ({"code": "a"}, [Token("http://x", "a")], False),
        ({"system": "http://x"}, [Token("http://x", None)], True),
        ({"system": "http://x", "code": ["a"]}, [Token(None, "a")], False),
        ({"system": ["x"], "value": "1"}, [Token("", "1")], True),
        (CONTACT, [Token(None, "09012345678")], True),
        (CONTACT, [Token("phone", "090-1234-5678")], True),
        (CONTACT, [Token("fax", "090-1234-5678")], False),
        (CONTACT, [Token(None, "a"), Token(None, "b")], False),
        ({"system": "email", "value": "090"}, [Token(None, "0-9-0")], False),
        (None, [Token(None, "a")], False),
        (5, [Token(None, "5")], False),
    ],
)
def test_what_a_token_matches(value: Any, tokens: list[Token], *, expected: bool) -> None:
    assert token_match(tokens)(value) is expected


_SYSTEMS = st.sampled_from(["", "http://x", f"urn:oid:{PAIRS[0][0]}", PAIRS[0][1], "phone"])
_CODES = st.sampled_from(["a", "b", "090-1", "0901", "true"])
_TOKENS = st.builds(Token, st.none() | _SYSTEMS, _CODES) | st.builds(Token, _SYSTEMS, st.none())
_CODINGS = st.fixed_dictionaries({}, optional={"system": _SYSTEMS, "code": _CODES})
_VALUES = (
    _CODINGS
    | st.fixed_dictionaries({"coding": st.lists(_CODINGS, max_size=2)})
    | st.fixed_dictionaries({"system": _SYSTEMS, "value": _CODES})
    | _CODES
    | st.booleans()
)


@given(_VALUES, st.lists(_TOKENS, min_size=1, max_size=4))
def test_many_tokens_at_once_are_each_of_them(value: Any, tokens: list[Token]) -> None:
    assert token_match(tokens)(value) is any(token_match([token])(value) for token in tokens)
