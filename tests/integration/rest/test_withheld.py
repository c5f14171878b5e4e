"""A search that lacks what consent withholds says so: "withheld" must not read as "none".

As `$everything` does, by type and never by label; and alike whether there is any or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.store.gate import principal

from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

    from tasuki.shared.access.records import Unit
    from tasuki.shared.access.rulings import Ask

pytestmark = pytest.mark.anyio

REFUSED = Ruling.refuse("no")


class Allergies:
    """Lets a clinician see all of these people but their allergies."""

    feed = None

    def __init__(self, *people: str) -> None:
        self._people = people

    async def rule(self, unit: Unit, ask: Ask) -> Ruling:
        """Return the ruling."""
        assert unit is not None
        withheld = frozenset({"AllergyIntolerance"}) & frozenset(ask.types)
        if ask.owner not in self._people or not withheld:
            return Ruling.permit("all")
        if withheld == frozenset(ask.types):
            return REFUSED
        return Ruling.permit_partly("some", withheld_types=withheld, screen=bool)


async def _person(house: House, number: str, *, allergic: bool = True) -> str:
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:p", "value": number}]}
    patient = await house.create(person)
    if allergic:
        await house.create(
            {
                "resourceType": "AllergyIntolerance",
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": {"text": "penicillin"},
                "patient": {"reference": f"Patient/{patient}"},
            }
        )
    return patient


def _notes(bundle: dict[str, Any]) -> list[str]:
    return [
        one["resource"]["issue"][0]["diagnostics"]
        for one in bundle.get("entry", ())
        if one["search"]["mode"] == "outcome"
    ]


@pytest.mark.parametrize("allergic", [True, False])
@pytest.mark.parametrize(
    "question",
    [
        "Patient/{id}/*",
        "Patient/{id}/*?_count=1",
        "Patient/{id}/*?_summary=count",
        "?_type=Condition,AllergyIntolerance&patient={id}",
        "AllergyIntolerance?patient={id},{other}",
        "AllergyIntolerance?patient.identifier=urn:p|1",
        "Patient?_id={id}&_revinclude=AllergyIntolerance:patient",
        "Patient?identifier=urn:p|1&_revinclude=AllergyIntolerance:patient",
    ],
)
async def test_what_is_withheld_is_named(house: House, question: str, *, allergic: bool) -> None:
    patient = await _person(house, "1", allergic=allergic)
    other = await _person(house, "2")
    path = f"/{question.format(id=patient, other=other)}"
    before = (await house.get(path, token="clinician")).json()
    assert _notes(before) == []
    house.decider.rule = Allergies(patient).rule  # type: ignore[method-assign]
    answer = await house.get(path, token="clinician")
    assert answer.status_code == 200, answer.text
    assert _notes(answer.json()) == ["withheld: AllergyIntolerance"]
    assert answer.json()["total"] <= before["total"]


@pytest.mark.parametrize(
    "question",
    [
        "AllergyIntolerance",
        "AllergyIntolerance?code:text=penicillin",
        "AllergyIntolerance?identifier=urn:p|1",
        "Patient?_id={other}&_revinclude=AllergyIntolerance:patient",
        "AllergyIntolerance?patient={other}",
    ],
)
async def test_nobody_is_named_who_was_not_asked_for(house: House, question: str) -> None:
    patient, other = await _person(house, "1"), await _person(house, "2")
    house.decider.rule = Allergies(patient).rule  # type: ignore[method-assign]
    answer = await house.get(f"/{question.format(other=other)}", token="clinician")
    assert answer.status_code == 200, answer.text
    assert _notes(answer.json()) == []


async def test_who_is_hidden_is_no_note_either(house: House) -> None:
    patient, other = await _person(house, "1"), await _person(house, "2")
    house.decider.rulings[patient] = Ruling.hide("hidden")
    for path in (
        f"/AllergyIntolerance?patient={patient},{other}",
        f"/?_type=Condition,AllergyIntolerance&patient={patient},{other}",
    ):
        assert _notes((await house.get(path, token="clinician")).json()) == []


@pytest.mark.parametrize("value", ["here", "nowhere"])
async def test_who_comes_for_one_person_is_told_whatever_a_chain_finds(
    house: House, value: str
) -> None:
    """Else the note would say whether the chain found something."""
    patient = await _person(house, "1")
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    number = {"identifier": [{"system": "urn:o", "value": "here"}]}
    seen = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    result = await house.create({**seen, **subject, **number})
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "y"}}
    await house.create({**report, **subject, "result": [{"reference": f"Observation/{result}"}]})
    house.decider.rulings[patient] = Ruling.permit_partly(
        "some",
        withheld_types=frozenset({"DiagnosticReport"}),
        screen=lambda one: one["resourceType"] != "DiagnosticReport",
    )
    house.verifier.known["proxy"] = principal(
        Role.PROXY, scopes="patient/*.rs", patient=f"Patient/{patient}"
    )
    asked = f"/DiagnosticReport?result.identifier=urn:o|{value}"
    told = (await house.get(asked, token="proxy")).json()
    assert (told["total"], _notes(told)) == (0, ["withheld: DiagnosticReport"])
