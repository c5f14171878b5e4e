"""What can be granted at all: by whom, for how long, and what it opens. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuki.auth.proxies.grant import (
    LONGEST,
    RELATIONSHIPS,
    Basis,
    Relationship,
    Terms,
    fault_of,
    of_age_at,
)
from tasuki.auth.proxies.scopes import scopes_of
from tasuki.auth.rights import scopes_within
from tasuki.consent.resource_types import class_of
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.principal import Role
from tasuki.shared.access.scopes import MAX_CHARACTERS, MAX_SCOPES, parse_scopes

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TERMS = Terms(
    relationship=Relationship.ADULT_CHILD,
    name="健一",
    person="母 花子",
    classes=frozenset({DataClass.MEDICINES}),
    writes=False,
    wishes=False,
    ends_at=NOW + timedelta(days=30),
)
CLASSES = [
    frozenset(some) for some in chain.from_iterable(combinations(DataClass, n) for n in range(1, 6))
]


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        (date(2008, 4, 1), "2026-04-01T00:00:00+09:00"),
        (date(2008, 2, 29), "2026-03-01T00:00:00+09:00"),
        (date(2006, 2, 28), "2024-02-28T00:00:00+09:00"),
    ],
)
def test_when_somebody_comes_of_age(born: date, of_age: str) -> None:
    assert of_age_at(born).isoformat() == of_age


@given(st.dates(date(1900, 1, 1), date(2026, 1, 5)), st.integers(1, 8_000))
def test_a_parent_never_acts_beyond_it(born: date, days: int) -> None:
    terms = replace(TERMS, relationship=Relationship.PARENT, ends_at=NOW + timedelta(days=days))
    wrong = fault_of(terms, Basis.PAPERS, NOW, birth=born)
    assert (wrong is None) is (terms.ends_at <= of_age_at(born))


@given(st.sampled_from(Relationship), st.sampled_from(Basis), st.integers(-5, 800), st.booleans())
def test_everybody_else_for_a_year_at_most(
    relationship: Relationship, basis: Basis, days: int, wishes: bool
) -> None:
    ends = NOW + timedelta(days=days)
    terms = replace(TERMS, relationship=relationship, wishes=wishes, ends_at=ends)
    if fault_of(terms, basis, NOW) is None:
        assert relationship in RELATIONSHIPS[basis]
        assert NOW < ends <= NOW + LONGEST
        assert basis is Basis.PAPERS or not wishes
        assert basis is Basis.PERSON or relationship is Relationship.GUARDIAN, "no birth date"


def test_a_parent_whose_childs_birth_date_is_not_known_does_not_act() -> None:
    terms = replace(TERMS, relationship=Relationship.PARENT)
    assert fault_of(terms, Basis.PAPERS, NOW) == "proxy_of_age"


@pytest.mark.parametrize("classes", CLASSES, ids=lambda some: "+".join(sorted(some)))
@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("wishes", [False, True])
def test_scopes_open_the_classes_and_nothing_beside(
    classes: frozenset[DataClass], *, writes: bool, wishes: bool
) -> None:
    scopes = scopes_of(replace(TERMS, classes=classes, writes=writes, wishes=wishes))
    assert parse_scopes(str(scopes)) == scopes
    assert len(str(scopes)) < MAX_CHARACTERS
    assert len(scopes.resources) < MAX_SCOPES
    kept = scopes_within(Role.PROXY, scopes, patient="Patient/1")
    assert kept.resources == scopes.resources
    assert scopes.words - kept.words == {"launch", "launch/encounter"}  # there was no launch
    assert not scopes_within(Role.PROXY, scopes, patient=None).resources
    for scope in scopes.resources:
        assert scope.context == "patient"
        assert scope.type not in ("*", "AuditEvent")
        if scope.type == "Consent":
            assert wishes
            continue
        assert class_of(scope.type) in classes
        assert scope.letters <= (frozenset("rsc") if writes else frozenset("rs"))
