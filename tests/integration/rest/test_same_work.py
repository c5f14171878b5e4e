"""What is hidden and what is not there ask the database the same: time tells neither from the other.

Counted, not timed: a clock on a shared machine would prove nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest
from tests.integration.rest.exporting import condition

from tasuki.shared.access import finding
from tasuki.shared.access.rulings import Ruling
from tasuki.shared.store import hot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

# What the stamper asks, whenever it likes.
_STAMPER = ("audit_tree", "audit_checkpoint", "SET seq", "seq IS NULL", "pg_try_advisory")


class Everybody(dict[str, Ruling]):
    """One ruling, whoever it is about."""

    def __init__(self, ruling: Ruling) -> None:
        self._ruling = ruling

    def get(self, *_: Any) -> Ruling:
        return self._ruling


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of everybody but the stamper, without their values."""
    said: list[str] = []

    def note(sql: str) -> None:
        if not any(word in sql for word in _STAMPER):
            said.append(sql)

    rows, run, execute = hot.Hot.rows, hot.Hot.run, hot.Line.execute

    async def noted_rows(self: hot.Hot, line: hot.Line, values: Mapping[str, object]) -> Any:
        note(self._sql)
        return await rows(self, line, values)

    async def noted_run(self: hot.Hot, line: hot.Line, many: Any) -> None:
        note(self._sql)
        await run(self, line, many)

    async def noted_execute(self: hot.Line, statement: Any, values: Any = None) -> Any:
        note(str(statement))
        return await execute(self, statement, values)

    monkeypatch.setattr(hot.Hot, "rows", noted_rows)
    monkeypatch.setattr(hot.Hot, "run", noted_run)
    monkeypatch.setattr(hot.Line, "execute", noted_execute)
    return said


async def _one(house: House) -> tuple[str, str]:
    card = [{"system": "urn:x", "value": "A-1"}]
    named = [{"text": "能登 花子"}]
    patient = await house.create({"resourceType": "Patient", "identifier": card, "name": named})
    return patient, await house.create(condition(patient, "うつ病"))


@pytest.mark.parametrize(
    "door",
    [
        "/Condition/{c}",
        "/Condition/{c}/_history",
        "/Condition/{c}/_history/1",
        "/Condition/{c}/$meta",
        "/Condition?_id={c}",
        "/Condition?_id={c}&_total=accurate&_summary=count",
        "/Condition?patient={p}",
        "/Condition?patient={p}&_include=Condition:patient",
        "/Condition?patient.name=能登&_id={c}",
        "/Patient?identifier=urn:x|{n}",
        "/Patient?identifier=urn:x|{n}&_has:Condition:patient:code:text=うつ",
        "/Patient?identifier=urn:x|{n}&_revinclude=Condition:patient",
        "/Condition?patient.identifier=urn:x|{n}",
        "/Condition?patient:identifier=urn:x|{n}",
        "/Patient/{p}",
        "/Patient/{p}/_history",
        "/Patient/{p}/$everything",
        "/Patient/{p}/Condition",
        "/Patient?_id={p}&_has:Condition:patient:code:text=うつ",
        "/Patient?_id={p}&_revinclude=Condition:patient",
    ],
)
async def test_a_hidden_person_costs_what_nobody_costs(
    house: House, asked: list[str], door: str
) -> None:
    patient, sick = await _one(house)
    house.decider.rulings = Everybody(Ruling.hide("not-theirs"))
    work = []
    for p, c, n in ((patient, sick, "A-1"), ("nobody", "nothing", "A-2")):
        asked.clear()
        answer = await house.get(door.format(p=p, c=c, n=n), token="clinician")
        work.append((answer.status_code, sorted(asked)))
    assert work[0] == work[1]
    assert work[0][1], "the database was asked"


@pytest.mark.parametrize(
    "door",
    [
        "/Patient?name={name}&birthdate=1938-04-05",
        "/Patient?name={name}&birthdate=1938-04-05&_has:Condition:patient:code:text=うつ",
        "/Condition?patient.name={name}&patient.birthdate=1938-04-05",
        "/Condition?code:text=うつ&patient.name={name}&patient.birthdate=1938-04-05",
    ],
)
@pytest.mark.parametrize("names", [("ノトハナコ", "ノトハナエ"), ("ノト ハナコ", "ノト ハナエ")])
@pytest.mark.parametrize("of_one", [False, True])
async def test_among_more_people_than_are_looked_through_a_hidden_name_is_no_name(
    house: House,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    door: str,
    names: tuple[str, str],
    of_one: bool,
) -> None:
    """Of a name in one part a scan is refused; whether it is must not tell who is here."""
    monkeypatch.setattr(finding, "SCAN_LIMIT", 3)
    for name in ("ノト ハナコ", *(f"ナナオ タロウ{n}" for n in range(4))):
        person = {"resourceType": "Patient", "name": [{"text": name}], "birthDate": "1938-04-05"}
        id_ = await house.create(person)
        await house.create(condition(id_, "うつ病"))
        if name == "ノト ハナコ" and of_one:
            house.decider.rulings[id_] = Ruling.hide("not-theirs")
    if not of_one:
        house.decider.rulings = Everybody(Ruling.hide("not-theirs"))
    work = []
    for name in names:
        asked.clear()
        answer = await house.get(door.format(name=name), token="clinician")
        work.append(
            (
                answer.status_code,
                answer.text.replace(name, "").replace(quote_plus(name), ""),
                sorted(asked),
            )
        )
    assert work[0] == work[1]


@pytest.mark.parametrize("door", ["/Condition/{c}", "/Condition/{c}/$meta", "/Condition?_id={c}"])
async def test_what_a_label_hides_costs_what_is_not_there_costs(
    house: House, asked: list[str], door: str
) -> None:
    _, sick = await _one(house)
    house.decider.rulings = Everybody(
        Ruling.permit_partly("p", withheld_types=frozenset(), screen=lambda _: False)
    )
    work = []
    for c in (sick, "nothing"):
        asked.clear()
        answer = await house.get(door.format(c=c), token="clinician")
        work.append((answer.status_code, sorted(asked)))
    assert work[0] == work[1]
