"""What one person may do for another: relationship, basis, what is opened, until when.

docs/adr/0024-proxies.md
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.purposes import FAMRQT, PWATRNY, SUPNWK
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from datetime import date

LONGEST = timedelta(days=365)  # then it is given anew, or it ends
MAJORITY = 18  # Civil Code article 4, since April 2022
MAX_NAME = 40
MAX_EVIDENCE = 300


class Relationship(StrEnum):
    """What the proxy is to the person; stored, so the values are append-only."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    ADULT_CHILD = "adult-child"
    CARER = "carer"


class Basis(StrEnum):
    """What a grant rests on; stored, so the values are append-only."""

    PERSON = "person"  # given by the person, signed in with two factors
    PAPERS = "papers"  # an institution was shown who represents the person by law


RELATIONSHIPS = {
    Basis.PERSON: (Relationship.ADULT_CHILD, Relationship.PARENT, Relationship.CARER),
    Basis.PAPERS: (Relationship.PARENT, Relationship.GUARDIAN),
}
"""Which relationships a grant can be of, by what it rests on."""

_JAPANESE = {
    Relationship.PARENT: "親",
    Relationship.GUARDIAN: "後見人",
    Relationship.ADULT_CHILD: "子",
    Relationship.CARER: "介護者",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be granted.

    Attributes:
        name: The proxy, as the person is shown them.
        person: The person, as the proxy is shown them.
        writes: Whether the proxy may add to the person's log.
        wishes: Whether the proxy says the person's wishes (Consents) for them; by law alone.
    """

    relationship: Relationship
    name: str
    person: str
    classes: frozenset[DataClass]
    writes: bool
    wishes: bool
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant.

    Attributes:
        patient: Whom the proxy acts for, e.g. `Patient/abc`.
        account: The proxy's; None until they accepted.
        organization: Of who checked papers; None where the person gave it.
    """

    id: str
    patient: str
    account: str | None
    basis: Basis
    organization: str | None
    terms: Terms
    made_at: datetime
    accepted_at: datetime | None
    offered_until: datetime | None

    @property
    def display(self) -> str:
        """The proxy as access histories show them to the person."""
        return f"{self.terms.name}（{_JAPANESE[self.terms.relationship]}）"

    @property
    def purpose(self) -> str:
        """What the proxy's tokens are for (v3-ActReason)."""
        if self.basis is Basis.PAPERS:
            return PWATRNY
        return SUPNWK if self.terms.relationship is Relationship.CARER else FAMRQT


def fault_of(terms: Terms, basis: Basis, now: datetime, *, birth: date | None = None) -> str | None:
    """Return what is wrong with terms, as a key of the pages' words; None for nothing.

    Args:
        terms: Asked for.
        basis: What they would rest on.
        now: The time.
        birth: The person's birth date, where it is known.
    """
    if terms.relationship not in RELATIONSHIPS[basis]:
        return "proxy_wrong_relationship"
    if not all(_is_name(one) for one in (terms.name, terms.person)) or not terms.classes:
        return "proxy_incomplete"
    if terms.wishes and basis is not Basis.PAPERS:
        return "proxy_wrong_relationship"
    if terms.ends_at <= now:
        return "proxy_wrong_end"
    if basis is Basis.PAPERS and terms.relationship is Relationship.PARENT:
        of_age = None if birth is None else of_age_at(birth)
        return None if of_age is not None and terms.ends_at <= of_age else "proxy_of_age"
    return None if terms.ends_at <= now + LONGEST else "proxy_wrong_end"


def of_age_at(birth: date) -> datetime:
    """Return the first moment of somebody's 18th birthday; who was born on 29 February, on 1 March."""
    try:
        day = birth.replace(year=birth.year + MAJORITY)
    except ValueError:
        day = birth.replace(year=birth.year + MAJORITY, month=3, day=1)
    return datetime.combine(day, time(), TOKYO)


def end_of(day: date) -> datetime:
    """Return the moment a last day is over in Japan."""
    return datetime.combine(day + timedelta(days=1), time(), TOKYO)


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_NAME and text.isprintable()
