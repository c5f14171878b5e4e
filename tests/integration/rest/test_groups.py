"""A Group is nobody's own and about all its members: who may not see one of them sees nothing of it.

https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import (
    ASYNC,
    PATIENT,
    condition,
    exported,
    leaves,
    refused,
)

from tasuki.shared.access import base
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

Body = dict[str, Any]
NEVER = "00000000-0000-4000-8000-000000000000"


def group(*members: str, **more: Any) -> Body:
    entities = [{"entity": {"reference": f"Patient/{one}"}} for one in members]
    return {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "identifier": [{"system": "urn:x-cohort", "value": "dialysis"}],
        **({"member": entities} if entities else {}),
        **more,
    }


async def _people(house: House, count: int = 2) -> list[str]:
    return [await house.create(PATIENT) for _ in range(count)]


def _doors(group: str, provenance: str, member: str) -> list[str]:
    return [
        f"/Group/{group}",
        f"/Group/{group}/_history/1",
        f"/Group/{group}/_history",
        f"/Group/{group}/$meta",
        f"/Provenance/{provenance}",
        f"/Group?_id={group}",
        "/Group?identifier=urn:x-cohort|dialysis",
        "/Group?type=person",
        "/Group?type=person&_summary=count",
        "/Group?type=person&_count=1",
        f"/Group?member=Patient/{member}",
        "/Group?member:Patient.name=ノト",
        "/Group?_has:Provenance:target:_id=" + provenance,
        f"/Patient?_id={member}&_has:Group:member:type=person",
        f"/Patient?_id={member}&_revinclude=Group:member",
        f"/Provenance?_id={provenance}&_include=Provenance:target",
        f"/Provenance?target=Group/{group}",
        "/?_type=Group,Provenance",
        "/Group/_history",
        "/_history",
        "/$meta",
    ]


async def _shown(house: House, ids: dict[str, str], member: str, token: str) -> list[str]:
    """Return the doors behind which any of it shows."""
    found = []
    for path in _doors(ids["Group"], ids["Provenance"], member):
        answer = await house.get(path, token=token)
        told = answer.json()
        entries = told.get("entry", []) if answer.status_code == 200 else []
        names = {entry.get("fullUrl", "").rpartition("/")[2] for entry in entries}
        alone = answer.status_code == 200 and told["resourceType"] != "Bundle"
        tagged = "cohort-tag" in answer.text
        counted = "_summary=count" in path and told.get("total", 0) > 0
        by_group = "_has:Group" in path and told.get("total", 0) > 0
        whole = alone and told["resourceType"] != "Parameters"
        if names & set(ids.values()) or tagged or counted or by_group or whole:
            found.append(path)
    lines = await exported(house, token=token)
    return found + [line for line in lines if line.partition("/")[2] in ids.values()]


async def _made(house: House, *members: str) -> dict[str, str]:
    """Return the ids of a Group and of a Provenance about it."""
    tag = {"meta": {"tag": [{"system": "urn:x", "code": "cohort-tag"}]}}
    made = {"Group": await house.create(group(*members, **tag))}
    made["Provenance"] = await house.create(
        {
            "resourceType": "Provenance",
            "target": [{"reference": f"Group/{made['Group']}"}],
            "recorded": "2026-01-01T00:00:00Z",
            "agent": [{"who": {"display": "x"}}],
        }
    )
    return made


async def test_who_may_see_every_member_sees_it_behind_every_door(house: House) -> None:
    one, other = await _people(house)
    made = await _made(house, one, other)
    doors = _doors(made["Group"], made["Provenance"], one)
    seen = await _shown(house, made, one, "clinician")
    assert [path for path in doors if path not in seen] == []
    assert seen[len(doors) :] == [f"Group/{made['Group']}", f"Provenance/{made['Provenance']}"]


@pytest.mark.parametrize(
    "ruling",
    [
        Ruling.refuse("Consent/c1"),
        Ruling.hide("role"),
        Ruling.permit_partly("x", withheld_types=frozenset({"Group"}), screen=lambda _: True),
        Ruling.permit_partly(
            "x",
            withheld_types=frozenset(),
            screen=lambda one: "cohort-tag" not in json.dumps(one.get("meta")),
        ),
    ],
    ids=["refused", "hidden", "withheld", "screened"],
)
async def test_who_may_not_see_one_member_sees_nothing_of_it(house: House, ruling: Ruling) -> None:
    one, other = await _people(house)
    made = await _made(house, one, other)
    house.decider.rulings[other] = ruling
    assert await _shown(house, made, one, "clinician") == []
    absent = await house.get(f"/Group/{NEVER}", token="clinician")
    hidden = await house.get(f"/Group/{made['Group']}", token="clinician")
    assert (hidden.status_code, hidden.json()) == (404, absent.json())
    for method, body in (("PUT", {**group(one), "id": made["Group"]}), ("DELETE", None)):
        more = {} if body is None else {"json": body}
        answer = await house.ask(method, f"/Group/{made['Group']}", token="clinician", **more)
        assert answer.status_code == 404
    assert (await house.get(f"/Group/{made['Group']}", token="clinician")).status_code == 404
    house.decider.rulings.clear()
    assert (await house.get(f"/Group/{made['Group']}", token="clinician")).status_code == 200


async def test_a_member_who_came_and_went_still_counts_for_the_versions_with_them(
    house: House,
) -> None:
    one, other = await _people(house)
    id_ = await house.create(group(one, other))
    answer = await house.ask("PUT", f"/Group/{id_}", json={**group(one), "id": id_})
    assert answer.status_code == 200
    house.decider.rulings[other] = Ruling.refuse("Consent/c1")
    assert (await house.get(f"/Group/{id_}", token="clinician")).status_code == 200
    assert (await house.get(f"/Group/{id_}/_history/1", token="clinician")).status_code == 404
    assert (await house.get(f"/Group/{id_}/_history", token="clinician")).status_code == 404


async def test_a_resident_sees_a_group_of_their_own_only(house: House) -> None:
    one, other = await _people(house)
    mine, ours = await house.create(group(one)), await house.create(group(one, other))
    token = await house.resident(one)
    assert (await house.get(f"/Group/{mine}", token=token)).status_code == 200
    assert (await house.get(f"/Group/{ours}", token=token)).status_code == 404


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/Group/{id}", "read"),
        ("/Group?type=person", "search"),
        ("/Group?type=person&_summary=count", "search"),
        ("/Group/{id}/_history", "history"),
    ],
)
async def test_every_member_gets_a_leaf(house: House, path: str, action: str) -> None:
    people = await _people(house, 3)
    id_ = await house.create(group(*people))
    for person in people:
        assert "create" in json.dumps((await leaves(house, person))[0])
        assert f"Group/{id_}" in json.dumps((await leaves(house, person))[0])
    answer = await house.get(path.format(id=id_), token="clinician")
    assert answer.status_code == 200
    for person in people:
        newest = json.dumps((await leaves(house, person))[0])
        assert f'"{action}"' in newest
        assert all(other not in newest for other in people if other != person)


async def test_a_member_asked_for_who_is_in_none_is_told_of(house: House) -> None:
    one, other = await _people(house)
    await house.create(group(one))
    answer = await house.get(f"/Group?member=Patient/{other}", token="clinician")
    assert answer.json()["total"] == 0
    assert "no-match" in json.dumps((await leaves(house, other))[0])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"member": [{"entity": {"reference": f"Patient/{NEVER}"}}]}, ""),
        ({"member": [{"entity": {"display": "能登 花子"}}]}, "Group.member[0].entity"),
        ({"member": [{"entity": {"identifier": {"value": "1"}}}]}, "Group.member[0].entity"),
        (
            {"member": [{"entity": {"reference": "https://x.example/Patient/1"}}]},
            "Group.member[0].entity",
        ),
        ({"member": [{"entity": {"reference": f"Group/{NEVER}"}}]}, "Group.member[0].entity"),
        ({"member": [{"entity": {"reference": f"Device/{NEVER}"}}]}, "Group.member[0].entity"),
        (
            {"managingEntity": {"reference": f"RelatedPerson/{NEVER}"}},
            "Group.managingEntity",
        ),
        (
            {"contained": [{"resourceType": "Patient", "id": "p", "name": [{"text": "能登"}]}]},
            "Group.contained[0]",
        ),
    ],
)
async def test_whom_a_group_names_must_be_plain(house: House, change: Body, place: str) -> None:
    answer = await house.post("/Group", json={**group(), **change})
    assert answer.status_code == 422, answer.text
    assert "能登" not in answer.text
    (issue,) = answer.json()["issue"]
    assert issue.get("expression", [""]) == [place]


async def test_only_of_people_whom_one_may_write_about(house: House) -> None:
    one, other = await _people(house)
    house.decider.rulings[other] = Ruling.refuse("role-may-not-write")
    assert (await house.post("/Group", json=group(one, other))).status_code == 403
    house.decider.rulings[other] = Ruling.hide("other")
    assert (await house.post("/Group", json=group(one, other))).status_code == 404


async def test_a_group_comes_with_its_people_in_a_transaction(house: House) -> None:
    urn = "urn:uuid:11111111-1111-4111-8111-111111111111"
    entries = [
        {"fullUrl": urn, "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        {
            "resource": group(member=[{"entity": {"reference": urn}}]),
            "request": {"method": "POST", "url": "Group"},
        },
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await house.post("/", json=bundle)
    assert answer.status_code == 200, answer.text
    found = (await house.get("/Group?type=person")).json()["entry"][0]["resource"]
    patient = found["member"][0]["entity"]["reference"]
    assert (await house.get(f"/{patient}")).status_code == 200


async def test_a_load_takes_groups_of_people_who_are_there(house: House) -> None:
    lines = [
        {**PATIENT, "id": "1"},
        {**group("1"), "id": "g1"},
        {**group("1", "2"), "id": "g2"},
    ]
    answer = await house.post(
        "/$load?source=h1",
        raw=b"\n".join(json.dumps(line).encode() for line in lines),
        headers={"Content-Type": "application/fhir+ndjson"},
    )
    told = {p["name"]: p.get("valueInteger") for p in answer.json()["parameter"]}
    assert (told["created"], told["quarantined"]) == (2, 1)
    (found,) = (await house.get("/Group?type=person")).json()["entry"]
    person = found["resource"]["member"][0]["entity"]["reference"].partition("/")[2]
    events = [json.dumps(one) for one in await leaves(house, person)]
    assert any("Group/" in one for one in events)


async def test_its_export_is_of_the_members_whom_one_may_see(house: House) -> None:
    one, other, third, outside = await _people(house, 4)
    records = {
        person: await house.create(condition(person)) for person in (one, other, third, outside)
    }
    away = {"entity": {"reference": f"Patient/{third}"}, "inactive": True}
    members = [*group(one, other)["member"], away]
    id_ = await house.create(group(member=members))
    path = f"/Group/{id_}/$export"
    assert await exported(house, path, token="clinician") == sorted(
        [
            *(f"Patient/{person}" for person in (one, other)),
            *(f"Condition/{records[person]}" for person in (one, other)),
        ]
    )
    assert await exported(house, f"{path}?_type=Condition", token="clinician") == sorted(
        f"Condition/{records[person]}" for person in (one, other)
    )
    house.decider.rulings[other] = Ruling.refuse("Consent/c1")
    assert await exported(house, path, token="clinician") == sorted(
        [f"Patient/{one}", f"Condition/{records[one]}"]
    )
    house.decider.rulings[one] = Ruling.hide("other")
    hidden = await house.get(path, headers=ASYNC, token="clinician")
    absent = await house.get(f"/Group/{NEVER}/$export", headers=ASYNC, token="clinician")
    assert (hidden.status_code, hidden.json()) == (404, absent.json())


@pytest.mark.parametrize(
    "ruling",
    [
        Ruling.permit_partly("x", withheld_types=frozenset({"Group"}), screen=lambda _: True),
        Ruling.permit_partly(
            "x",
            withheld_types=frozenset(),
            screen=lambda one: "cohort-tag" not in json.dumps(one.get("meta")),
        ),
    ],
    ids=["withheld", "screened"],
)
async def test_an_export_tells_of_nobody_that_they_are_in_it_to_who_may_not_know(
    house: House, ruling: Ruling
) -> None:
    """Their records came out, and so that they belong to a cohort whose label hid it from the caller."""
    one, other = await _people(house)
    records = {person: await house.create(condition(person)) for person in (one, other)}
    made = await _made(house, one, other)
    path = f"/Group/{made['Group']}/$export?_type=Condition"
    house.decider.rulings[other] = ruling
    assert await exported(house, path, token="clinician") == [f"Condition/{records[one]}"]
    house.decider.rulings[one] = ruling
    hidden = await house.get(path, headers=ASYNC, token="clinician")
    absent = await house.get(f"/Group/{NEVER}/$export", headers=ASYNC, token="clinician")
    assert (hidden.status_code, hidden.json()) == (404, absent.json())


async def test_who_may_not_order_the_export_of_a_group(house: House) -> None:
    (one,) = await _people(house, 1)
    id_ = await house.create(group(one))
    path = f"/Group/{id_}/$export"
    refused(await house.get(path, headers=ASYNC, token=await house.resident(one)), 403, "forbidden")
    house.grant("without", "user/Patient.rs")
    refused(await house.get(path, headers=ASYNC, token="without"), 403, "forbidden")
    body = {"resourceType": "Parameters", "parameter": [{"name": "patient", "valueReference": {}}]}
    refused(await house.post(path, headers=ASYNC, json=body), 400, "invalid")
    refused(await house.get(f"{path}?_type=Group", headers=ASYNC), 400, "invalid")
    await house.ask("DELETE", f"/Group/{id_}")
    refused(await house.get(path, headers=ASYNC), 404, "not-found")


async def test_too_many_members_are_refused_and_never_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await _people(house, 3)
    await house.create(group(*people))
    monkeypatch.setattr(base, "_MOST_MEMBERS", 2)
    refused(await house.get("/Group?type=person", token="clinician"), 422, "too-costly")
    many = group(member=group(people[0])["member"] * 1_001)
    assert (await house.post("/Group", json=many)).status_code == 422


async def test_a_group_is_in_nobodys_record(house: House) -> None:
    (one,) = await _people(house, 1)
    await house.create(group(one))
    answer = await house.get(f"/Patient/{one}/Group")
    refused(answer, 400, "invalid")
    everything = (await house.get(f"/Patient/{one}/$everything")).json()
    types = [entry["resource"]["resourceType"] for entry in everything["entry"]]
    assert types == ["Patient"]
