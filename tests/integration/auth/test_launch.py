"""A clinician opens another app for the patient in front of them; nobody else can use that opening.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.auth.world import (
    CLINICIAN,
    EHR_A,
    NURSE,
    RESIDENT,
    SHELTER,
    Person,
    World,
    redirect_query,
)

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.anyio

SCOPE = "launch openid fhirUser offline_access patient/*.rs"


async def staff_token(world: World, person: Person = CLINICIAN) -> str:
    """A token the viewer got for its user."""
    code = await world.code(person, client_id="viewer", aud=EHR_A, scope="openid user/*.rs")
    answer = await world.ask_as(
        "viewer",
        grant_type="authorization_code",
        code=code,
        redirect_uri=world.query()["redirect_uri"],
        code_verifier=world.verifier,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def launched(world: World, **changes: str | None) -> httpx2.Response:
    as_ = changes.pop("as_", None) or "viewer"
    form: dict[str, str | None] = {"app": "demo", "patient": "Patient/p1"}
    if "subject_token" not in changes:
        form["subject_token"] = await staff_token(world)
    return await world.ask_as(as_, "launch", **(form | changes))


async def handle(world: World, **changes: str | None) -> str:
    answer = await launched(world, **changes)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 300
    return str(answer.json()["launch"])


def begin(given: str, **changes: str) -> dict[str, Any]:
    return {"aud": EHR_A, "scope": SCOPE, "launch": given} | changes


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"patient": None}, "invalid_request"),
        ({"patient": "Patient/a/b"}, "invalid_request"),
        ({"patient": "Observation/1"}, "invalid_request"),
        ({"encounter": "Encounter/ä"}, "invalid_request"),
        ({"intent": "x" * 101}, "invalid_request"),
        ({"need_patient_banner": "maybe"}, "invalid_request"),
        ({"app": None}, "unauthorized_client"),
        ({"app": "nobody"}, "unauthorized_client"),
        ({"app": "hospital"}, "unauthorized_client"),
        ({"subject_token": None}, "invalid_grant"),
        ({"subject_token": "no token"}, "invalid_grant"),
    ],
)
async def test_a_faulty_request_launches_nothing(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    answer = await launched(world, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_only_the_app_its_user_signed_in_with_launches_and_only_for_staff(
    world: World,
) -> None:
    token = await staff_token(world)
    assert (await launched(world, as_="svc-ehr-a", subject_token=token)).status_code == 400
    answer = await world.ask("launch", subject_token=token, app="demo", patient="Patient/p1")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    public = await world.ask("launch", client_id="demo", subject_token=token, app="demo")
    assert public.status_code == 401, "an app without a key cannot launch another"


async def test_a_token_that_was_withdrawn_launches_nothing(world: World) -> None:
    token = await staff_token(world)
    assert (await world.ask_as("viewer", "revoke", token=token)).status_code == 200
    assert (await launched(world, subject_token=token)).json()["error"] == "invalid_grant"


async def refused_at_the_door(world: World, **changes: Any) -> str:
    response = await world.http.get(f"{world.issuer}/authorize", params=world.query(**changes))
    assert response.status_code == 303
    return redirect_query(response)["error"]


async def test_a_launch_is_for_one_app_one_patient_five_minutes(world: World) -> None:
    given = await handle(world)
    for changes in (
        begin("made up"),
        begin(given, client_id="other"),
        begin(given, patient="Patient/p2"),
    ):
        assert await refused_at_the_door(world, **changes) == "invalid_request"
    assert (await world.open_page(**begin(given, patient="p1"))).response.status_code == 200
    world.clock.advance(timedelta(seconds=301))
    assert await refused_at_the_door(world, **begin(given)) == "invalid_request"


async def test_nobody_but_who_launched_gets_in(world: World) -> None:
    given = await handle(world)
    for person in (NURSE, RESIDENT):
        world.clock.advance(timedelta(seconds=30))
        page = await world.open_page(**begin(given))
        refused = await world.submit(page, person)
        assert refused.status_code == 403
        assert "使えません" in refused.text
    assert await world.code(CLINICIAN, **begin(given)), "the launch was not spent by strangers"


async def test_a_launch_works_once_also_at_once(world: World) -> None:
    given = await handle(world)
    page = await world.open_page(**begin(given))
    world.clock.advance(timedelta(seconds=30))
    first = await world.submit(page, CLINICIAN)
    assert "code" in redirect_query(first)
    assert await refused_at_the_door(world, **begin(given)) == "invalid_request"
    world.clock.advance(timedelta(seconds=30))
    pages = await asyncio.gather(*(world.submit(page, CLINICIAN) for _ in range(3)))
    assert all("code" not in redirect_query(one) for one in pages if one.status_code == 303)


async def test_the_app_begins_where_the_clinician_is(world: World) -> None:
    given = await handle(
        world, encounter="Encounter/e1", intent="reconcile", need_patient_banner="false"
    )
    answer = await world.tokens(CLINICIAN, **begin(given))
    told = {name: answer[name] for name in ("patient", "encounter", "intent")}
    assert told == {"patient": "p1", "encounter": "e1", "intent": "reconcile"}
    assert answer["need_patient_banner"] is False
    assert "patient/*.rs" in answer["scope"]

    renewed = await world.ask(
        grant_type="refresh_token", refresh_token=answer["refresh_token"], client_id="demo"
    )
    assert renewed.json()["encounter"] == "e1"
    seen = await world.ask_as("svc-ehr-a", "introspect", token=renewed.json()["access_token"])
    assert (seen.json()["patient"], seen.json()["encounter"]) == ("Patient/p1", "Encounter/e1")
    assert seen.json()["fhirUser"] == f"Practitioner/{CLINICIAN.username[:2]}1"


@pytest.mark.parametrize(
    ("told", "granted"),
    [
        ({"encounter": "Encounter/e1"}, {"launch", "launch/patient", "launch/encounter"}),
        ({}, {"launch", "launch/patient"}),
    ],
)
async def test_the_scopes_of_a_context_are_granted_where_it_is_told(
    world: World, told: dict[str, str | None], granted: set[str]
) -> None:
    given = await handle(world, **told)
    asked = "launch launch/patient launch/encounter offline_access patient/*.rs"
    answer = await world.tokens(CLINICIAN, **begin(given, scope=asked))
    assert _contexts(answer) == granted
    renewed = await world.ask(
        grant_type="refresh_token", refresh_token=answer["refresh_token"], client_id="demo"
    )
    assert _contexts(renewed.json()) == granted


async def test_without_a_launch_its_scopes_are_not_granted(world: World) -> None:
    asked = "launch launch/patient launch/encounter patient/*.rs user/*.rs"
    for_one = await world.tokens(CLINICIAN, aud=EHR_A, scope=asked, patient="p1")
    assert _contexts(for_one) == {"launch/patient"}
    assert _contexts(await world.tokens(CLINICIAN, aud=EHR_A, scope=asked)) == set()


def _contexts(answer: dict[str, Any]) -> set[str]:
    return {one for one in answer["scope"].split() if one.startswith("launch")}


async def test_without_a_launch_nothing_is_said_of_one(world: World) -> None:
    answer = await world.tokens(NURSE, aud=SHELTER)
    assert not {"encounter", "intent", "need_patient_banner"} & set(answer)
