"""One person lets another act for them: with a code, within limits, shown to both, ended by either.

docs/adr/0024-proxies.md
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text
from tests.integration.auth.acting import (
    SON,
    accepted,
    choose,
    claims,
    code_of,
    given,
    grants_on,
    paired,
    posted,
    tokens_for,
    whom_page,
)
from tests.integration.auth.test_passkeys import account_page
from tests.integration.auth.test_withdrawn import is_withdrawn
from tests.integration.auth.world import (
    ACCESS_TOKEN,
    CLINICIAN,
    EHR_A,
    EHR_B,
    EXCHANGE,
    PATIENT,
    RESIDENT,
    World,
    redirect_query,
)

from tasuki.auth.provisioning import disable_account, unbind_resident
from tasuki.auth.tables import METADATA, PROXY
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.tokens import principal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

pytestmark = pytest.mark.anyio

MOTHER = "母 ようこ"


async def proxies_page(world: World, person: Any) -> str:
    await account_page(world, person)
    return (await world.http.get(f"{world.issuer}/account/proxies")).text


async def refreshed(world: World, tokens: dict[str, Any], **more: str) -> httpx2.Response:
    form = {"grant_type": "refresh_token", "client_id": "demo"}
    return await world.ask(**form, refresh_token=tokens["refresh_token"], **more)


async def test_it_is_given_accepted_and_shown_to_both(world: World) -> None:
    code = await code_of(world)
    mine = (await world.http.get(f"{world.issuer}/account/proxies")).text
    assert "まだコードが使われていません" in mine
    assert code not in mine, "shown once"
    assert await accepted(world, code)
    theirs = (await world.http.get(f"{world.issuer}/account/proxies")).text
    for page, named in ((await proxies_page(world, RESIDENT), "健一"), (theirs, MOTHER)):
        for words in (
            named,
            "子)",
            "薬",
            "氏名・住所・連絡先",
            "2026-04-30",
            "ご本人が決めた",
        ):
            assert words in page, words
    account = await account_page(world, RESIDENT)
    assert "あなたの代理人 1 人" in account.text


async def test_a_proxys_token_says_who_for_whom_and_how_far(world: World) -> None:
    await paired(world)
    tokens = await tokens_for(world)
    assert tokens["patient"] == PATIENT.removeprefix("Patient/")
    principal = principal_of(claims(tokens["access_token"]))
    assert principal.role.value == "proxy"
    assert (principal.patient, principal.subject) == (PATIENT, world.accounts[SON.username])
    assert (principal.display, principal.purpose) == ("健一（子）", "FAMRQT")
    assert not principal.scopes.allows("Observation", "r")
    assert principal.scopes.allows("MedicationRequest", "s")
    assert not principal.scopes.allows("MedicationStatement", "c")
    for never in ("AuditEvent", "Consent"):
        assert not principal.scopes.contexts(never, "r")
    assert not [one for one in principal.scopes.words if one.startswith("tasuki/")]

    last = (await world.sign_ins())[-1]
    assert (last["patient"], last["purpose"]) == (PATIENT, "FAMRQT")


async def test_without_a_choice_it_is_oneself_and_nobody_else_is_asked(world: World) -> None:
    await paired(world)
    page = await whom_page(world)
    assert list(grants_on(page)) == ["自分", MOTHER]
    answer = await choose(world, page, "self")
    tokens = (await world.redeem(redirect_query(answer)["code"])).json()
    assert claims(tokens["access_token"])["role"] == "resident"
    assert "patient" not in tokens, "their account is bound to nobody"
    assert (await whom_page(world, RESIDENT)).status_code == 303
    plain = await whom_page(world, scope="openid patient/*.rs")
    assert plain.status_code == 303, "the app asks for no patient"


@pytest.mark.parametrize(
    ("changes", "purpose", "adds"),
    [
        ({"relationship": "carer"}, "SUPNWK", False),
        ({"relationship": "parent"}, "FAMRQT", False),
        ({"class_allergies": "yes", "class_other": "yes", "writes": "yes"}, "FAMRQT", True),
    ],
)
async def test_what_was_given_is_what_the_token_opens(
    world: World, changes: dict[str, str], purpose: str, *, adds: bool
) -> None:
    await paired(world, **changes)
    principal = principal_of(claims((await tokens_for(world))["access_token"]))
    assert principal.purpose == purpose
    assert principal.scopes.allows("Observation", "c") is adds
    assert not any(scope.letters & {"u", "d"} for scope in principal.scopes.resources)
    assert not any(scope.type == "*" for scope in principal.scopes.resources)


async def test_nobody_widens_it_by_asking_for_more(world: World) -> None:
    await paired(world)
    tokens = await tokens_for(
        world, scope="launch/patient offline_access patient/*.cruds user/*.cruds"
    )
    for more in (
        "patient/*.cruds",
        "patient/Observation.rs",
        "patient/Consent.r",
        "user/Patient.r",
    ):
        asked = await refreshed(world, tokens, scope=more)
        assert asked.json()["error"] == "invalid_scope", more
    again = (await refreshed(world, tokens)).json()
    assert parse_scopes(again["scope"]).is_subset(parse_scopes(tokens["scope"]))
    assert claims(again["access_token"])["role"] == "proxy"


async def test_a_service_that_passes_it_on_passes_on_a_proxy(world: World) -> None:
    await paired(world)
    tokens = await tokens_for(world, aud=EHR_A)
    form = {
        "grant_type": EXCHANGE,
        "subject_token": tokens["access_token"],
        "subject_token_type": ACCESS_TOKEN,
        "audience": EHR_B,
    }
    passed = (await world.ask_as("svc-ehr-a", **form)).json()
    told = claims(passed["access_token"])
    assert (told["role"], told["patient"], told["display"]) == ("proxy", PATIENT, "健一（子）")
    await account_page(world, RESIDENT)
    await posted(world, "/end", grant=await grant_id(world))
    assert await is_withdrawn(world, passed["access_token"])
    assert (await world.ask_as("svc-ehr-a", **form)).json()["error"] == "invalid_grant"


async def grant_id(world: World) -> str:
    async with world.engine.connect() as connection:
        return str((await connection.execute(select(PROXY.c.id))).scalars().one())


@pytest.mark.parametrize("by", [RESIDENT, SON])
async def test_either_side_ends_it_at_once(world: World, by: Any) -> None:
    await paired(world)
    tokens = await tokens_for(world)
    assert not await is_withdrawn(world, tokens["access_token"])
    await account_page(world, by)
    answer = await posted(world, "/end", grant=await grant_id(world))
    assert "said_proxy_ended" in answer.headers["location"]
    assert await is_withdrawn(world, tokens["access_token"])
    assert not await world.is_active(tokens["access_token"])
    assert (await refreshed(world, tokens)).json()["error"] == "invalid_grant"
    assert (await whom_page(world)).status_code == 303, "there is nobody to choose"
    for person in (RESIDENT, SON):
        assert (await proxies_page(world, person)).count("終わらせる</button>") == 0


async def test_nobody_else_ends_it_and_no_form_of_another_session(world: World) -> None:
    await paired(world)
    id_ = await grant_id(world)
    await account_page(world, RESIDENT)
    await world.http.post(f"{world.issuer}/account/proxies/end", data={"csrf": "1.x", "grant": id_})
    await account_page(world, CLINICIAN)
    await posted(world, "/end", grant=id_)
    assert MOTHER in grants_on(await whom_page(world))


async def test_it_ends_by_itself(world: World) -> None:
    await paired(world, until="2026-01-06")
    tokens = await tokens_for(world)
    world.clock.at = world.clock.at.replace(year=2026, month=1, day=6, hour=14, minute=58, second=0)
    tokens = (await refreshed(world, tokens)).json()
    assert tokens["expires_in"] == 120, "until midnight in Japan, and no longer"
    world.clock.advance(timedelta(minutes=3))
    assert (await refreshed(world, tokens)).json()["error"] == "invalid_grant"
    assert (await whom_page(world)).status_code == 303


@pytest.mark.parametrize("how", [disable_account, unbind_resident])
async def test_it_ends_with_the_account_that_gave_it(world: World, how: Callable[..., Any]) -> None:
    await paired(world)
    tokens = await tokens_for(world)
    open_ = await code_of(world)
    async with world.engine.begin() as connection:
        await how(connection, world.means, world.accounts[RESIDENT.username])
    assert await is_withdrawn(world, tokens["access_token"])
    assert (await refreshed(world, tokens)).json()["error"] == "invalid_grant"
    assert (await whom_page(world)).status_code == 303
    assert not await accepted(world, open_)


async def test_a_newer_grant_takes_the_place_of_the_older(world: World) -> None:
    await paired(world, class_conditions="yes")
    tokens = await tokens_for(world)
    await paired(world, name="健一２")
    assert await is_withdrawn(world, tokens["access_token"])
    assert "Condition" not in (await tokens_for(world))["scope"]


async def test_a_proxy_gives_to_nobody_and_sees_no_other_proxy(world: World) -> None:
    await paired(world)
    await code_of(world, name="次郎")
    page = await given(world, SON, name="友人")
    assert page.status_code == 303, "their account is bound to nobody"
    mine = await proxies_page(world, SON)
    assert "次郎" not in mine
    assert "相手の名前" not in mine
    async with world.engine.connect() as connection:
        givers = set((await connection.execute(select(PROXY.c.given_by))).scalars())
    assert givers == {world.accounts[RESIDENT.username]}


async def test_staff_neither_give_nor_accept(world: World) -> None:
    code = await code_of(world)
    await account_page(world, CLINICIAN)
    assert (await world.http.get(f"{world.issuer}/account/proxies")).status_code == 303
    assert (await posted(world, "/accept", code=code)).status_code == 303
    assert await accepted(world, code), "nobody took it"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"person": None},
        {"name": "x" * 41},
        {"relationship": "guardian"},
        {"relationship": "friend"},
        {"class_medicines": None, "class_contacts": None},
        {"until": "2026-01-04"},
        {"until": "2027-02-01"},
        {"until": "9999-12-31"},
        {"until": "soon"},
        {"wishes": "yes"},
    ],
)
async def test_what_cannot_be_given_gives_no_code(
    world: World, changes: dict[str, str | None]
) -> None:
    page = await given(world, RESIDENT, **changes)
    assert page.status_code == 422
    assert 'class="big long"' not in page.text
    async with world.engine.connect() as connection:
        assert (await connection.execute(select(PROXY))).all() == []


async def test_no_more_than_ten_at_once(world: World) -> None:
    for _ in range(10):
        await code_of(world)
    page = await given(world)
    assert (page.status_code, "代理人が多すぎます" in page.text) == (422, True)
    world.clock.advance(timedelta(minutes=31))
    await code_of(world)


async def test_nothing_of_it_is_stored_in_the_clear(world: World) -> None:
    code = await code_of(world)
    await accepted(world, code)
    other = await code_of(world, name="次郎")
    stored = []
    async with world.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            query = text(f'SELECT string_agg(t::text, chr(10)) FROM "{table.name}" t')
            stored.append(await connection.scalar(query) or "")
    everything = "\n".join(stored)
    assert "adult-child" in everything
    for secret in ("健一", "次郎", MOTHER, code.replace(" ", ""), other.replace(" ", "")):
        assert secret not in everything
        assert secret.encode().hex() not in everything
