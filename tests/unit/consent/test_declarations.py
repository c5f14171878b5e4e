"""Disaster declarations and the feeds that may propose one.

https://laws.e-gov.go.jp/law/322AC0000000118, https://xml.kishou.go.jp/tec_material.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.consent.declaration_json import read_declaration, write_declaration
from tasuki.consent.declarations import (
    append_version,
    close_declaration,
    covers,
    latest_versions,
    open_declaration,
    renew_declaration,
)
from tasuki.consent.proposals import Proposal, may_propose
from tasuki.consent.vocabulary import ActorRole
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.declarations import Declaration

OFFICER = ActorRole.OFFICER
DAY = timedelta(days=1)


def _known(code: str) -> bool:
    return code in {"172049", "172014"}


@pytest.mark.parametrize("role", [role for role in ActorRole if role is not OFFICER])
def test_only_an_officer_opens_renews_or_closes(
    declaration_of: Callable[..., Declaration], now: datetime, role: ActorRole
) -> None:
    current = declaration_of()
    attempts: list[Callable[[], Declaration]] = [
        lambda: open_declaration(current, by_role=role, known=_known),
        lambda: renew_declaration(current, end=now + DAY, at=now, by="x", by_role=role),
        lambda: close_declaration(current, at=now, by="x", by_role=role),
    ]
    for attempt in attempts:
        with pytest.raises(Fault) as caught:
            attempt()
        assert caught.value.category is Category.FORBIDDEN


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"id": " "}, "id"),
        ({"version": 2}, "version"),
        ({"areas": frozenset()}, "areas"),
        ({"areas": frozenset({"17204"})}, "areas"),
        ({"areas": frozenset({"１７２０４９"})}, "areas"),  # noqa: RUF001 - full-width digits
        ({"areas": frozenset({"172049", "999999"})}, "areas"),
        ({"roles": frozenset()}, "roles"),
        ({"roles": frozenset({ActorRole.HOSPITAL})}, "roles"),
        ({"classes": frozenset()}, "classes"),
        ({"authority": ""}, "authority"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"opened_by": ""}, "opened_by"),
    ],
)
def test_a_declaration_with_a_part_missing_is_not_opened(
    declaration_of: Callable[..., Declaration], over: dict[str, Any], field: str
) -> None:
    with pytest.raises(Fault) as caught:
        open_declaration(declaration_of(**over), by_role=OFFICER, known=_known)
    assert (caught.value.category, caught.value.at) == (
        Category.STRUCTURE,
        (f"declaration.{field}",),
    )


def test_seven_days_is_the_longest(declaration_of: Callable[..., Declaration]) -> None:
    start = declaration_of().start
    week = declaration_of(end=start + 7 * DAY)
    assert open_declaration(week, by_role=OFFICER, known=_known) is week
    for end in (start + 7 * DAY + timedelta(seconds=1), start, start - DAY):
        with pytest.raises(Fault) as caught:
            open_declaration(declaration_of(end=end), by_role=OFFICER, known=_known)
        assert caught.value.at == ("declaration.end",)


def test_a_time_that_has_passed_is_not_declared(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    late = declaration_of(start=now - 2 * DAY, end=now - DAY, recorded_at=now)
    with pytest.raises(Fault):
        open_declaration(late, by_role=OFFICER, known=_known)


def test_it_covers_its_places_and_time_and_ends_by_itself(
    declaration_of: Callable[..., Declaration],
) -> None:
    d = declaration_of()
    assert covers(d, "172049", d.start)
    assert covers(d, "172049", d.end - timedelta(microseconds=1))
    for place, at in (
        ("172049", d.end),
        ("172049", d.start - timedelta(microseconds=1)),
        ("172014", d.start),
        (None, d.start),
    ):
        assert not covers(d, place, at)


def test_renewing_gives_a_week_from_now_and_not_more(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    first = declaration_of()
    second = renew_declaration(
        first, end=now + 7 * DAY, at=now, by="Practitioner/b", by_role=OFFICER
    )
    assert (second.version, second.end, second.opened_by) == (2, now + 7 * DAY, "Practitioner/b")
    assert append_version((first,), second) == (first, second)
    for end in (now + 7 * DAY + timedelta(seconds=1), now):
        with pytest.raises(Fault):
            renew_declaration(first, end=end, at=now, by="b", by_role=OFFICER)


def test_what_is_over_is_not_renewed(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    closed = close_declaration(declaration_of(), at=now, by="b", by_role=OFFICER)
    for over, at in ((declaration_of(), declaration_of().end), (closed, now)):
        with pytest.raises(Fault) as caught:
            renew_declaration(over, end=at + DAY, at=at, by="b", by_role=OFFICER)
        assert caught.value.category is Category.CONFLICT
    with pytest.raises(Fault):
        close_declaration(closed, at=now, by="b", by_role=OFFICER)
    assert not covers(closed, "172049", now)
    assert covers(closed, "172049", now - timedelta(seconds=1))  # it was open then


def test_history_only_grows(declaration_of: Callable[..., Declaration], now: datetime) -> None:
    first = declaration_of()
    closed = close_declaration(first, at=now, by="b", by_role=OFFICER)
    wrong = [
        declaration_of(version=3),
        declaration_of(),
        declaration_of(version=2, areas=frozenset({"172014"})),
        declaration_of(version=2, drill=True),
        declaration_of(version=2, id="d2"),
    ]
    for new in wrong:
        with pytest.raises(Fault):
            append_version((first,), new)
    with pytest.raises(Fault):
        append_version((), declaration_of(version=2))
    with pytest.raises(Fault):
        append_version((first, closed), declaration_of(version=3))
    assert latest_versions((closed, first, declaration_of(id="a"))) == (
        declaration_of(id="a"),
        closed,
    )


def test_the_json_form_round_trips(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    renewed = renew_declaration(
        declaration_of(), end=now + 7 * DAY, at=now, by="b", by_role=OFFICER
    )
    closed = close_declaration(renewed, at=now, by="b", by_role=OFFICER)
    for one in (declaration_of(), declaration_of(drill=True), renewed, closed):
        assert read_declaration(json.loads(json.dumps(write_declaration(one)))) == one


@pytest.mark.parametrize(
    ("over", "path"),
    [
        ({"form": "tasuki-declaration/2"}, "form"),
        ({"drill": "no"}, "drill"),
        ({"drill": None}, "drill"),
        ({"version": True}, "version"),
        ({"areas": "172049"}, "areas"),
        ({"roles": ["mayor"]}, "roles"),
        ({"start": "2022-07-01"}, "start"),
        ({"end": "2022-07-01T00:00:00"}, "end"),
        ({"reopened": True}, "reopened"),
        ({"end": "2032-07-01T00:00:00Z"}, "end"),
    ],
)
def test_a_json_form_not_understood_is_refused(
    declaration_of: Callable[..., Declaration], over: dict[str, Any], path: str
) -> None:
    with pytest.raises(Fault) as caught:
        read_declaration({**write_declaration(declaration_of()), **over})
    assert caught.value.at == (f"declaration.{path}",)


@pytest.mark.parametrize(
    "status", ["訓練", "試験", "Exercise", "Test", "System", "actual", "", "?"]
)
@pytest.mark.parametrize("info", ["発表", "訂正", "取消", "Report", "Update", "Cancel"])
def test_drills_tests_and_unknown_words_propose_nothing(status: str, info: str) -> None:
    assert may_propose(status, info) is None


@pytest.mark.parametrize(
    ("status", "info", "proposal"),
    [
        ("通常", "発表", Proposal.OPEN),
        ("通常", "訂正", Proposal.OPEN),
        ("通常", "取消", Proposal.WITHDRAW),
        ("Actual", "Report", Proposal.OPEN),
        ("Actual", "Update", Proposal.OPEN),
        ("Actual", "Cancel", Proposal.WITHDRAW),
        ("通常", "Report", None),
        ("Actual", "発表", None),
        ("通常", "遅延", None),
    ],
)
def test_a_real_document_may_propose(status: str, info: str, proposal: Proposal | None) -> None:
    assert may_propose(status, info) is proposal
