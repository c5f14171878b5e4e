"""Links renamed in a transaction. https://hl7.org/fhir/R4/http.html#trules"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.fhir.linking import URI_ELEMENTS, relinked
from tasuki.shared.fhir.models import _parts, _primitive_name, model_of
from tasuki.shared.fhir.types import SERVED_TYPES

URN = "urn:uuid:1"
ADDRESSES = frozenset({"uri", "url", "oid", "uuid"})


def _rename(text: str) -> str | None:
    return "Patient/1" if text == URN else None


def _renamed(resource: dict[str, Any]) -> dict[str, Any]:
    return relinked(resource, _rename, _rename)


def test_the_names_are_those_of_the_definitions() -> None:
    """Of every part of every served type: named as an address, and never a canonical or a text."""
    kinds: dict[str, set[str]] = {}
    models = [model_of(type_) for type_ in SERVED_TYPES]
    for model in models:  # grows while its parts are found
        for name, info in model.model_fields.items():
            parts = list(_parts(info.annotation))
            kind = next(filter(None, map(_primitive_name, parts)), None)
            if kind is not None:
                kinds.setdefault(info.alias or name, set()).add(kind)
                continue
            inner = [part for part in parts if hasattr(part, "get_model_klass")]
            found = [part.get_model_klass() for part in inner if part.__name__ != "ResourceType"]
            models += [one for one in found if one not in models]
    named = {name for name, held in kinds.items() if held & ADDRESSES}
    assert named - {"reference"} == URI_ELEMENTS
    assert all(kinds[name] <= ADDRESSES | {"code"} for name in URI_ELEMENTS)


@pytest.mark.parametrize(
    ("resource", "renamed"),
    [
        ({"a": {"reference": URN}}, True),
        ({"a": [{"b": {"reference": URN}}]}, True),
        ({"contained": [{"url": URN}]}, True),
        ({"extension": [{"valueUri": URN}]}, True),
        ({"instantiatesUri": ["x", URN]}, True),
        ({"text": {"div": f'<div><a href="{URN}">x</a></div>'}}, True),
        ({"text": {"div": f'<div><img alt="x" src="{URN}"/></div>'}}, True),
        ({"text": {"div": f"<div>{URN}</div>"}}, False),
        ({"text": {"div": f'<div title="{URN}"/>'}}, False),
        ({"text": {"div": f'<div><a data-href="{URN}"/></div>'}}, False),
        ({"a": {"reference": f"#{URN}"}}, False),
        ({"valueCanonical": URN}, False),
        ({"instantiatesCanonical": [URN]}, False),
        ({"identifier": [{"value": URN}]}, False),
        ({"description": URN}, False),
        ({"url": f"{URN}1"}, False),
    ],
)
def test_addresses_are_renamed_and_texts_are_not(
    resource: dict[str, Any], *, renamed: bool
) -> None:
    before = copy.deepcopy(resource)
    after = _renamed(resource)
    assert resource == before
    assert (after is resource) == (not renamed)
    assert ("Patient/1" in repr(after), URN in repr(after)) == (renamed, not renamed)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.text(max_size=5), VALUES))
def test_what_has_no_links_is_the_very_same(resource: dict[str, Any]) -> None:
    assert _renamed(resource) is resource
