"""XML from strangers: bombs, files, depth, rubbish. Never anything but a Fault, never a value of theirs.

https://owasp.org/www-community/vulnerabilities/XML_External_Entity_(XXE)_Processing
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasuki.consent.warnings import judged, read_bulletin
from tasuki.consent.warnings.xml import MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_xml
from tasuki.shared.faults import Category, Fault

DATA = Path(__file__).parents[3] / "data"
SAMPLES = [
    (DATA / "jma-xml/62_01_01_130412_VPNO50.xml").read_bytes(),
    (DATA / "jma-xml/32-39_11_02_120615_VTSE41.xml").read_bytes(),
    (DATA / "warnings/lalert-evacuation.xml").read_bytes(),
    (DATA / "warnings/cap-update.xml").read_bytes(),
]
BOMB = '<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("body", "category"),
    [
        (BOMB, Category.INVALID),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Category.INVALID),
        ('<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>', Category.INVALID),
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><a/>', Category.INVALID),
        ('<!DOCTYPE a [<!ATTLIST a b CDATA "x">]><a/>', Category.INVALID),
        ("<a>&undefined;</a>", Category.INVALID),
        ("<a><b></a>", Category.INVALID),
        ("<a/><a/>", Category.INVALID),
        ("", Category.INVALID),
        ("{}", Category.INVALID),
        ("<a x='1' x='2'/>", Category.INVALID),
        ("<p:a/>", Category.INVALID),
        ("<?xml version='1.0' encoding='no-such'?><a/>", Category.INVALID),
        ("<?xml version='1.0' encoding='shift_jis'?><a/>", Category.INVALID),
        ("<a>\x00</a>", Category.INVALID),
        ("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1), Category.INVALID),
        ("<a>" + "<b/>" * MAX_ELEMENTS + "</a>", Category.INVALID),
        ("<a " + " ".join(f"a{n}=''" for n in range(MAX_ATTRIBUTES + 1)) + "/>", Category.INVALID),
        ("<a>" + "x" * MAX_BYTES + "</a>", Category.TOO_LARGE),
        ("<a/>", Category.NOT_SUPPORTED),
        ("<Report/>", Category.NOT_SUPPORTED),
        ("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.1'/>", Category.NOT_SUPPORTED),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_it_is_refused(body: str, category: Category) -> None:
    with pytest.raises(Fault) as caught:
        read_bulletin(body.encode())
    assert caught.value.category is category
    assert "passwd" not in caught.value.message


def test_what_is_allowed_is_allowed_to_the_brim() -> None:
    root = read_xml(
        b"<a>" * (MAX_DEPTH - 1) + b"<b>&lt;&#x3042;<![CDATA[<]]></b>" + b"</a>" * (MAX_DEPTH - 1)
    )
    assert [node.text for node in root.below("b")] == ["<あ<"]


@given(st.binary(max_size=400))
def test_any_bytes(body: bytes) -> None:
    _judge(body)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 40), st.binary(max_size=12))),
)
def test_damaged_documents(sample: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    for at, length, instead in cuts:
        sample = sample[:at] + instead + sample[at + length :]
    _judge(sample)


WORDS = st.sampled_from(
    ["", "通常", "発表", "取消", "Actual", "Cancel", "Report", "2011-09-03T03:00:00Z", "172049"]
) | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
NAMES = st.sampled_from(
    [
        *(
            "Control",
            "Head",
            "Title",
            "DateTime",
            "Status",
            "EditorialOffice",
            "InfoType",
            "Serial",
        ),
        *("ReportDateTime", "EventID", "Headline", "Information", "Item", "Kind", "Name", "Areas"),
        *("Area", "Code", "distributionID", "senderID", "dateTimeSent", "distributionStatus"),
        *("distributionType", "targetArea", "jisX0402", "contentObject", "documentID", "category"),
        *("documentRevision", "Report", "Detail", "Sort", "identifier", "sender", "sent", "status"),
        *(
            "msgType",
            "scope",
            "references",
            "info",
            "event",
            "severity",
            "area",
            "geocode",
            "value",
        ),
    ]
)
TREES = st.recursive(
    st.tuples(NAMES, WORDS),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=6)),
    max_leaves=25,
)
ROOTS = st.sampled_from(
    [
        ("Report", "http://xml.kishou.go.jp/jmaxml1/"),
        ("EDXLDistribution", "urn:oasis:names:tc:emergency:EDXL:DE:1.0"),
        ("alert", "urn:oasis:names:tc:emergency:cap:1.2"),
    ]
)


@given(root=ROOTS, children=st.lists(TREES, max_size=8))
def test_any_tree_of_known_names(root: tuple[str, str], children: list[tuple[str, object]]) -> None:
    name, space = root
    inside = "".join(map(_written, children))
    _judge(f"<{name} xmlns='{space}'>{inside}</{name}>".encode())


def _written(tree: tuple[str, object]) -> str:
    name, inside = tree
    if isinstance(inside, str):
        escaped = inside.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{name}>{escaped}</{name}>"
    assert isinstance(inside, list)
    return f"<{name}>{''.join(map(_written, inside))}</{name}>"


def _judge(body: bytes) -> None:
    try:
        judged(read_bulletin(body))
    except Fault as fault:
        assert fault.category in (Category.INVALID, Category.NOT_SUPPORTED)  # noqa: PT017 - or none
