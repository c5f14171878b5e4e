"""Under an emergency override: one person at a time, whatever else would be permitted.

A permissive decider stands behind the gate here, so that what is refused is refused by the rule.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.integration.rest.exporting import leaves
from tests.store.gate import principal

from tasuki.shared.access.derived import name_keys
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Caller, Ruling
from tasuki.shared.audit.events import Outcome
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

NAME = "X-Emergency-Override"
UNDER: Mapping[str, str] = {NAME: "o-1"}
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "1"}],
    "name": [{"text": "能登 花子", "family": "能登", "given": ["花子"]}],
    "birthDate": "1938-04-05",
}
MANY = (
    "/Patient?name=%E8%83%BD%E7%99%BB&birthdate=1938-04-05",
    "/Patient?identifier=urn:x|1",
    "/Patient",
    "/Condition?code=1",
    "/Condition?patient=Patient/{a},Patient/{b}",
    "/Condition?_id={c}",
    "/Condition?patient.identifier=urn:x|1",
    "/Patient?_has:Condition:patient:code=1",
    "?_type=Patient,Condition",
    "?_type=Patient,Condition&_id={a}",
    "/Condition/_history",
    "/_history",
    "/$meta",
    "/Condition/$meta",
)


async def people(house: House) -> dict[str, str]:
    a, b = await house.create(PATIENT), await house.create(PATIENT)
    c = await house.create(condition(a))
    await house.create(condition(b))
    house.verifier.known["ward"] = principal(Role.CLINICIAN, scopes="user/*.rs")
    return {"a": a, "b": b, "c": c}


def condition(of: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{of}"},
        "code": {"coding": [{"code": "1"}], "text": "planted"},
    }


@pytest.mark.parametrize("path", MANY)
async def test_what_is_about_many_is_refused_not_filtered(house: House, path: str) -> None:
    ids = await people(house)
    asked = path.format(**ids)
    everyday = await house.get(asked, token="ward")
    assert everyday.status_code == 200, everyday.text
    answer = await house.get(asked, token="ward", headers=UNDER)
    assert answer.status_code == 403, answer.text
    assert "planted" not in answer.text
    assert not any(id_ in answer.text for id_ in ids.values())


@pytest.mark.parametrize("path", ["/$export", "/Patient/$export"])
async def test_nothing_is_exported_under_it(house: House, path: str) -> None:
    await people(house)
    headers = {**UNDER, "Prefer": "respond-async"}
    assert (await house.get(path, token="ward", headers=headers)).status_code == 403


async def test_a_search_by_post_is_refused_too(house: House) -> None:
    await people(house)
    headers = {**UNDER, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await house.post("/Condition/_search", token="ward", headers=headers, raw=b"code=1")
    assert answer.status_code == 403


async def test_a_batch_is_refused_entry_by_entry(house: House) -> None:
    ids = await people(house)
    entries = [
        {"request": {"method": "GET", "url": url}}
        for url in ("Condition?code=1", f"Condition?patient={ids['a']}")
    ]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = await house.post("", token="ward", headers=UNDER, json=bundle)
    assert [one["response"]["status"][:3] for one in answer.json()["entry"]] == ["403", "200"]


async def test_one_person_may_be_read_and_every_leaf_says_btg(house: House) -> None:
    ids = await people(house)
    for path in (
        "/Patient/{a}",
        "/Condition/{c}",
        "/Condition?patient={a}",
        "/Condition?patient=Patient/{a}&code=1",
        "/Patient?_id={a}",
        "/Patient/{a}/Condition",
        "/Patient/{a}/$everything",
        "/Observation/$lastn?patient={a}",
        "/Condition/{c}/_history",
        "/Medication",
    ):
        answer = await house.get(path.format(**ids), token="ward", headers=UNDER)
        assert answer.status_code == 200, f"{path} {answer.text}"
    told = [one for one in await leaves(house, ids["a"]) if one["agent"][2]["who"] != {}]
    by_ward = [
        one for one in told if one["agent"][2].get("role", [{}])[0].get("text") == "clinician"
    ]
    assert len(by_ward) >= 9
    assert {one["purposeOfEvent"][0]["coding"][0]["code"] for one in by_ward} == {"BTG"}
    assert not any(
        one["agent"][2].get("role", [{}])[0].get("text") == "clinician"
        for one in await leaves(house, ids["b"])
    )


async def test_a_refusal_under_it_leaves_a_leaf(house: House) -> None:
    ids = await people(house)
    house.decider.rulings[ids["a"]] = Ruling.refuse("break-glass-missing/none")
    answer = await house.get(f"/Patient/{ids['a']}", token="ward", headers=UNDER)
    assert answer.status_code == 403
    newest, *_ = await leaves(house, ids["a"])
    assert newest["outcome"] == Outcome.DENIED.value
    assert newest["agent"][2]["policy"] == ["break-glass-missing/none"]
    assert newest["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"


@pytest.mark.parametrize("path", ["/Patient/{a}", "/Condition?patient={a}", "/metadata"])
@pytest.mark.parametrize("named", ["", " ", "a b", "o/1", "x" * 65, "o-1, o-2", "あ".encode()])
async def test_what_is_no_id_is_refused(house: House, named: str | bytes, path: str) -> None:
    ids = await people(house)
    headers = {NAME: named}
    answer = await house.get(path.format(**ids), token="ward", headers=headers)
    if path == "/metadata":
        assert answer.status_code == 200  # public: nobody acts there
    else:
        assert answer.status_code == 400, answer.text
        assert "o-2" not in answer.text


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        (Role.CLINICIAN, "DISASTER"),
        (Role.NURSE, "DISASTER"),
        (Role.OFFICER, "PUBHLTH"),
        (Role.PRIVACY, "HOPERAT"),
        (Role.HOSPITAL, "TREAT"),
        (Role.SERVICE, "HOPERAT"),
        (Role.RESIDENT, "PATRQT"),
    ],
)
async def test_who_may_not_act_under_one_is_refused(house: House, role: Role, purpose: str) -> None:
    ids = await people(house)
    one = principal(role, scopes="user/*.rs system/*.rs patient/*.rs", patient="Patient/x")
    house.verifier.known["other"] = replace(one, purpose=purpose)
    answer = await house.get(f"/Patient/{ids['a']}", token="other", headers=UNDER)
    assert answer.status_code == 403, answer.text


async def test_further_pages_belong_to_the_override(house: House) -> None:
    ids = await people(house)
    await house.create(condition(ids["a"]))
    path = f"/Condition?patient={ids['a']}&_count=1"
    first = (await house.get(path, token="ward", headers=UNDER)).json()
    (link,) = [one["url"] for one in first["link"] if one["relation"] == "next"]
    rest = link.removeprefix("https://noto.example")
    assert (await house.get(rest, token="ward")).status_code == 410
    assert (await house.get(rest, token="ward", headers=UNDER)).status_code == 200


async def test_whom_to_override_is_told_where_one_fits_and_nothing_more(house: House) -> None:
    keys = name_keys("能登 花子", "1938-04-05")
    caller = Caller(principal(Role.CLINICIAN, scopes="user/*.rs"), "r1")

    async def sought(by: Caller = caller) -> str | None:
        async with house.app.state.fhir.gate.enter(by) as records:
            found: str | None = await records.sought_for_override(keys, query="name=…")
            return found

    assert await sought() is None
    only = await house.create(PATIENT)
    house.decider.rulings[only] = Ruling.hide("no-consent")
    async with house.app.state.fhir.gate.enter(caller) as records:
        assert (await records.find_people(keys, most=10, query="")).count == 0
    assert await sought() == only
    newest, *_ = await leaves(house, only)
    assert newest["agent"][2]["policy"] == ["override-sought"]
    assert (await house.get(f"/Patient/{only}", token="reader")).status_code == 404
    await house.create(PATIENT)
    assert await sought() is None
    with pytest.raises(Fault):
        await sought(Caller(principal(Role.CLINICIAN, scopes="user/Condition.rs"), "r2"))
    urgent = replace(caller, principal=replace(caller.principal, purpose="BTG"))
    with pytest.raises(Fault, match="one person at a time"):
        async with house.app.state.fhir.gate.enter(urgent) as records:
            await records.find_people(keys, most=10, query="")


async def test_a_group_is_open_only_where_all_its_members_are(house: House) -> None:
    ids = await people(house)

    async def group(*members: str) -> str:
        return await house.create(
            {
                "resourceType": "Group",
                "type": "person",
                "actual": True,
                "member": [{"entity": {"reference": f"Patient/{one}"}} for one in members],
            }
        )

    alone, both = await group(ids["a"]), await group(ids["a"], ids["b"])
    house.decider.rulings[ids["b"]] = Ruling.refuse("break-glass-missing/none")
    assert (await house.get(f"/Group/{alone}", token="ward", headers=UNDER)).status_code == 200
    refused = await house.get(f"/Group/{both}", token="ward", headers=UNDER)
    assert refused.status_code == 404
    assert ids["b"] not in refused.text
