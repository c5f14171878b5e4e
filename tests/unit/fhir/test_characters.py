"""https://hl7.org/fhir/R4/datatypes.html#string ; DOMAIN F2: keep every character."""

from __future__ import annotations

import pytest

from tasuki.shared.fhir.characters import character_faults, private_use_paths


def _patient(family: str) -> dict[str, object]:
    return {"resourceType": "Patient", "name": [{"family": family}]}


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x1b", "\x7f", "\x85", "\uffff", "\x0c"])
def test_a_control_character_is_refused_with_its_place(character: str) -> None:
    (fault,) = character_faults(_patient(f"のと{character}"))
    assert fault.at == ("Patient.name[0].family",)
    assert "のと" not in fault.message


@pytest.mark.parametrize(
    "text", ["a\tb\r\nc", "𠮷", "葛\U000e0100", "\\u0001", "ﾉﾄ", "\ue000", "、"]
)
def test_other_characters_are_accepted(text: str) -> None:
    assert character_faults(_patient(text)) == []


def test_a_control_character_in_a_key_is_found_at_its_object() -> None:
    faults = character_faults({"resourceType": "Patient", "name": [{"a\x01": "b", "c": "\x02"}]})
    assert [fault.at for fault in faults] == [("Patient.name[0]",), ("Patient.name[0].c",)]


@pytest.mark.parametrize("character", ["\ue000", "\uf8ff", "\U000f0000", "\U0010fffd"])
def test_gaiji_are_reported(character: str) -> None:
    assert private_use_paths(_patient(character)) == ["Patient.name[0].family"]


@pytest.mark.parametrize("text", ["髙﨑", "\uf900", "ﾉ", "😀", "𠮷", "\ufffd"])
def test_public_characters_are_not_reported(text: str) -> None:
    assert private_use_paths(_patient(text)) == []
