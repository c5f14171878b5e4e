"""The interactions against a plain model: any order of them gives the same answers.

https://hl7.org/fhir/R4/http.html

The model is a list of versions for each resource; it is the oracle of this test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.exploring import SUPPRESSED
from tests.integration.rest.house import BASE, house_on
from tests.store.world import tenant_on

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2
    from tests.store.world import Server

SYSTEM = "urn:oid:1.2.3"
VALUES = st.sampled_from(["1", "2"])
GENDERS = st.sampled_from(["male", "female", "other"])
SEEN = st.sampled_from([None, 1, 2, 3])
ANY = st.integers(min_value=0, max_value=7)


def _body(value: str, gender: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": value}],
        "gender": gender,
    }


def _said(resource: dict[str, Any]) -> dict[str, Any]:
    """Return what the caller said of a resource."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


@dataclass
class Model:
    """What the server must answer, kept in the plainest way: versions by id, None a deletion."""

    versions: dict[str, list[tuple[str, dict[str, Any] | None]]] = field(default_factory=dict)
    order: list[tuple[str, int]] = field(default_factory=list)

    def live(self, value: str) -> list[str]:
        """Return the ids of live resources with this identifier."""
        return [
            id_
            for id_, held in self.versions.items()
            if (body := held[-1][1]) is not None and body["identifier"][0]["value"] == value
        ]

    def add(self, id_: str, method: str, body: dict[str, Any] | None) -> None:
        """Add a version."""
        self.versions.setdefault(id_, []).append((method, body))
        self.order.append((id_, len(self.versions[id_])))


class HouseMachine(RuleBasedStateMachine):
    """Random requests to a tenant of its own."""

    server: Server
    folder: Path
    runner: asyncio.Runner
    numbers = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.stack = contextlib.AsyncExitStack()
        self.house = self.runner.run(self._open())

    async def _open(self) -> Any:
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        world = await self.stack.enter_async_context(tenant_on(self.server, folder))
        return await self.stack.enter_async_context(house_on(world))

    def teardown(self) -> None:
        """Close what was opened."""
        self.runner.run(self.stack.aclose())

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request, some time after the last."""
        if seen := more.pop("seen", None):
            more["headers"] = {"If-Match": f'W/"{seen}"', **more.get("headers", {})}
        answer: httpx2.Response = self.runner.run(self.house.ask(method, path, **more))
        return answer

    def pick(self, number: int) -> str:
        """Return an id that was made, or one that never was."""
        ids = list(self.model.versions)
        return ids[number % len(ids)] if number and ids else "nobody"

    def wrote(self, answer: httpx2.Response, method: str, body: dict[str, Any]) -> None:
        """Take up a version that was written."""
        id_ = str(answer.json()["id"])
        held = self.model.versions.get(id_, [])
        assert answer.headers["etag"] == f'W/"{len(held) + 1}"'
        assert _said(answer.json()) == body
        self.model.add(id_, method, body)

    def follow(self, answer: httpx2.Response, id_: str, seen: int | None) -> bool:
        """Return whether a further version of a live resource had to be accepted."""
        held = self.model.versions[id_]
        if seen is not None and seen != len(held):
            assert answer.status_code == 412, answer.text
            return False
        assert answer.status_code in (200, 204), answer.text
        return True

    @rule(value=VALUES, gender=GENDERS)
    def create(self, value: str, gender: str) -> None:
        body = _body(value, gender)
        answer = self.ask("POST", "/Patient", json=body)
        assert answer.status_code == 201
        self.wrote(answer, "POST", body)

    @rule(value=VALUES, gender=GENDERS)
    def create_unless(self, value: str, gender: str) -> None:
        body, found = _body(value, gender), self.model.live(value)
        headers = {"If-None-Exist": f"identifier={SYSTEM}|{value}"}
        answer = self.ask("POST", "/Patient", json=body, headers=headers)
        assert answer.status_code == (201, 200, 412)[min(len(found), 2)]
        if answer.status_code == 201:
            self.wrote(answer, "POST", body)
        elif answer.status_code == 200:
            assert answer.json()["id"] == found[0]
            assert _said(answer.json()) == self.model.versions[found[0]][-1][1]

    @rule(number=ANY, value=VALUES, gender=GENDERS, seen=SEEN)
    def update(self, number: int, value: str, gender: str, seen: int | None) -> None:
        id_, body = self.pick(number), _body(value, gender)
        answer = self.ask("PUT", f"/Patient/{id_}", json={**body, "id": id_}, seen=seen)
        if id_ not in self.model.versions:
            assert answer.status_code == 404
        elif self.follow(answer, id_, seen):
            self.wrote(answer, "PUT", body)

    @rule(value=VALUES, gender=GENDERS, seen=SEEN)
    def update_where(self, value: str, gender: str, seen: int | None) -> None:
        body, found = _body(value, gender), self.model.live(value)
        answer = self.ask("PUT", f"/Patient?identifier={value}", json=body, seen=seen)
        if len(found) > 1 or (not found and seen is not None):
            assert answer.status_code == 412
        elif not found:
            assert answer.status_code == 201
            self.wrote(answer, "POST", body)
        elif self.follow(answer, found[0], seen):
            self.wrote(answer, "PUT", body)

    @rule(number=ANY, gender=GENDERS, seen=SEEN)
    def patch(self, number: int, gender: str, seen: int | None) -> None:
        id_ = self.pick(number)
        answer = self._patched(f"/Patient/{id_}", gender, seen)
        held = self.model.versions.get(id_)
        if held is None:
            assert answer.status_code == 404
        elif (body := held[-1][1]) is None:
            assert answer.status_code == 410
        elif self.follow(answer, id_, seen):
            self.wrote(answer, "PATCH", {**body, "gender": gender})

    @rule(value=VALUES, gender=GENDERS, seen=SEEN)
    def patch_where(self, value: str, gender: str, seen: int | None) -> None:
        found = self.model.live(value)
        answer = self._patched(f"/Patient?identifier={SYSTEM}|{value}", gender, seen)
        if len(found) != 1:
            assert answer.status_code == (412 if found else 404)
        elif self.follow(answer, found[0], seen):
            body = self.model.versions[found[0]][-1][1] or {}
            self.wrote(answer, "PATCH", {**body, "gender": gender})

    def _patched(self, path: str, gender: str, seen: int | None) -> httpx2.Response:
        raw = json.dumps([{"op": "replace", "path": "/gender", "value": gender}]).encode()
        headers = {"Content-Type": "application/json-patch+json"}
        return self.ask("PATCH", path, raw=raw, headers=headers, seen=seen)

    @rule(number=ANY, seen=SEEN)
    def delete(self, number: int, seen: int | None) -> None:
        id_ = self.pick(number)
        answer = self.ask("DELETE", f"/Patient/{id_}", seen=seen)
        held = self.model.versions.get(id_)
        if held is None:
            assert answer.status_code == 404
        elif held[-1][1] is None:
            assert answer.status_code == 204
        elif self.follow(answer, id_, seen):
            self.model.add(id_, "DELETE", None)

    @rule(value=VALUES)
    def delete_where(self, value: str) -> None:
        found = self.model.live(value)
        answer = self.ask("DELETE", f"/Patient?identifier={value}")
        assert answer.status_code == (412 if len(found) > 1 else 204)
        if len(found) == 1:
            self.model.add(found[0], "DELETE", None)

    @rule(number=ANY, value=VALUES, seen=SEEN)
    def transact(self, number: int, value: str, seen: int | None) -> None:
        """Delete one resource and make another unless it is there; both or neither."""
        id_, found = self.pick(number), self.model.live(value)
        body = _body(value, "unknown")
        match = {} if seen is None else {"ifMatch": f'W/"{seen}"'}
        criteria = f"identifier={SYSTEM}|{value}"
        post = {"method": "POST", "url": "Patient", "ifNoneExist": criteria}
        entry = [
            {"request": {"method": "DELETE", "url": f"Patient/{id_}", **match}},
            {"request": post, "resource": body},
        ]
        sent = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
        answer = self.ask("POST", "/", json=sent)
        held = self.model.versions.get(id_, [])
        stale = seen is not None and seen != len(held)
        if len(found) > 1 or found == [id_] or not held or (held[-1][1] and stale):
            assert answer.status_code in (400, 404, 412), answer.text
            return
        assert answer.status_code == 200, answer.text
        told = answer.json()["entry"][1]["response"]
        if held[-1][1] is not None:
            self.model.add(id_, "DELETE", None)
        assert told["status"] == ("200" if found else "201")
        if not found:
            self.model.add(told["location"].split("/")[1], "POST", body)

    @rule(number=ANY, version=st.integers(min_value=1, max_value=4))
    def read(self, number: int, version: int) -> None:
        id_ = self.pick(number)
        held = self.model.versions.get(id_, [])
        for path, which in (
            (f"/Patient/{id_}", len(held)),
            (f"/Patient/{id_}/_history/{version}", version),
        ):
            answer = self.ask("GET", path)
            if not 0 < which <= len(held):
                assert answer.status_code == 404
                continue
            body = held[which - 1][1]
            assert answer.status_code == (410 if body is None else 200)
            assert body is None or _said(answer.json()) == body

    @invariant()
    def the_longest_history_agrees(self) -> None:
        for id_ in sorted(self.model.versions, key=lambda one: -len(self.model.versions[one]))[:1]:
            held = self.model.versions[id_]
            shown = self._walked(f"/Patient/{id_}/_history?_count=2")
            assert shown == [(id_, n, *one) for n, one in enumerate(held, start=1)][::-1]

    @invariant()
    def the_whole_history_agrees(self) -> None:
        every = [
            (id_, number, *self.model.versions[id_][number - 1]) for id_, number in self.model.order
        ]
        shown = self._walked("/Patient/_history?_count=5")
        assert sorted(shown, key=str) == sorted(every, key=str)

    def _walked(self, path: str) -> list[tuple[str, int, str, dict[str, Any] | None]]:
        shown: list[tuple[str, int, str, dict[str, Any] | None]] = []
        while path:
            assert len(shown) <= len(self.model.order)
            told = self.ask("GET", path.removeprefix(BASE)).json()
            for entry in told.get("entry", ()):
                resource = entry.get("resource")
                shown.append(
                    (
                        entry["fullUrl"].rpartition("/")[2],
                        int(entry["response"]["etag"].strip('W/"')),
                        entry["request"]["method"],
                        None if resource is None else _said(resource),
                    )
                )
            path = next((one["url"] for one in told["link"] if one["relation"] == "next"), "")
        return shown


def test_the_interactions_agree_with_a_plain_model(server: Server, tmp_path: Path) -> None:
    HouseMachine.server, HouseMachine.folder = server, tmp_path
    with asyncio.Runner() as runner:
        HouseMachine.runner = runner
        run_state_machine_as_test(
            HouseMachine,
            settings=settings(
                max_examples=15,
                stateful_step_count=15,
                deadline=None,
                # A failure of so few steps is read as it is; making it smaller takes minutes.
                phases=[Phase.reuse, Phase.generate],
                suppress_health_check=SUPPRESSED,
            ),
        )
