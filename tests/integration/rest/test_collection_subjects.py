"""Whom a sent set is about: by number, to exactly one Patient, never by name and never guessed.

https://jpfhir.jp/fhir/clins/igv1/ (logical reference by the insured person's identifier)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.sets import (
    CHART,
    INSTITUTION,
    INSURANCE,
    MEMBER,
    Body,
    allergy,
    bundle,
    patient,
    send,
    sent,
    texts,
)

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

WIDE = "00012345:あいう:\uff11\uff18\uff17:5"  # the same as MEMBER
OTHER = "00012345:あいう:187:01"
PUBLIC = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID"


def named_by(value: str, system: str = INSURANCE) -> Body:
    """Return an allergy whose Patient is named by an identifier alone."""
    return allergy("a1", patient={"identifier": {"system": system, "value": value}})


def insured(value: str, **more: Any) -> Body:
    """Return a Patient as another way brings one."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": INSURANCE, "value": value}],
        "birthDate": "1938-04-05",
        **more,
    }


async def people(house: House) -> list[Body]:
    found = (await house.get("/Patient")).json().get("entry", [])
    return [entry["resource"] for entry in found]


@pytest.mark.parametrize("value", [MEMBER, WIDE, "00012345：あいう：187：05"])
async def test_the_insured_person_of_the_bundle_is_its_patient(house: House, value: str) -> None:
    assert await sent(house, bundle(named_by(value))) == (1, 0, 0, 0)
    (one,) = await people(house)
    (entry,) = (await house.get(f"/AllergyIntolerance?patient={one['id']}")).json()["entry"]
    held = entry["resource"]["patient"]
    assert held == {
        "reference": f"Patient/{one['id']}",
        "identifier": {"system": INSURANCE, "value": value},
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (OTHER, "has another branch number than the Bundle's Patient"),
        ("00012345:あいう:187:", "lacks the branch number"),
        ("00099999:あいう:187:05", "is carried by no Patient here"),
    ],
)
async def test_another_insured_person_is_refused_with_words(
    house: House, value: str, words: str
) -> None:
    # Somebody of the same household is here; equal but for the branch is not the same person.
    await house.create(insured(OTHER))
    answer = await send(house, bundle(named_by(value)))
    assert answer.status_code == 422
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == ["Bundle.entry[1].resource.patient.identifier"]
    assert words in issue["diagnostics"]
    assert "187" not in answer.text
    assert len(await people(house)) == 1


async def test_somebody_else_s_number_is_refused(house: House) -> None:
    stranger = "00099999:あいう:187:05"
    await house.create(insured(stranger))
    answer = await send(house, bundle(named_by(stranger)))
    assert answer.status_code == 422
    assert "names another person than the Bundle's Patient" in answer.text
    await house.create(insured(stranger))
    assert (
        "is carried by several Patients here"
        in (await send(house, bundle(named_by(stranger)))).text
    )


async def test_a_further_number_of_the_same_patient_is_looked_up(house: House) -> None:
    further = "00099999:あいう:187:05"
    both = [{"system": CHART, "value": "c1"}, {"system": INSURANCE, "value": further}]
    id_ = await house.create(insured(further, identifier=both))
    assert await sent(house, bundle(named_by(further))) == (1, 0, 0, 0)
    assert [one["id"] for one in await people(house)] == [id_]


async def test_a_reference_and_an_identifier_must_agree(house: House) -> None:
    made = bundle(allergy("a1"))
    held = made["entry"][1]["resource"]["patient"]
    held["identifier"] = {"system": INSURANCE, "value": OTHER}
    assert (await send(house, made)).status_code == 422


async def test_the_insured_person_alone_is_found_by_number_and_birth(house: House) -> None:
    id_ = await house.create(insured(WIDE))
    assert await sent(house, bundle(allergy("a1"), about=patient(""))) == (1, 0, 0, 0)
    assert [one["id"] for one in await people(house)] == [id_]


async def test_an_insured_person_who_is_here_twice_is_not_guessed(house: House) -> None:
    await house.create(insured(MEMBER))
    await house.create(insured(MEMBER))
    answer = await send(house, bundle(allergy("a1"), about=patient("")))
    assert answer.status_code == 409
    assert "several Patients here carry this identifier" in answer.text
    assert await texts(house) == []


async def test_the_same_number_with_another_birth_is_another_person(house: House) -> None:
    await house.create(insured(MEMBER, birthDate="1990-01-01"))
    await sent(house, bundle(allergy("a1"), about=patient("")))
    assert len(await people(house)) == 2


async def test_a_chart_number_with_another_birth_is_refused(house: House) -> None:
    own = [{"system": CHART, "value": "c1"}]
    await house.create(insured(MEMBER, identifier=own, birthDate="1990-01-01"))
    answer = await send(house, bundle(allergy("a1")))
    assert answer.status_code == 409
    assert "another birth date" in answer.text


async def test_the_same_name_and_birth_merge_nobody(house: House) -> None:
    nameless = patient("")
    del nameless["identifier"]
    await house.create(nameless)
    await sent(house, bundle(allergy("a1")))
    assert len(await people(house)) == 2


async def test_a_household_s_number_alone_names_nobody(house: House) -> None:
    answer = await send(house, bundle(allergy("a1"), about=patient("", "00012345:あいう:187:")))
    assert answer.status_code == 422
    assert "it stands for a household" in answer.text


async def test_two_branches_of_one_household_are_two_people(house: House) -> None:
    await sent(house, bundle(allergy("a1"), about=patient("")))
    second = f"{INSTITUTION}^2025^set-2"
    await sent(house, bundle(allergy("a1"), about=patient("", OTHER), identifier=second))
    assert len(await people(house)) == 2


async def test_whoever_is_on_public_assistance_is_found_again(house: House) -> None:
    about = patient("")
    about["identifier"] = [{"system": PUBLIC, "value": "12345678::1234567:"}]
    assert await sent(house, bundle(allergy("a1"), about=about)) == (1, 0, 0, 0)
    assert await sent(house, bundle(allergy("a1"), about=about)) == (0, 0, 1, 0)
    assert len(await people(house)) == 1
