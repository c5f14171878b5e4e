"""What the patient was not told never reaches the patient, by any door; a permitted doctor sees it.

JP-CLINS tags UNINFORMED and UNDELIVERED, with the real consent decision at the gate.
https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import house_on
from tests.integration.rest.sets import bundle, patient, sent
from tests.store.world import tenant_on

from tasuki.consent.enforcing import ConsentDecider
from tasuki.consent.feed import FeedPage, write_page
from tasuki.consent.keeping import KeptSnapshot
from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.policy import read_implicit_policy
from tasuki.consent.signing.trust import Trust
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.audit.checking import Standing, check_bundle
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2
    from tests.integration.rest.house import House
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

Body = dict[str, Any]
INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
NEVER = "00000000-0000-7000-8000-000000000000"
UNTOLD = "膵癌"
EXAMPLE = Path(__file__).parents[2] / "data/jp-clinical/Condition-Example-JP-Condition-eCS-02.json"


@pytest.fixture
async def ward(server: Server, tmp_path: Path) -> AsyncIterator[House]:
    """A region whose clinicians may see their patients, with consents known to be fresh."""
    async with tenant_on(server, tmp_path) as world:
        snapshot = KeptSnapshot(
            world.store.replicas, world.clock, Trust(StaticJwks({}), "x", world.clock)
        )
        policy = read_implicit_policy({"region": "noto", "everyday_within": "permit"})
        roles = RoleRules(Place("region", "noto"), world.clock)
        rules = ConsentDecider("noto", policy, snapshot, roles=roles, clock=world.clock)
        async with house_on(world, rules=rules) as made:
            page = write_page(FeedPage("e1", (), 0, None)).encode()
            await snapshot.apply(page, world.clock.now())
            yield made


def condition(of: str, *tags: str, text: str = UNTOLD) -> Body:
    meta = {"meta": {"tag": [{"system": INDICATION, "code": tag} for tag in tags]}}
    return {
        "resourceType": "Condition",
        **(meta if tags else {}),
        "identifier": [{"system": "urn:x", "value": "1"}],
        "code": {"text": text},
        "subject": {"reference": f"Patient/{of}"},
    }


class Bedside:
    """One patient, their own app, and their doctor."""

    def __init__(self, house: House, patient: str) -> None:
        self.house = house
        self.patient = patient
        own = house.verifier.known[f"resident-{patient}"]
        house.verifier.known[f"resident-{patient}"] = replace(own, purpose="PATRQT")

    async def put(self, id_: str, resource: Body) -> None:
        answer = await self.house.ask("PUT", f"/Condition/{id_}", json={**resource, "id": id_})
        assert answer.status_code == 200, answer.text

    async def app(self, path: str, method: str = "GET", **more: Any) -> httpx2.Response:
        token = f"resident-{self.patient}"
        return await self.house.ask(method, path, token=token, **more)

    async def doctor(self, path: str) -> httpx2.Response:
        return await self.house.get(path, token="clinician")


@pytest.fixture
async def bedside(ward: House) -> Bedside:
    patient = await ward.create({"resourceType": "Patient", "name": [{"text": "能登 花子"}]})
    await ward.resident(patient)
    return Bedside(ward, patient)


def doors(id_: str) -> list[str]:
    return [
        f"/Condition/{id_}",
        f"/Condition/{id_}/_history",
        f"/Condition/{id_}/_history/1",
        f"/Condition/{id_}/_history/2",
        f"/Condition/{id_}/_history/3",
        f"/Condition/{id_}/$meta",
        f"/Condition/{id_}/$validate",
    ]


def searches(patient: str, id_: str) -> list[str]:
    return [
        "/Condition",
        f"/Condition?patient={patient}",
        f"/Condition?_id={id_}",
        "/Condition?identifier=urn:x|1",
        f"/Condition?subject=Patient/{patient}&_count=1",
        f"/Condition?_tag={INDICATION}|UNINFORMED",
        f"/Condition?patient={patient}&_summary=count",
        f"/Patient/{patient}/Condition",
        f"/Patient/{patient}/$everything",
        "/Patient/$everything",
        f"/Patient?_id={patient}&_revinclude=Condition:patient",
        "/Patient?_has:Condition:patient:identifier=urn:x|1",
        "/?_type=Condition,Patient",
        "/_history",
        "/Condition/_history",
        "/$meta",
        "/Condition/$meta",
    ]


async def require_unseen(bedside: Bedside, id_: str, *versions: int) -> None:
    """Assert that no door of the patient's app tells this resource from one that never was."""
    for path in doors(id_):
        if versions and path.endswith(tuple(f"/{number}" for number in versions)):
            continue
        seen, never = await bedside.app(path), await bedside.app(path.replace(id_, NEVER))
        assert (seen.status_code, seen.json()) == (never.status_code, never.json()), path
        assert "etag" not in seen.headers
    for path in searches(bedside.patient, id_):
        answer = await bedside.app(path)
        assert UNTOLD not in answer.text
        assert id_ not in answer.text.replace(f"_id={id_}", "")
        assert "UNINFORMED" not in answer.text.replace("|UNINFORMED", "").replace(
            "%7CUNINFORMED", ""
        )
        counted = path.startswith(("/Condition", "/Patient/")) or "_has:" in path
        if answer.status_code == 200 and counted and "everything" not in path:
            assert answer.json().get("total", 0) == 0, path
    form = await bedside.house.ask(
        "POST",
        "/Condition/_search",
        token=f"resident-{bedside.patient}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        raw=f"patient={bedside.patient}".encode(),
    )
    assert form.json()["total"] == 0
    for kind in ("batch", "transaction"):
        entry = {"request": {"method": "GET", "url": f"Condition/{id_}"}}
        asked = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        answer = await bedside.app("/", "POST", json=asked)
        assert UNTOLD not in answer.text
        assert "200" not in answer.text


@pytest.mark.parametrize("tag", ["UNINFORMED", "UNDELIVERED"])
async def test_the_patient_s_app_cannot_tell_it_from_nothing(bedside: Bedside, tag: str) -> None:
    id_ = await bedside.house.create(condition(bedside.patient, tag, "LTS"))
    await require_unseen(bedside, id_)
    read = await bedside.doctor(f"/Condition/{id_}")
    assert read.json()["code"]["text"] == UNTOLD
    assert (await bedside.doctor(f"/Condition/{id_}/_history")).json()["total"] == 1
    assert (await bedside.doctor(f"/Condition/{id_}/_history/1")).status_code == 200
    found = await bedside.doctor(f"/Condition?patient={bedside.patient}")
    assert found.json()["total"] == 1
    everything = await bedside.doctor(f"/Patient/{bedside.patient}/$everything")
    assert UNTOLD in everything.text


async def test_what_is_to_be_kept_long_is_no_secret(bedside: Bedside) -> None:
    id_ = await bedside.house.create(condition(bedside.patient, "LTS"))
    assert (await bedside.app(f"/Condition/{id_}")).status_code == 200
    assert (await bedside.app("/Condition")).json()["total"] == 1


async def test_it_is_not_counted_beside_what_is_seen(bedside: Bedside) -> None:
    await bedside.house.create(condition(bedside.patient, text="高血圧"))
    await bedside.house.create(condition(bedside.patient, "UNINFORMED"))
    found = (await bedside.app("/Condition")).json()
    assert (found["total"], len(found["entry"])) == (1, 1)
    everything = (await bedside.app(f"/Patient/{bedside.patient}/$everything")).json()
    assert everything["total"] == 2
    assert [one for one in everything["entry"] if one["search"]["mode"] == "outcome"] == []


async def test_the_tag_hides_the_versions_before_it(bedside: Bedside) -> None:
    id_ = await bedside.house.create(condition(bedside.patient))
    assert (await bedside.app(f"/Condition/{id_}/_history/1")).status_code == 200
    await bedside.put(id_, condition(bedside.patient, "UNINFORMED"))
    await require_unseen(bedside, id_)
    assert (await bedside.doctor(f"/Condition/{id_}/_history/1")).status_code == 200


async def test_what_was_told_at_last_is_seen_from_then_on(bedside: Bedside) -> None:
    id_ = await bedside.house.create(condition(bedside.patient, "UNINFORMED"))
    await bedside.put(id_, condition(bedside.patient))
    assert (await bedside.app(f"/Condition/{id_}")).status_code == 200
    assert (await bedside.app(f"/Condition/{id_}/_history/2")).status_code == 200
    assert (await bedside.app(f"/Condition/{id_}/_history/1")).status_code == 404
    # The history has a gap that would tell of it.
    assert (await bedside.app(f"/Condition/{id_}/_history")).status_code == 404


async def test_its_deletion_tells_nothing_either(bedside: Bedside) -> None:
    id_ = await bedside.house.create(condition(bedside.patient))
    await bedside.put(id_, condition(bedside.patient, "UNDELIVERED"))
    gone = await bedside.house.ask("DELETE", f"/Condition/{id_}")
    assert gone.status_code == 204
    await require_unseen(bedside, id_)
    assert (await bedside.doctor(f"/Condition/{id_}")).status_code == 410


async def test_an_untold_diagnosis_in_a_set_is_untold_too(bedside: Bedside) -> None:
    # The guide's own example, with its tag, and its Patient named by insurance number alone.
    diagnosis = json.loads(EXAMPLE.read_text())
    told = await sent(bedside.house, bundle(diagnosis, kind="Condition"))
    assert told == (1, 0, 0, 0)
    (entry,) = (await bedside.house.get("/Condition")).json()["entry"]
    owner = entry["resource"]["subject"]["reference"].removeprefix("Patient/")
    await bedside.house.resident(owner)
    theirs = Bedside(bedside.house, owner)
    await require_unseen(theirs, entry["resource"]["id"])
    everything = await theirs.app(f"/Patient/{owner}/$everything")
    assert [one["resource"]["resourceType"] for one in everything.json()["entry"]] == ["Patient"]
    assert "胃癌" in (await theirs.doctor(f"/Patient/{owner}/$everything")).text


async def test_who_looked_is_told_without_what_was_untold(ward: House) -> None:
    id_ = await ward.create({**patient(), "id": NEVER})
    plain, untold, gone, late = [
        await ward.create(condition(id_, *tags)) for tags in ((), ("UNINFORMED",), ("LTS",), ())
    ]
    await ward.ask("PUT", f"/Condition/{gone}", json={**condition(id_, "UNDELIVERED"), "id": gone})
    await ward.ask("PUT", f"/Condition/{late}", json={**condition(id_, "UNINFORMED"), "id": late})
    await ward.get(f"/Condition?patient={id_}", token="clinician")
    await ward.get(f"/Condition/{untold}", token="clinician")
    await ward.ask("DELETE", f"/Condition/{gone}")
    await ward.world.store.wait_for_change(0, 20)
    service = replace(ward.verifier.known["service"], purpose="HOPERAT")
    ward.verifier.known["service"] = service
    changes = (await ward.get("/$changes")).json()["changes"]
    (token,) = next(one["tokens"] for one in changes if one["type"] == "Patient")
    answer = await ward.get(f"/$disclosures?token={token}", token="service")
    assert answer.status_code == 200, answer.text
    # Made five times, changed twice, searched, read, deleted: all of it is told.
    assert answer.json()["total"] == len(answer.json()["entry"]) == 10
    assert f"Condition/{plain}" in answer.text
    for hidden in (untold, gone, late):
        assert hidden not in answer.text
    ward.world.clock.advance(SIGN_EVERY)
    await ward.world.store.stamper.stamp_all()
    proven = parse_resource(
        (await ward.get(f"/$disclosures?token={token}&proof=true", token="service")).content
    )
    for hidden in (untold, gone, late):
        assert hidden not in json.dumps(proven)
    found = [one.standing for one in check_bundle(proven, [ward.world.store.ledger.keys[0]])]
    # Made thrice, changed twice, read, searched, deleted: of what they name, a part is withheld.
    assert found.count(Standing.WITHHELD) == 8
    assert found.count(Standing.PROVEN) == 3
    with_leaf = [one for one in proven["entry"] if '"leaf"' in json.dumps(one)]
    assert len(with_leaf) == 8
    assert '"salt"' not in json.dumps(with_leaf), "guesses could be tested with it"


async def test_the_deletion_of_what_was_told_is_told(bedside: Bedside) -> None:
    id_ = await bedside.house.create(condition(bedside.patient))
    await bedside.house.ask("DELETE", f"/Condition/{id_}")
    assert (await bedside.app(f"/Condition/{id_}")).status_code == 410
    assert (await bedside.app(f"/Condition/{id_}/_history/1")).status_code == 200
