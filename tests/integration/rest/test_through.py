"""A Binary and a Provenance are as secret as what they are about.

https://hl7.org/fhir/R4/binary.html#security: the securityContext's rules are the Binary's.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import exported
from tests.integration.rest.test_untold import NEVER, UNTOLD, Bedside, condition, ward
from tests.store.gate import gate_of

from tasuki.shared.access.rulings import Caller

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

__all__ = ["ward"]

Body = dict[str, Any]


@pytest.fixture
async def beside(ward: House) -> Bedside:
    patient = await ward.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
    await ward.resident(patient)
    return Bedside(ward, patient)


def binary(target: str) -> Body:
    return {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "securityContext": {"reference": target},
        "data": base64.b64encode(UNTOLD.encode()).decode(),
    }


def provenance(target: str) -> Body:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }


async def _about(bedside: Bedside, *tags: str) -> dict[str, str]:
    """Return the ids of a Condition, of what is about it, and of what is about that, by type."""
    house = bedside.house
    made = {"Condition": await house.create(condition(bedside.patient, *tags))}
    target = f"Condition/{made['Condition']}"
    made["Binary"] = await house.create(binary(target))
    made["Provenance"] = await house.create(provenance(target))
    made["Of it"] = await house.create(provenance(f"Binary/{made['Binary']}"))
    return made


def _doors(patient: str, made: dict[str, str]) -> list[str]:
    binary, first, second = made["Binary"], made["Provenance"], made["Of it"]
    return [
        f"/Binary/{binary}",
        f"/Binary/{binary}/_history/1",
        f"/Binary/{binary}/_history",
        f"/Binary/{binary}/$meta",
        f"/Provenance/{first}",
        f"/Provenance/{second}",
        f"/Binary?_id={binary}",
        f"/Provenance?_id={first},{second}",
        f"/Provenance?patient={patient}",
        f"/Provenance?target=Condition/{made['Condition']}",
        f"/Patient?_id={patient}&_revinclude=Provenance:target",
        f"/Patient/{patient}/$everything",
        f"/Patient/{patient}/$everything?_count=1",
        "/_history",
        "/Provenance/_history",
        "/?_type=Binary,Provenance",
        "/$meta",
    ]


async def _seen(bedside: Bedside, made: dict[str, str]) -> list[str]:
    """Return the doors behind which any of it shows."""
    found = []
    for path in _doors(bedside.patient, made):
        answer = await bedside.app(path)
        asked = path.replace("&", "&amp;")
        body = "" if answer.status_code == 404 else answer.text
        for link in ("_id=", "target=Condition/"):
            for id_ in made.values():
                body = body.replace(f"{link}{id_}", "").replace(f"%2C{id_}", "")
        shown = [id_ for id_ in made.values() if id_ in body.replace("%2F", "/")]
        if shown and "target=Condition" not in asked:
            found.append(path)
        if "target=Condition" in asked and answer.json()["total"]:
            found.append(path)
    token = f"resident-{bedside.patient}"
    lines = await exported(bedside.house, "/Patient/$export", token=token)
    found += [line for line in lines if line.partition("/")[2] in made.values()]
    return found


async def test_of_what_was_not_told_nothing_is_seen(beside: Bedside) -> None:
    made = await _about(beside, "UNINFORMED")
    assert await _seen(beside, made) == []
    for path in _doors(beside.patient, made)[:6]:
        id_ = path.split("/")[2]
        never = await beside.app(path.replace(id_, NEVER))
        assert (await beside.app(path)).json() == never.json(), path
    assert (await beside.doctor(f"/Binary/{made['Binary']}")).status_code == 200
    target = f"Condition/{made['Condition']}"
    assert (await beside.doctor(f"/Provenance?target={target}")).json()["total"] == 1


async def test_nor_when_the_tag_comes_later_or_it_is_deleted(beside: Bedside) -> None:
    made = await _about(beside)
    assert len(await _seen(beside, made)) > len(_doors("", made)) - 3
    id_ = made["Condition"]
    await beside.put(id_, condition(beside.patient, "UNINFORMED"))
    assert await _seen(beside, made) == []
    await beside.house.ask("DELETE", f"/Condition/{id_}")
    assert await _seen(beside, made) == []


async def test_of_what_was_told_all_is_seen(beside: Bedside) -> None:
    made = await _about(beside, "LTS")
    for path in _doors(beside.patient, made)[:6]:
        assert (await beside.app(path)).status_code == 200
    await beside.house.ask("DELETE", f"/Condition/{made['Condition']}")
    assert (await beside.app(f"/Binary/{made['Binary']}")).status_code == 200


async def test_who_looked_is_told_without_it(beside: Bedside) -> None:
    house = beside.house
    made, told = await _about(beside, "UNINFORMED"), await _about(beside)
    for id_ in (made["Binary"], told["Binary"]):
        assert (await beside.doctor(f"/Binary/{id_}")).status_code == 200
    hospital = Caller(house.verifier.known["hospital"], request_id="r", address=None)
    async with gate_of(house.world).enter(hospital) as records:
        async with house.world.store.unit() as unit:
            events = [json.loads(one) for one in await unit.audit_events([beside.patient], 100)]
        shown = json.dumps(await records.without_untold(events))
    assert not [id_ for id_ in made.values() if id_ in shown]
    assert [id_ for id_ in told.values() if id_ not in shown] == []
