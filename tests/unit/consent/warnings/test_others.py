"""L-Alert and CAP: our own fixtures and what each is expected to do.

https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tasuki.consent.warnings import Bulletin, Source, Verdict, Why, judged, read_bulletin
from tasuki.shared.faults import Category, Fault

DATA = Path(__file__).parents[3] / "data/warnings"
P, W, N = Verdict.PROPOSES, Verdict.WITHDRAWS, Verdict.NOTHING
EXPECTED = {
    "lalert-evacuation": (P, Why.GRAVE),
    "lalert-evacuation-whole": (P, Why.GRAVE),
    "lalert-evacuation-lifted": (N, Why.LIFTED),
    "lalert-evacuation-cancelled": (W, Why.CANCELLED),
    "lalert-elderly-only": (N, Why.NOT_GRAVE),
    "lalert-exercise": (N, Why.NOT_REAL),
    "lalert-test": (N, Why.NOT_REAL),
    "lalert-system": (N, Why.NOT_REAL),
    "lalert-two-statuses": (N, Why.NOT_REAL),
    "lalert-drill-in-words": (N, Why.WORDS_OF_A_DRILL),
    "lalert-relief-act": (P, Why.GRAVE),
    "lalert-shelter": (N, Why.NOT_GRAVE),
    "lalert-old-code": (P, Why.GRAVE),
    "cap-extreme": (P, Why.GRAVE),
    "cap-update": (P, Why.GRAVE),
    "cap-cancel": (W, Why.CANCELLED),
    "cap-all-clear": (N, Why.LIFTED),
    "cap-special-warning": (P, Why.GRAVE),
    "cap-severe": (N, Why.NOT_GRAVE),
    "cap-possible": (N, Why.NOT_GRAVE),
    "cap-exercise": (N, Why.NOT_REAL),
    "cap-test": (N, Why.NOT_REAL),
    "cap-draft": (N, Why.NOT_REAL),
    "cap-system": (N, Why.NOT_REAL),
    "cap-private": (N, Why.NOT_REAL),
    "cap-ack": (N, Why.NOT_REAL),
    "cap-error": (N, Why.NOT_REAL),
}


def text(name: str) -> str:
    return (DATA / f"{name}.xml").read_text("utf-8")


def read(name: str) -> Bulletin:
    return read_bulletin(text(name).encode())


def places(name: str) -> list[tuple[str, str | None, bool]]:
    grave = judged(read(name)).grave
    return [(p.name, p.code, p.part) for hazard in grave for p in hazard.places]


def test_every_fixture_is_expected() -> None:
    assert {path.stem for path in DATA.glob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_document_does_what_is_expected(name: str) -> None:
    found = judged(read(name))
    assert (found.verdict, found.why) == EXPECTED[name]


def test_districts_are_parts_of_the_municipality() -> None:
    assert places("lalert-evacuation") == [("河井町", "172049", True), ("鳳至町", "172049", True)]
    assert places("lalert-evacuation-whole") == [("輪島市", "172049", False)]
    assert places("lalert-old-code") == [("野々市町", "172120", False)]


def test_a_later_revision_and_a_cancellation_are_of_the_same_document() -> None:
    first, lifted, cancelled = (
        read(f"lalert-evacuation{end}") for end in ("", "-lifted", "-cancelled")
    )
    assert first.event == lifted.event == cancelled.event
    assert len({first.document, lifted.document, cancelled.document}) == 3
    assert first.order < lifted.order < cancelled.order


def test_the_revision_decides_which_is_newer_not_the_time() -> None:
    """`documentRevision`: apply only what is higher."""
    older = text("lalert-evacuation").replace("2026-01-10T16:40", "2027-01-10T16:40")
    assert read_bulletin(older.encode()).order < read("lalert-evacuation-lifted").order


def test_cap_documents_refer_to_the_first() -> None:
    first, update, cancel = (read(f"cap-{end}") for end in ("extreme", "update", "cancel"))
    assert first.event == first.document
    assert update.event == cancel.event == first.document
    assert update.refers_to == cancel.refers_to == (first.document,)
    assert first.source is Source.CAP


def test_codes_of_several_kinds_are_read() -> None:
    assert {code for _, code, _ in places("cap-extreme")} == {"172049", "172057"}
    assert {code for _, code, _ in places("cap-update")} == {"172049", "174637"}
    assert places("cap-special-warning") == [("輪島市", None, False)]


@pytest.mark.parametrize(
    ("words", "drill"),
    [
        ("これは訓練です。", True),
        ("【訓練】避難指示", True),
        ("（試験）配信", True),
        ("テスト配信です", True),
        ("This is a DRILL.", True),
        ("これは訓練ではありません。", False),
        ("消防訓練場が避難所になりました。", False),
        ("", False),
    ],
)
def test_words_that_call_a_real_document_a_drill(words: str, drill: bool) -> None:
    body = text("lalert-evacuation").replace(
        "<pcx_ib:Text>大雨により", f"<pcx_ib:Text>{words}大雨により"
    )
    found = judged(read_bulletin(body.encode()))
    assert (found.why is Why.WORDS_OF_A_DRILL) is drill
    assert (found.verdict is Verdict.PROPOSES) is not drill


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        ("lalert-evacuation", "documentID>", "documentI>", "contentObject/documentID"),
        ("lalert-evacuation", "distributionStatus>", "d>", "EDXLDistribution/distributionStatus"),
        ("lalert-evacuation", "+09:00<", "<", "EDXLDistribution/dateTimeSent"),
        ("lalert-evacuation", "contentObject>", "c>", "contentObject"),
        ("cap-extreme", "identifier>", "i>", "alert/identifier"),
        ("cap-extreme", "sent>", "s>", "alert/sent"),
        ("cap-extreme", "msgType>", "m>", "alert/msgType"),
        ("cap-extreme", "<status>Actual</status>", "", "alert/status"),
    ],
)
def test_a_document_without_what_it_needs_is_refused(
    name: str, old: str, new: str, path: str
) -> None:
    assert old in text(name)
    with pytest.raises(Fault) as caught:
        read_bulletin(text(name).replace(old, new).encode())
    assert caught.value.category in (Category.INVALID, Category.NOT_SUPPORTED)
    assert caught.value.at == (path,)


@pytest.mark.parametrize("references", ["x", "a,b", ",,,", "a,b,c a,b,c", " "])
def test_references_of_another_form_name_nothing(references: str) -> None:
    body = text("cap-cancel").replace(
        "alerts@example.jp,CAP-2026-0001,2026-01-10T16:20:00+09:00", references
    )
    found = read_bulletin(body.encode())
    assert len(set(found.refers_to)) == (1 if references.count(",") == 4 else 0)


def test_an_all_clear_is_no_warning_whatever_its_event_is_called() -> None:
    clear = "<responseType>AllClear</responseType>"
    body = text("cap-special-warning").replace("</event>", f"</event>{clear}")
    assert judged(read_bulletin(body.encode())).why is Why.LIFTED


def test_of_several_municipalities_it_is_not_said_which_has_the_districts() -> None:
    more = "<commons:jisX0402>172049</commons:jisX0402>"
    body = text("lalert-evacuation").replace(more, more + more.replace("172049", "172057"))
    (hazard,) = judged(read_bulletin(body.encode())).grave
    assert [(p.name, p.code, p.part) for p in hazard.places] == [
        ("輪島市", "172049", True),
        ("輪島市", "172057", True),
        ("河井町", None, False),
        ("鳳至町", None, False),
    ]
