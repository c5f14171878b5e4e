"""Declarations over HTTP: signed, resolved to today's places, published, and gone by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.consent.world import BASE, START, world

from tasuki.consent.declaration_json import write_declaration
from tasuki.consent.declarations import Declaration
from tasuki.consent.signing import Standing, Untrusted, signature_of, verify_declaration
from tasuki.consent.signing.keys import withdraw_key
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, ActorRole
from tasuki.shared.access.jwks import read_keys
from tasuki.shared.access.records import NOBODY, Method, NewVersion
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.world import Server

pytestmark = pytest.mark.anyio

DRAFT: dict[str, Any] = {"areas": ["172049"], "authority": "石川県", "legal_basis": "災害救助法"}


async def test_what_is_opened_can_be_verified_with_the_published_keys(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        made = (await w.ask("POST", "/declarations", DRAFT)).json()
        answer = await w.http.get("/consent/fhir/.well-known/declaration-keys")
        assert answer.status_code == 200
        assert '"d"' not in answer.text
        keys = read_keys(answer.json())
        found = verify_declaration(made["signed"], keys, w.clock.now(), issuer=f"{BASE}/fhir")
        assert found.standing is Standing.OPEN
        assert found.declaration.id == made["id"]
        assert found.declaration.authority == "石川県"
        assert made["counts"] is True
        (body,) = await w.feed()
        assert signature_of(body) == made["signed"]
        assert set(body) == {"form", "id", "jws"}


async def test_renewing_and_closing_sign_anew(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        made = (await w.ask("POST", "/declarations", DRAFT)).json()
        end = (START + timedelta(days=7, hours=1)).isoformat()
        w.clock.advance(timedelta(hours=1))
        renewed = await w.ask("POST", f"/declarations/{made['id']}/renew", {"end": end})
        assert renewed.json()["version"] == 2
        w.clock.advance(timedelta(hours=1))
        closed = await w.ask("POST", f"/declarations/{made['id']}/close")
        assert closed.json()["closed_at"] == "2026-01-10T10:00:00+00:00"
        keys = w.app.state.declaring.keys.public
        signatures = [made["signed"], renewed.json()["signed"], closed.json()["signed"]]
        stands = [verify_declaration(one, keys, w.clock.now()) for one in signatures]
        assert [one.declaration.version for one in stands] == [1, 2, 3]
        assert stands[2].standing is Standing.CLOSED
        again = await w.ask("POST", f"/declarations/{made['id']}/renew", {"end": end})
        assert again.status_code == 409


async def test_merged_and_divided_municipalities(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path) as w:
        made = (await w.ask("POST", "/declarations", DRAFT | {"areas": ["173444"]})).json()
        assert made["areas"] == ["172120"]
        assert made["replaced"] == {"173444": "172120"}
        refused = await w.ask("POST", "/declarations", DRAFT | {"areas": ["172049", "221350", "9"]})
        assert refused.status_code == 422
        issues = refused.json()["issue"]
        assert [one["expression"] for one in issues] == [
            ["declaration.areas[1]"],
            ["declaration.areas[2]"],
        ]
        assert "divided" in issues[0]["diagnostics"]
        listed = await w.ask("GET", "/declarations")
        assert len(listed.json()["declarations"]) == 1


async def test_one_from_before_signatures_counts_when_it_is_renewed(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        old = Declaration(
            id="old",
            version=1,
            areas=frozenset({"172049"}),
            start=START,
            end=START + timedelta(days=1),
            roles=frozenset({ActorRole.NURSE}),
            classes=EMERGENCY_CLASSES,
            authority="x",
            legal_basis="x",
            drill=False,
            opened_by="officer-1",
            recorded_at=START,
        )
        written = render(write_declaration(old))
        version = NewVersion("Declaration", "old", NOBODY, 0, START, Method.POST, written)
        async with w.app.state.fhir.store.unit() as unit:
            await unit.write([version])
            assert await w.app.state.declaring.counting(unit) == ()
        (listed,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert (listed["signed"], listed["counts"]) == (None, False)
        with pytest.raises(Untrusted):
            signature_of((await w.feed())[0])
        end = (START + timedelta(days=2)).isoformat()
        renewed = (await w.ask("POST", "/declarations/old/renew", {"end": end})).json()
        assert (renewed["version"], renewed["counts"]) == (2, True)


async def test_after_a_key_was_withdrawn_a_renewal_signs_with_another(
    server: Server, tmp_path: Path
) -> None:
    async with world(server, tmp_path) as w:
        made = (await w.ask("POST", "/declarations", DRAFT)).json()
        path = tmp_path / "declarations.json"
        withdraw_key(path, made["key_id"])
        from tasuki.consent.signing.keys import open_keys  # noqa: PLC0415 - as a restart does

        object.__setattr__(w.app.state.declaring, "keys", open_keys(path, f"{BASE}/fhir"))
        (listed,) = (await w.ask("GET", "/declarations")).json()["declarations"]
        assert listed["counts"] is False
        end = (START + timedelta(days=2)).isoformat()
        renewed = await w.ask("POST", f"/declarations/{made['id']}/renew", {"end": end})
        assert renewed.json()["counts"] is True
        assert renewed.json()["key_id"] != made["key_id"]


async def test_without_a_key_nothing_is_declared(server: Server, tmp_path: Path) -> None:
    async with world(server, tmp_path, keys=False) as w:
        answer = await w.ask("POST", "/declarations", DRAFT)
        assert answer.status_code == 503
        assert (await w.ask("GET", "/declarations")).json() == {"declarations": []}
        assert (await w.http.get("/consent/fhir/.well-known/declaration-keys")).json() == {
            "keys": []
        }


@pytest.mark.parametrize("path", ["/declarations", "/declarations/x/close", "/warnings/x/dismiss"])
async def test_only_an_officer(server: Server, tmp_path: Path, path: str) -> None:
    async with world(server, tmp_path) as w:
        for token in (w.token("nurse"), w.token("service", "tasuki/warn tasuki/feed")):
            answer = await w.ask("POST", path, DRAFT | {"words": "x"}, token=token)
            assert answer.status_code == 403
        assert (await w.http.post(f"/consent{path}", json=DRAFT)).status_code == 401
