"""The door for feed clients: documents in, proposals out; nothing is ever opened or closed by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.consent.world import DATA, world

from tasuki.consent.warnings.desk import KEPT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.consent.world import Json, World
    from tests.store.world import Server

pytestmark = pytest.mark.anyio

RAIN = "jma-xml/62_01_01_130412_VPNO50"
ORDER = "warnings/lalert-evacuation"


async def proposals(w: World) -> list[Json]:
    answer = await w.ask("GET", "/warnings")
    assert answer.status_code == 200
    found: list[Json] = answer.json()["proposals"]
    return found


async def test_every_document_there_is_opens_nothing(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        verdicts = set()
        w.clock.advance(timedelta(days=3))  # the latest of them is two days on
        for path in sorted(DATA.glob("jma-xml/*.xml")) + sorted(DATA.glob("warnings/*.xml")):
            answer = await w.warn(str(path.relative_to(DATA))[: -len(".xml")])
            assert answer.status_code == 200, path.name
            verdicts.add(answer.json()["verdict"])
        assert verdicts == {"proposes", "withdraws", "nothing"}
        assert (await w.ask("GET", "/declarations")).json() == {"declarations": []}
        assert await w.feed() == []
        said = str(await proposals(w))
        assert "訓練" not in said
        assert len(await proposals(w)) == 9


async def test_a_proposal_says_who_said_what_of_where(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        told = (await w.warn(RAIN)).json()
        assert (told["verdict"], told["why"], told["news"]) == ("proposes", "grave", True)
        (held,) = await proposals(w)
        assert held["id"] == told["proposal"]
        assert held["state"] == "open"
        assert held["document"]["publisher"] == "奈良地方気象台"
        assert len(held["areas"]) == 26
        (hazard,) = held["document"]["hazards"]
        assert {"name": "五條市北部", "code": "292079", "part": True} in hazard["places"]


async def test_the_same_document_twice_is_one(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        first = (await w.warn(ORDER)).json()
        again = (await w.warn(ORDER)).json()
        assert again == first | {"news": False}
        assert len(await proposals(w)) == 1


async def test_a_cancellation_withdraws_the_proposal_and_closes_no_declaration(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        await w.warn(ORDER)
        draft = {"areas": ["172049"], "authority": "石川県", "legal_basis": "災害救助法"}
        await w.ask("POST", "/declarations", draft)
        told = (await w.warn("warnings/lalert-evacuation-cancelled")).json()
        assert (told["verdict"], told["state"]) == ("withdraws", "withdrawn")
        (held,) = await proposals(w)
        assert held["state"] == "withdrawn"
        assert held["cancelled"]["headline"].startswith("誤って配信")
        (declared,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert "closed_at" not in declared


async def test_a_document_from_the_future_is_refused(server: Server, tmp_path: Path) -> None:
    """It would be newer than every true one, and nothing could be said of the event any more."""
    async with world(server, tmp_path) as w:
        late = {"2026-01-10T16:20:00": "2026-01-10T18:00:01"}  # the clock stands at 17:00
        refused = await w.warn("warnings/cap-extreme", **late)
        assert refused.status_code == 400
        assert "future" in refused.json()["issue"][0]["diagnostics"]
        assert (await w.warn("warnings/cap-extreme")).json()["verdict"] == "proposes"


async def test_a_cancellation_that_comes_first_still_withdraws(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        await w.warn("warnings/lalert-evacuation-cancelled")
        assert await proposals(w) == []
        told = (await w.warn(ORDER)).json()
        assert told["state"] == "withdrawn"


async def test_an_alert_that_names_its_last_forerunner_only(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        await w.warn("warnings/cap-extreme")
        await w.warn("warnings/cap-update")
        reference = {"CAP-2026-0001,2026-01-10T16:20:00": "CAP-2026-0002,2026-01-10T16:40:00"}
        told = (await w.warn("warnings/cap-cancel", **reference)).json()
        assert told["state"] == "withdrawn"
        assert len(await proposals(w)) == 1


async def test_an_officer_dismisses_with_words_once(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        id_ = (await w.warn(ORDER)).json()["proposal"]
        path = f"/warnings/{id_}/dismiss"
        assert (await w.ask("POST", path, {})).status_code == 422
        done = await w.ask("POST", path, {"words": "一部地区のみで、救助法の適用なし"})
        assert (done.json()["state"], done.json()["words"][:2]) == ("dismissed", "一部")
        assert (await w.ask("POST", path, {"words": "x"})).status_code == 409
        assert (await w.ask("POST", "/warnings/none/dismiss", {"words": "x"})).status_code == 404


async def test_what_nobody_has_heard_of_for_long_is_let_go(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        await w.warn(ORDER)
        w.clock.advance(KEPT + timedelta(minutes=1))
        await w.warn(RAIN)
        assert [held["source"] for held in await proposals(w)] == ["jma"]
        assert (await w.warn(ORDER)).json()["news"] is True  # and may be heard of again


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({}, b"<a/>", 415),
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/xml", "Content-Encoding": "gzip"}, b"<a/>", 415),
        ({"Content-Type": "application/xml"}, b"<a/>", 400),
        ({"Content-Type": "text/xml"}, b"<!DOCTYPE a><a/>", 400),
        ({"Content-Type": "text/xml"}, b"", 400),
        ({"Content-Type": "text/xml"}, b"x" * (1024 * 1024 + 1), 413),
    ],
)
async def test_what_is_no_document_is_refused(
    server: Server,
    tmp_path: Path,
    headers: dict[str, str],
    content: bytes,
    status: int,
) -> None:
    async with world(server, tmp_path) as w:
        token = {"Authorization": f"Bearer {w.token('service', 'tasuki/warn')}"}
        answer = await w.http.post("/consent/warnings", content=content, headers=headers | token)
        assert answer.status_code == status
        assert await proposals(w) == []


async def test_who_may_hand_in_and_who_may_read(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        xml = {"Content-Type": "application/xml"}
        for token in (w.token(), w.token("service", "tasuki/feed"), w.token("nurse", "openid")):
            headers = {"Authorization": f"Bearer {token}"} | xml
            answer = await w.http.post("/consent/warnings", content=b"<a/>", headers=headers)
            assert answer.status_code == 403
        assert (await w.http.post("/consent/warnings", content=b"", headers=xml)).status_code == 401
        for token in (w.token("service", "tasuki/warn tasuki/feed"), w.token("nurse", "openid")):
            assert (await w.ask("GET", "/warnings", token=token)).status_code == 403


async def test_each_word_leaves_a_leaf_and_no_proposal_is_in_the_feed(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        told = (await w.warn(ORDER)).json()
        await w.warn(ORDER)
        await w.ask("POST", f"/warnings/{told['proposal']}/dismiss", {"words": "x"})
        store = w.app.state.fhir.store
        async with store.engine.connect() as connection:
            rows = await connection.exec_driver_sql("SELECT count(*) FROM audit_leaf")
            assert rows.scalar() == 2
        assert await w.feed() == []
