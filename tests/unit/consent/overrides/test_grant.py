"""An override in the feed: what is needed to obey it, and nothing once it is over."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.unit.consent.overrides.conftest import AT, HOUR
from tests.unit.web.fakes import FakeCopies

from tasuki.consent.feed import ConsentFeedEntry, FeedPage, read_page, write_page
from tasuki.consent.keeping import FEED, KeptSnapshot
from tasuki.consent.overrides.grant import Grant, read_grant, write_grant
from tasuki.consent.overrides.override import Override, Second, stopped, timed_out
from tasuki.consent.signing.trust import Trust
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.records import Copy
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasuki.shared.access.records import Unit

    Made = Callable[..., Override]

TOKEN = "ab" * 16


def test_the_form_is_kept(made_of: Made) -> None:
    """Append-only: readers of this form are out there."""
    assert write_grant(made_of(second=Second(subject="doctor-2", at=AT))) == {
        "form": "tasuki-override/1",
        "id": "0a1b2c3d-0000-4000-8000-000000000001",
        "subject": "doctor-1",
        "reason": "life",
        "text": "unconscious",
        "opened_at": "2026-01-05T00:00:00+00:00",
        "ends_at": "2026-01-05T01:00:00+00:00",
        "second": "doctor-2",
    }


def test_what_is_written_is_read(made_of: Made) -> None:
    one = made_of()
    assert read_grant(write_grant(one)) == Grant(
        one.id, "doctor-1", one.reason, "unconscious", AT, AT + HOUR
    )


def test_what_is_over_says_nothing_of_why(made_of: Made) -> None:
    for ended in (
        stopped(made_of(), by="doctor-1", at=AT),
        timed_out(made_of(), at=AT + HOUR),
    ):
        written = write_grant(ended)
        assert read_grant(written) is None
        assert "unconscious" not in json.dumps(written)


@pytest.mark.parametrize(
    ("over", "place"),
    [
        ({"form": "tasuki-override/2"}, "override.form"),
        ({"id": ""}, "override.id"),
        ({"subject": " "}, "override.subject"),
        ({"reason": "curiosity"}, "override.reason"),
        ({"text": ""}, "override.text"),
        ({"opened_at": "2026-01-05"}, "override.opened_at"),
        ({"ends_at": "soon"}, "override.ends_at"),
        ({"second": 7}, "override.second"),
        ({"patient": "p1"}, "override.patient"),
        ({"closed": False}, "override.closed"),
    ],
)
def test_what_is_not_understood_is_refused(made_of: Made, over: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as refused:
        read_grant({**write_grant(made_of()), **over})
    assert (refused.value.category, refused.value.at) == (Category.STRUCTURE, (place,))


class _Kept:
    """As much of a `Unit` as is asked here: the copies as the store holds them."""

    def __init__(self, copies: FakeCopies) -> None:
        self._copies = copies

    async def copies(self, feed: str, owner: str) -> list[Copy]:
        del owner
        found = [
            (one.key, one.seq, one.body)
            for one in self._copies.held.get(feed, {}).values()
            if one.body
        ]
        return [Copy(*one) for one in sorted(found)]


def snapshot_of(copies: FakeCopies) -> KeptSnapshot:
    clock = FixedClock(AT)
    return KeptSnapshot(copies, clock, Trust(StaticJwks({}), "x", clock))


def page(*entries: tuple[int, Mapping[str, object]], person: tuple[str, ...] = (TOKEN,)) -> bytes:
    told = tuple(ConsentFeedEntry(seq, "e1", "override", person, body) for seq, body in entries)
    reached = max((seq for seq, _ in entries), default=0)
    return write_page(FeedPage("e1", told, reached, None)).encode()


def held(snapshot: KeptSnapshot, copies: FakeCopies) -> tuple[Grant, ...]:
    return asyncio.run(snapshot.overrides(cast("Unit", _Kept(copies)), "p1"))


def test_a_page_twice_changes_nothing_and_an_old_one_brings_nothing_back(made_of: Made) -> None:
    copies = FakeCopies()
    snapshot = snapshot_of(copies)
    opened, ended = made_of(), stopped(made_of(), by="doctor-1", at=AT)
    first, last = page((1, write_grant(opened))), page((2, write_grant(ended)))
    for content in (first, first):
        asyncio.run(snapshot.apply(content, AT))
        assert [one.id for one in held(snapshot, copies)] == [opened.id]
    for content in (last, first, last):
        asyncio.run(snapshot.apply(content, AT))
        assert held(snapshot, copies) == ()
    assert b"unconscious" not in b"".join(
        one.body or b"" for one in copies.held.get(FEED, {}).values()
    )


def test_both_in_one_page_leave_nothing(made_of: Made) -> None:
    copies = FakeCopies()
    snapshot = snapshot_of(copies)
    ended = stopped(made_of(), by="doctor-1", at=AT)
    asyncio.run(snapshot.apply(page((1, write_grant(made_of())), (2, write_grant(ended))), AT))
    assert held(snapshot, copies) == ()


def test_a_restarted_service_keeps_it(made_of: Made) -> None:
    copies = FakeCopies()
    before = snapshot_of(copies)
    asyncio.run(before.apply(page((1, write_grant(made_of()))), AT))
    after = snapshot_of(copies)
    asyncio.run(after.open())
    assert [one.id for one in held(after, copies)] == [made_of().id]
    assert asyncio.run(after.consents(cast("Unit", _Kept(copies)), "p1")) == ()


def test_an_override_of_nobody_is_refused(made_of: Made) -> None:
    with pytest.raises(Fault) as refused:
        read_page(page((1, write_grant(made_of())), person=()))
    assert refused.value.at == ("page.entries[0].person",)
