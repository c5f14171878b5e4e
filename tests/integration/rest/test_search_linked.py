"""Chains, _has, _include and _revinclude over a small village, and what they must not tell.

https://hl7.org/fhir/R4/search.html#chaining
https://hl7.org/fhir/R4/search.html#revinclude
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome
from tests.store.gate import principal

from tasuki.shared.access import finding, including
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    import httpx2
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}


@dataclass
class Village:
    """Two people of one hospital; each name maps to an id."""

    house: House
    ids: dict[str, str]

    async def names(self, path: str, **more: Any) -> list[str]:
        """Return the names of what is found, includes in brackets, sorted."""
        answer = await self.house.get(self.filled(path), **more)
        if "{taro}" in path and more:  # one person asked for by name: a refusal is said
            assert answer.status_code == 404
        else:
            assert answer.status_code == 200, answer.text
        return sorted(self.named(entry) for entry in answer.json().get("entry", ()))

    def filled(self, path: str) -> str:
        return path.format(**self.ids)

    def named(self, entry: dict[str, Any]) -> str:
        names = {id_: name for name, id_ in self.ids.items()}
        name = names[entry["resource"]["id"]]
        return f"({name})" if entry["search"]["mode"] == "include" else name


def _about(patient: str, type_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": type_, "subject": {"reference": f"Patient/{patient}"}, **more}


async def _build(house: House) -> Village:
    ids: dict[str, str] = {}

    async def keep(name: str, resource: dict[str, Any]) -> str:
        ids[name] = await house.create(resource)
        return ids[name]

    group = await keep("group", {"resourceType": "Organization", "name": "能登医療会"})
    hospital = await keep(
        "hospital",
        {
            "resourceType": "Organization",
            "name": "輪島病院",
            "partOf": {"reference": f"Organization/{group}"},
        },
    )
    doctor = await keep("doctor", {"resourceType": "Practitioner", "name": [{"family": "医師"}]})
    for person, gender in (("hanako", "female"), ("taro", "male")):
        id_ = await keep(
            person,
            {
                "resourceType": "Patient",
                "name": [{"text": f"能登 {person}"}],
                "gender": gender,
                "managingOrganization": {"reference": f"Organization/{hospital}"},
            },
        )
        visit = await keep(
            f"{person}-visit",
            _about(
                id_,
                "Encounter",
                status="finished",
                **{"class": {"code": "AMB"}},
                serviceProvider={"reference": f"Organization/{hospital}"},
            ),
        )
        weight = {
            "status": "final",
            "code": WEIGHT,
            "valueQuantity": {"value": 50 if person == "hanako" else 70, "unit": "kg"},
            "encounter": {"reference": f"Encounter/{visit}"},
            "performer": [{"reference": f"Practitioner/{doctor}"}],
        }
        observation = await keep(f"{person}-weight", _about(id_, "Observation", **weight))
        await keep(
            f"{person}-report",
            _about(
                id_,
                "DiagnosticReport",
                status="final",
                code={"text": "x"},
                result=[{"reference": f"Observation/{observation}"}],
            ),
        )
    return Village(house, ids)


ITERATED = (
    "_include=Observation:subject:Patient&_include:iterate=Patient:organization"
    "&_include:iterate=Organization:partof"
)
LINKED = [
    ("Observation?patient.name=能登 hanako", ["hanako-weight"]),
    ("Observation?subject:Patient.gender=male", ["taro-weight"]),
    ("Observation?patient.gender=male,female", ["hanako-weight", "taro-weight"]),
    ("Observation?patient.gender=male&patient.name=能登 hanako", []),
    ("Observation?patient.gender=unknown", []),
    ("Observation?encounter.service-provider.name=輪島病院", ["hanako-weight", "taro-weight"]),
    (
        "Observation?encounter.service-provider.partof.name=能登医療会&patient={taro}",
        ["taro-weight"],
    ),
    ("DiagnosticReport?result.value-quantity=gt60", ["taro-report"]),
    ("DiagnosticReport?result.patient.gender=female", ["hanako-report"]),
    ("Patient?organization.name=輪島病院&gender=male", ["taro"]),
    ("Patient?_has:Observation:patient:value-quantity=lt60", ["hanako"]),
    ("Patient?_has:Observation:patient:code=nothing", []),
    (
        "Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final&_id={taro}",
        ["taro"],
    ),
    ("Organization?_has:Patient:organization:gender=female", ["hospital"]),
    ("Observation?_has:DiagnosticReport:result:patient={hanako}", ["hanako-weight"]),
    ("Encounter?_has:Observation:encounter:value-quantity=70", ["taro-visit"]),
    (
        "Observation?patient={hanako}&_include=Observation:patient",
        ["(hanako)", "hanako-weight"],
    ),
    (
        "Observation?patient={hanako}&_include=Observation:performer&_include=Observation:encounter",
        ["(doctor)", "(hanako-visit)", "hanako-weight"],
    ),
    (
        f"Observation?patient={{hanako}}&{ITERATED}",
        ["(group)", "(hanako)", "(hospital)", "hanako-weight"],
    ),
    (
        "Patient?_id={taro}&_revinclude=Observation:patient&_revinclude:iterate=DiagnosticReport:result",
        ["(taro-report)", "(taro-weight)", "taro"],
    ),
    ("Observation?_include=Observation:performer:Organization", ["hanako-weight", "taro-weight"]),
    (
        "Organization?_id={hospital}&_revinclude=Patient:organization",
        ["(hanako)", "(taro)", "hospital"],
    ),
]


@pytest.fixture
async def village(house: House) -> Village:
    return await _build(house)


async def test_links_are_followed_forwards_and_backwards(village: Village) -> None:
    found = {path: await village.names(f"/{path}") for path, _ in LINKED}
    assert found == dict(LINKED)


async def test_a_resident_s_links_lead_to_nobody_else(village: Village) -> None:
    token = await village.house.resident(village.ids["hanako"])
    for path, everybody in LINKED:
        allowed = await village.names(f"/{path}", token=token)
        assert not [name for name in allowed if "taro" in name], path
        assert set(allowed) <= set(everybody), path
    assert await village.names(
        "/Organization?_revinclude=Patient:organization&name=輪島病院", token=token
    ) == ["(hanako)", "hospital"]


async def test_what_consent_withholds_is_neither_matched_through_nor_added(
    village: Village,
) -> None:
    village.house.decider.rulings[village.ids["taro"]] = Ruling.hide("consent")
    for path, everybody in LINKED:
        seen = await village.names(f"/{path}", token="clinician")
        assert seen == [name for name in everybody if "taro" not in name], path


async def test_a_screened_row_is_not_matched_through(village: Village) -> None:
    heavy = Ruling.permit_partly(
        "label",
        withheld_types=frozenset(),
        screen=lambda resource: resource.get("valueQuantity", {}).get("value") != 70,
    )
    village.house.decider.rulings[village.ids["taro"]] = heavy
    paths = (
        "/DiagnosticReport?result.value-quantity=gt60",
        "/Patient?_has:Observation:patient:value-quantity=gt60",
        "/Encounter?_has:Observation:encounter:value-quantity=70",
    )
    for path in paths:
        assert await village.names(path, token="clinician") == [], path
    shown = await village.names(
        "/DiagnosticReport?patient.gender=male&_include=DiagnosticReport:result", token="clinician"
    )
    assert shown == ["taro-report"]


async def test_a_link_needs_the_scope_of_where_it_leads(village: Village) -> None:
    village.house.verifier.known["weights"] = principal(
        Role.CLINICIAN, scopes="user/Observation.rs"
    )
    get = village.house.get
    told = issue("forbidden", "the access token does not carry the scope this needs: Patient.s")
    require_outcome(await get("/Observation?patient.gender=male", token="weights"), 403, told)
    shown = await village.names("/Observation?_include=Observation:patient", token="weights")
    assert shown == ["hanako-weight", "taro-weight"]


async def test_what_would_be_too_much_is_refused_and_not_cut(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = village.house.get
    monkeypatch.setattr(including, "MAX_INCLUDED", 1)
    answer = await get("/Observation?_include=Observation:patient")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "too-costly")
    monkeypatch.setattr(including, "SCAN_LIMIT", 1)
    answer = await get("/Organization?_revinclude=Patient:organization")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "too-costly")
    monkeypatch.setattr(finding, "SCAN_LIMIT", 1)
    assert (await get("/Patient?_has:Observation:patient:code=x")).status_code == 422
    # Where the person is known, nothing has to be scanned.
    one = "/Patient?_id={taro}&_has:Observation:patient:value-quantity=70"
    assert await village.names(one) == ["taro"]


def _entities(answer: httpx2.Response, type_: str) -> list[str]:
    return [e["fullUrl"] for e in answer.json()["entry"] if f"/{type_}/" in e["fullUrl"]]


async def test_what_is_added_is_in_the_audit_log_of_its_person(village: Village) -> None:
    answer = await village.house.get(
        village.filled("/Organization?_id={hospital}&_revinclude=Patient:organization")
    )
    assert sorted(_entities(answer, "Patient")) == sorted(
        f"{BASE}/Patient/{village.ids[name]}" for name in ("hanako", "taro")
    )
    for name in ("hanako", "taro"):
        owner = village.ids[name]
        async with village.house.world.store.unit() as unit:
            newest = (await unit.audit_events([owner], 1))[0].decode()
        assert f"Patient/{owner}" in newest
        assert '"search-type"' in newest or "search" in newest
