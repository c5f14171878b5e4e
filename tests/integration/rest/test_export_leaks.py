"""What an export must not give away: to others, for another purpose, after a consent was withdrawn.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#security-considerations
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.exporting import (
    ASYNC,
    PATIENT,
    condition,
    exported,
    leaves,
    lines,
    manifest,
    named,
    ordered,
    refused,
)
from tests.integration.rest.house import issue, require_outcome
from tests.store.gate import principal

from tasuki.shared.access.exports.jobs import AT_ONCE, LIFE
from tasuki.shared.access.principal import Role
from tasuki.shared.access.rulings import Ruling

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

ABSENT = issue("not-found", "no such resource")
OTHERS: list[dict[str, Any]] = [
    {"subject": "hospital-2"},
    {"client_id": "client-2"},
    {"purpose": "HOPERAT"},
    {"role": Role.CLINICIAN},
    {"organization": "Organization/2"},
    {"patient": "Patient/1"},
    {"actor": ("shelter",)},
]


def not_secret(resource: Any) -> bool:
    """Screen what is labelled in these tests."""
    return bool(resource.get("code", {}).get("text") != "secret")


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
async def test_nobody_else_reaches_an_export(house: House, other: dict[str, Any]) -> None:
    await house.create(PATIENT)
    status = await ordered(house)
    told = await manifest(house, status)
    house.verifier.known["other"] = replace(house.verifier.known["hospital"], **other)
    file = told["output"][0]["url"]
    for method, url in (("GET", status), ("GET", file), ("DELETE", status)):
        require_outcome(await house.ask(method, url, token="other"), 404, ABSENT)
    assert len(await lines(house, told)) == 1, "and it is still there for who ordered it"


async def test_another_token_of_the_same_caller_needs_the_scope_still(house: House) -> None:
    await house.create(PATIENT)
    told = await manifest(house, await ordered(house))
    narrower = principal(scopes="system/Observation.rs")
    house.verifier.known["hospital"] = replace(narrower, token_id="t2")
    refused(await house.get(told["output"][0]["url"]), 403, "forbidden")


@pytest.mark.parametrize("bad", ["0", "2", "99", "x", "1/1", "-1", "01"])
async def test_what_was_never_made_is_not_there(house: House, bad: str) -> None:
    await house.create(PATIENT)
    status = await ordered(house)
    assert len((await manifest(house, status))["output"]) == 1
    assert (await house.get(f"{status}/{bad}")).status_code == 404


@pytest.mark.parametrize("bad", ["under-way", "x", "00000000-0000-4000-8000-000000000000"])
async def test_a_guessed_export_is_not_there(house: House, bad: str) -> None:
    await ordered(house)
    for method in ("GET", "DELETE"):
        require_outcome(await house.ask(method, f"/$export/{bad}"), 404, ABSENT)


async def test_it_ends_after_an_hour_and_when_it_is_cancelled(house: House) -> None:
    await house.create(PATIENT)
    first, second = await ordered(house), await ordered(house)
    told = await manifest(house, first)
    answer = await house.ask("DELETE", second)
    assert (answer.status_code, answer.content) == (202, b"")
    require_outcome(await house.get(second), 404, ABSENT)
    house.world.clock.advance(LIFE)
    require_outcome(await house.get(first), 404, ABSENT)
    require_outcome(await house.get(told["output"][0]["url"]), 404, ABSENT)
    house.world.clock.advance(timedelta(hours=3))
    await house.world.store.forget_old()
    assert await house.world.count("kept_item") == 0


async def test_what_is_withheld_is_not_in_it_and_not_told_of(house: House) -> None:
    hidden, partly, open_ = [await house.create(PATIENT) for _ in range(3)]
    await house.create(condition(hidden))
    secret = await house.create(condition(partly, "secret"))
    seen = await house.create(condition(open_))
    house.decider.rulings[hidden] = Ruling.hide("no-consent")
    house.decider.rulings[partly] = Ruling.permit_partly(
        "Consent/c1", withheld_types=frozenset({"Patient"}), screen=not_secret
    )
    found = await exported(house, token="clinician")
    assert found == sorted([f"Condition/{seen}", f"Patient/{open_}"])
    assert secret not in str(found)
    told = [one["subtype"][0]["code"] for one in await leaves(house, hidden)]
    assert told == ["create", "create"]
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "patient", "valueReference": {"reference": f"Patient/{hidden}"}}],
    }
    answer = await house.post("/Patient/$export", headers=ASYNC, json=body, token="clinician")
    require_outcome(answer, 404, ABSENT)


async def test_a_consent_withdrawn_before_the_fetch_counts(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    label = await house.create(condition(theirs, "secret"))
    clear = await house.create(condition(theirs))
    told = await manifest(house, await ordered(house, token="clinician"), token="clinician")
    house.decider.rulings[mine] = Ruling.refuse("Consent/withdrawn")
    house.decider.rulings[theirs] = Ruling.permit_partly(
        "Consent/c2", withheld_types=frozenset(), screen=not_secret
    )
    before = len(await leaves(house, mine))
    found = {named(one) for one in await lines(house, told, token="clinician")}
    assert found == {f"Patient/{theirs}", f"Condition/{clear}"}
    assert label not in str(found)
    assert len(await leaves(house, mine)) == before, "what did not leave is not told as if it had"


async def test_a_deletion_is_told_only_to_who_could_see_what_it_was(house: House) -> None:
    mine = await house.create(PATIENT)
    secret = await house.create(condition(mine, "secret"))
    clear = await house.create(condition(mine))
    house.world.clock.advance(timedelta(minutes=1))
    for one in (secret, clear):
        await house.ask("DELETE", f"/Condition/{one}")
    path = "/$export?_since=2026-01-05T01:02:30Z"
    everything = await manifest(house, await ordered(house, path))
    assert len(await lines(house, everything, "deleted")) == 2
    house.decider.rulings[mine] = Ruling.permit_partly(
        "Consent/c1", withheld_types=frozenset(), screen=not_secret
    )
    partly = await manifest(house, await ordered(house, path, token="clinician"), token="clinician")
    (told,) = await lines(house, partly, "deleted", token="clinician")
    assert told["entry"][0]["request"]["url"] == f"Condition/{clear}"
    assert len(await lines(house, everything, "deleted")) == 1, "ruled on again when fetched"


async def test_a_resident_exports_their_own_record_only(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    await house.create(condition(theirs))
    token = await house.resident(mine)
    assert await exported(house, "/Patient/$export", token=token) == [f"Patient/{mine}"]
    refused(await house.get("/$export", headers=ASYNC, token=token), 403, "forbidden")
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "patient", "valueReference": {"reference": f"Patient/{theirs}"}}],
    }
    answer = await house.post("/Patient/$export", headers=ASYNC, json=body, token=token)
    require_outcome(answer, 404, ABSENT)


@pytest.mark.parametrize("purpose", ["BTG", "DISASTER", "ETREAT"])
async def test_emergency_access_is_not_for_exports(house: House, purpose: str) -> None:
    known = house.verifier.known
    known["urgent"] = replace(known["clinician"], purpose=purpose)
    refused(await house.get("/$export", headers=ASYNC, token="urgent"), 403, "forbidden")


async def test_so_many_at_once_and_no_more(house: House) -> None:
    house.jobs.gap = 60.0  # none of them gets anywhere
    going = [await ordered(house) for _ in range(AT_ONCE)]
    answer = await house.get("/$export", headers=ASYNC)
    refused(answer, 429, "throttled")
    assert answer.headers["retry-after"]
    await house.ask("DELETE", going[0])
    await ordered(house)


async def test_nothing_of_it_lies_in_the_clear(house: House) -> None:
    await house.create(PATIENT)
    await manifest(house, await ordered(house))
    rows = await house.world.rows(
        f"SELECT sealed FROM kept_item WHERE tenant = '{house.world.tenant}'"
    )
    assert len(rows) == 3
    assert not any(
        "ハナコ".encode() in row["sealed"] or b"Patient" in row["sealed"] for row in rows
    )


async def test_a_number_no_double_can_hold_is_exported_where_a_screen_looks(house: House) -> None:
    mine = await house.create(PATIENT)
    screened = Ruling.permit_partly("label", withheld_types=frozenset(), screen=not_secret)
    house.decider.rulings[mine] = screened
    raw = (
        '{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":'
        '{"reference":"Patient/%s"},"valueQuantity":{"value":9e308}}'
    )
    made = await house.post("/Observation", raw=(raw % mine).encode())
    assert made.status_code == 201, made.text
    status = await ordered(house, "/$export?_type=Observation", token="clinician")
    (file,) = (await manifest(house, status, token="clinician"))["output"]
    assert b"9e308" in (await house.get(file["url"], token="clinician")).content
