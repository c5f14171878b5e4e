"""No My Number comes in: refused by what it says it is, or by what it looks like.

Number Use Act, articles 19 and 20; the check digit: Order of the Ministry of Internal Affairs and
Communications No. 85 of 2014, article 5
"""

from __future__ import annotations

from typing import Any

import pytest

from tasuki.shared.fhir.my_number import MyNumberFault, my_number_faults, without_my_numbers
from tasuki.shared.text import looks_like_my_number

VALID = "123456789018"  # a check digit that fits, and nobody's number
HOSPITAL = "urn:oid:1.2.392.100495.20.3.51.11311234567"


def patient(**identifier: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [identifier]}


REFUSED: list[dict[str, Any]] = [
    {"system": "https://example.jp/fhir/my-number", "value": "1"},
    {"system": "urn:mynumber", "value": VALID},
    {"system": HOSPITAL, "type": {"text": "個人番号"}, "value": VALID},
    {"system": HOSPITAL, "type": {"text": "ﾏｲﾅﾝﾊﾞｰ"}, "value": VALID},
    {"type": {"coding": [{"display": "マイナンバー"}]}, "value": "9"},
    {"value": VALID},
    {"value": "1234 5678 9018"},
    {"value": "".join(chr(ord(digit) + 0xFEE0) for digit in VALID)},  # full width
]
KEPT: list[dict[str, Any]] = [
    {"system": HOSPITAL, "value": VALID},
    {"value": "123456789012"},
    {"value": f"9{VALID}"},
    {"system": HOSPITAL, "type": {"text": "診察券番号"}, "value": "12345"},
    {"type": {"text": "個人番号"}},
    {"value": 123456789018},
]


def test_the_number_of_these_tests_passes_the_check() -> None:
    assert looks_like_my_number(VALID)


@pytest.mark.parametrize("identifier", REFUSED, ids=str)
def test_a_my_number_is_refused_with_its_place_and_without_its_value(
    identifier: dict[str, Any],
) -> None:
    (fault,) = my_number_faults(patient(**identifier))
    assert isinstance(fault, MyNumberFault)
    assert fault.at == ("Patient.identifier[0]",)
    assert "must not be kept" in fault.message
    assert identifier["value"] not in fault.message or identifier["value"] in "19"


@pytest.mark.parametrize("identifier", KEPT, ids=str)
def test_another_system_s_number_is_no_my_number(identifier: dict[str, Any]) -> None:
    assert my_number_faults(patient(**identifier)) == []


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (
            {"resourceType": "Observation", "subject": {"identifier": {"value": VALID}}},
            "Observation.subject.identifier",
        ),
        (
            {"resourceType": "Consent", "contained": [patient(value=VALID)]},
            "Consent.contained[0].identifier[0]",
        ),
        (
            {"resourceType": "Bundle", "entry": [{"resource": patient(value=VALID)}]},
            "Bundle.entry[0].resource.identifier[0]",
        ),
        (
            {"resourceType": "Patient", "extension": [{"valueIdentifier": {"value": VALID}}]},
            "Patient.extension[0].valueIdentifier",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_found_wherever_it_hides(resource: dict[str, Any], place: str) -> None:
    assert [fault.at for fault in my_number_faults(resource)] == [(place,)]


def test_what_is_put_aside_says_that_it_was_taken_out() -> None:
    held = patient(value=VALID, use="official")
    kept = without_my_numbers(held)
    assert VALID.encode() not in kept
    assert b"removed: a My Number is not kept" in kept
    assert b"official" in kept
