"""Canonical events (RFC 8785, the part we use) and the leaf's commitment."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuki.shared.audit import LeafBody, canonical, commitment, leaf_hash

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text("abcXYZ_", min_size=1, max_size=6)
plain = st.one_of(texts, st.booleans(), st.none(), st.integers(-(2**53) + 1, 2**53 - 1))
values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner), st.dictionaries(names, inner)), max_leaves=12
)
events = st.dictionaries(names, values, max_size=6)


def test_the_strings_of_rfc_8785() -> None:
    """Section 3.2.2.2, its example string: what is escaped, and how."""
    event = {"string": '€$\x0f\nA\'B"\\\\"/'}
    assert canonical(event) == b'{"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'


def test_members_are_sorted_and_nothing_is_added() -> None:
    event = {"b": [3, {"z": None, "a": True}], "a": "1", "B": False}
    assert canonical(event) == b'{"B":false,"a":"1","b":[3,{"a":true,"z":null}]}'


@settings(max_examples=300)
@given(events)
def test_it_is_json_of_the_same_meaning_in_one_spelling(event: dict[str, Any]) -> None:
    text = canonical(event)
    assert json.loads(text) == event
    assert canonical(json.loads(text)) == text
    reordered = dict(reversed(list(event.items())))
    assert canonical(reordered) == text
    independent = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert text.decode() == independent


@pytest.mark.parametrize(
    "value",
    [
        *(1.0, 72.50, float("nan"), 2**53, -(2**53), b"bytes", (1, 2), {"é": 1}, {1: 2}, {1}),
        pytest.param(object(), id="object"),
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="event"):
        canonical({"value": value})
    with pytest.raises(ValueError, match="event"):
        canonical({"deep": [{"er": [value]}]})


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_a_lone_surrogate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        canonical({"value": text})


def test_the_commitment_is_the_leaf_hash_of_salt_and_event() -> None:
    salt, event = bytes(range(16)), b'{"resourceType":"AuditEvent"}'
    assert commitment(salt, event) == sha256(b"\x00" + salt + event).digest()
    assert commitment(salt, event) == leaf_hash(salt + event)
    assert LeafBody(salt, event).commitment == commitment(salt, event)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_salt_has_16_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(bytes(length), b"{}")
    with pytest.raises(ValueError, match="16 bytes"):
        LeafBody.from_bytes(bytes(min(length, 15)))


def test_the_same_event_never_has_the_same_commitment() -> None:
    event = {"resourceType": "AuditEvent"}
    assert len({LeafBody.of(event).commitment for _ in range(100)}) == 100


def test_a_body_is_read_back() -> None:
    body = LeafBody.of({"resourceType": "AuditEvent"})
    assert LeafBody.from_bytes(body.to_bytes()) == body
    assert body.event == b'{"resourceType":"AuditEvent"}'
