"""$meta, $meta-add, $meta-delete. https://hl7.org/fhir/R4/resource-operation-meta.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.access.rulings import Ruling
from tasuki.shared.rest import metas

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

ONE = {"system": "urn:x", "code": "one", "display": "One"}
TWO = {"system": "urn:x", "code": "two"}


def _parameters(**meta: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def _patient(**meta: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **({"meta": meta} if meta else {})}


async def _meta(house: House, path: str, **more: Any) -> Any:
    answer = await house.get(path, **more)
    assert answer.status_code == 200, answer.text
    parameters = answer.json().get("parameter", [{}])
    return parameters[0].get("valueMeta")


async def test_meta_is_added_and_taken_in_versions(house: House) -> None:
    id_ = await house.create(_patient(tag=[ONE], profile=["urn:p"], source="urn:s"))
    path = f"/Patient/{id_}"
    added = await house.post(
        f"{path}/$meta-add",
        json=_parameters(
            tag=[{"system": "urn:x", "code": "one"}, TWO], security=[ONE], versionId="9"
        ),
        headers={"If-Match": 'W/"1"'},
    )
    assert added.status_code == 200, added.text
    meta = added.json()["parameter"][0]["valueMeta"]
    assert meta == (await house.get(path)).json()["meta"] == await _meta(house, f"{path}/$meta")
    assert (meta["tag"], meta["security"], meta["profile"]) == ([ONE, TWO], [ONE], ["urn:p"])
    assert (meta["source"], meta["versionId"]) == ("urn:s", "2")
    gone = await house.post(
        f"{path}/$meta-delete",
        json=_parameters(tag=[TWO, {"code": "one"}], security=[ONE], profile=["urn:p", "urn:q"]),
    )
    meta = gone.json()["parameter"][0]["valueMeta"]
    assert meta["tag"] == [ONE]
    assert not {"security", "profile"} & meta.keys()
    stale = await house.post(
        f"{path}/$meta-add", json=_parameters(tag=[TWO]), headers={"If-Match": 'W/"1"'}
    )
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (_patient(), 400),
        ({"resourceType": "Parameters"}, 400),
        (_parameters(tag=[{"code": 1}]), 422),
        ({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]}, 400),
    ],
)
async def test_what_is_no_meta_changes_nothing(
    house: House, body: dict[str, Any], status: int
) -> None:
    id_ = await house.create(_patient())
    for name in ("add", "delete"):
        answer = await house.post(f"/Patient/{id_}/$meta-{name}", json=body)
        assert answer.status_code == status, answer.text
    assert await house.world.count("resource_version") == 1


async def test_the_meta_of_many_is_of_those_one_may_see(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _meta(house, "/Patient/$meta") is None
    seen = await house.create(_patient(tag=[ONE], profile=["urn:p"]))
    unseen = await house.create(_patient(tag=[ONE, TWO]))
    house.decider.rulings[unseen] = Ruling.hide("consent")
    for path in ("/Patient/$meta", "/$meta"):
        assert await _meta(house, path) == {"tag": [ONE], "profile": ["urn:p"]}
    assert (await house.get(f"/Patient/{unseen}/$meta")).status_code == 404
    assert (await house.get("/Patient/$meta", token="reader")).status_code == 403
    added = await house.post(
        f"/Patient/{seen}/$meta-add", json=_parameters(tag=[TWO]), token="reader"
    )
    assert added.status_code == 403
    house.grant("none", "user/Patient.r")
    leaves = await house.world.count("audit_leaf")
    assert (await house.get("/$meta", token="none")).status_code == 403
    assert await house.world.count("audit_leaf") == leaves + 1
    monkeypatch.setattr(metas, "LOOKED_AT", 0)
    assert (await house.get("/$meta")).status_code == 422
