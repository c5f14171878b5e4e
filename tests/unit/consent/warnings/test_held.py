"""Documents that come twice, late and out of order: each counts once, the newest holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.consent.warnings import Bulletin, Hazard, Place, Source, judged, read_bulletin
from tasuki.consent.warnings.held import ANEW_AFTER, Decision, HeldProposal, State, heard
from tasuki.consent.warnings.held_json import read_proposal, write_proposal

DATA = Path(__file__).parents[3] / "data"
NOW = datetime(2026, 1, 10, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RAIN, SURGE = "大雨特別警報", "高潮特別警報"
WAJIMA, SUZU = Place("輪島市", "172049"), Place("珠洲市", "172057")


def bulletin(
    number: int, kind: str = RAIN, *places: Place, info: str = "発表", status: str = "通常"
) -> Bulletin:
    """Return the n-th document on one event."""
    return Bulletin(
        source=Source.JMA,
        document=f"d{number}-{info}-{status}-{kind}-{places}",
        event="e",
        refers_to=(),
        sent=NOW + number * MINUTE,
        order=(number, 0),
        status=status,
        info_type=info,
        kind="気象特別警報報知",
        title=f"第{number}報",
        headline="解除しました。" if kind == "解除" else "",
        publisher="気象台",
        hazards=() if info == "取消" else (Hazard(kind, places or (WAJIMA,)),),
    )


def after(
    *bulletins: Bulletin, held: HeldProposal | None = None, at: datetime = NOW
) -> HeldProposal:
    for one in bulletins:
        held = heard(held, one, judged(one), at)
    assert held is not None
    return held


def test_a_document_that_comes_twice_counts_once() -> None:
    once = after(bulletin(1))
    assert once.state is State.OPEN
    assert after(bulletin(1), held=once, at=NOW + MINUTE) is once


def test_a_cancellation_withdraws_and_is_told() -> None:
    held = after(bulletin(1), bulletin(2, info="取消"))
    assert held.state is State.WITHDRAWN
    assert held.cancelled is not None
    assert held.cancelled.title == "第2報"
    assert held.areas == ("172049",)


def test_an_older_document_overrides_nothing() -> None:
    held = after(bulletin(3, RAIN, WAJIMA, SUZU), bulletin(2, RAIN, WAJIMA))
    assert held.areas == ("172049", "172057")
    held = after(bulletin(2, info="取消"), bulletin(1))
    assert held.state is State.WITHDRAWN
    assert held.proposed is not None
    assert after(bulletin(2, info="取消"), bulletin(3)).state is State.OPEN


def test_what_is_lifted_is_told_and_not_withdrawn() -> None:
    for order in ((bulletin(1), bulletin(2, "解除")), (bulletin(2, "解除"), bulletin(1))):
        held = after(*order)
        assert held.state is State.OPEN
        assert held.is_lowered
    assert not after(bulletin(1), bulletin(2, "解除"), bulletin(3)).is_lowered


def test_what_was_never_grave_is_not_held() -> None:
    for one in (bulletin(1, "大雨警報"), bulletin(1, status="訓練"), bulletin(1, info="遅延")):
        assert heard(None, one, judged(one), NOW) is None


@pytest.mark.parametrize("status", ["訓練", "試験", "?"])
@pytest.mark.parametrize("info", ["発表", "取消"])
def test_a_drill_on_the_same_event_is_not_heard(status: str, info: str) -> None:
    held = after(bulletin(1))
    drill = bulletin(2, SURGE, SUZU, info=info, status=status)
    assert heard(held, drill, judged(drill), NOW) is held


def decided(held: HeldProposal, state: State = State.DISMISSED) -> HeldProposal:
    return replace(held, decision=Decision(state, "officer", NOW, "確認済み"))


def test_what_was_decided_stays_until_there_is_news() -> None:
    done = decided(after(bulletin(1, RAIN, WAJIMA, SUZU)))
    assert after(bulletin(2, RAIN, WAJIMA), held=done).state is State.DISMISSED
    assert after(bulletin(2, RAIN, WAJIMA, Place("穴水町")), held=done).state is State.OPEN
    assert after(bulletin(2, SURGE, WAJIMA), held=done).state is State.OPEN
    later = NOW + ANEW_AFTER + MINUTE
    assert after(bulletin(2, RAIN, WAJIMA), held=done, at=later).state is State.OPEN
    assert after(bulletin(2, info="取消"), bulletin(3), held=done).state is State.OPEN


def test_a_cancellation_after_the_decision_is_told_and_changes_no_decision() -> None:
    held = after(bulletin(2, info="取消"), held=decided(after(bulletin(1)), State.USED))
    assert held.state is State.USED
    assert held.is_cancelled


ANY = st.builds(
    bulletin,
    st.integers(1, 9),
    st.sampled_from([RAIN, SURGE, "解除", "大雨警報"]),
    st.sampled_from([WAJIMA, SUZU]),
    info=st.sampled_from(["発表", "訂正", "取消"]),
    status=st.sampled_from(["通常", "訓練"]),
)


@given(st.lists(ANY, min_size=1, max_size=8), st.randoms())
def test_the_order_of_arrival_does_not_matter(bulletins: list[Bulletin], random: object) -> None:
    """But for 'not grave', which is not held before there is anything it could lower."""
    bulletins = [one for one in bulletins if one.hazards == () or one.hazards[0].kind != "大雨警報"]
    shuffled = [*bulletins, *bulletins[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    ends = []
    for order in (bulletins, shuffled):
        held: HeldProposal | None = None
        for one in order:
            held = heard(held, one, judged(one), NOW)
        ends.append(
            None if held is None else replace(held, documents=tuple(sorted(held.documents)))
        )
    assert ends[0] == ends[1]


@given(st.lists(ANY, min_size=1, max_size=5))
def test_what_is_held_is_kept_and_read_back(bulletins: list[Bulletin]) -> None:
    held: HeldProposal | None = None
    for one in bulletins:
        held = heard(held, one, judged(one), NOW)
    if held is not None:
        for form in (held, decided(held)):
            assert read_proposal(json.loads(json.dumps(write_proposal(form)))) == form


def test_the_documents_of_one_event_as_they_really_come() -> None:
    names = ("32-39_11_02_120615_VTSE41", "32-39_11_13_120615_VTSE41")
    wave, lifted = (read_bulletin((DATA / f"jma-xml/{n}.xml").read_bytes()) for n in names)
    held = after(wave, lifted)
    assert held.is_lowered
    assert [place.name for place in held.places] == ["東北地方太平洋沿岸"]
    assert held.areas == ()
    others = ("lalert-evacuation-cancelled", "lalert-evacuation", "lalert-evacuation-lifted")
    orders = [read_bulletin((DATA / f"warnings/{n}.xml").read_bytes()) for n in others]
    assert after(*orders).state is State.WITHDRAWN
    assert after(*orders[1:]).is_lowered
