"""What the consent service may tell to whom, worked out again: plain, and sharing nothing with the product.

docs/api/consent, docs/adr/0018 (overrides), docs/adr/0024 (proxies).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.access.consent_people import Opened, Said
from tests.access.reference import scope_is_whole

if TYPE_CHECKING:
    from tests.access.consent_people import Fact, Someone
    from tests.access.saying import Asker

Door = Literal[
    "nothing",  # whoever comes
    "reading",
    "searching",
    "trying",  # what would be decided
    "looked",  # who looked
    "mine",  # overrides of oneself
    "staff",
    "feed",
    "audit",
    "reviewing",
]
_LETTERS = {"reading": "r", "searching": "s", "trying": "s"}
# Of an override: to the person, to colleagues, to the services that obey it, to who reviews it.
_MINE = frozenset({"id", "code", "display", "text", "dispute", "review"})
_STAFF = frozenset({"id", "code", "display", "text"})
_FEED = frozenset({"id", "code", "subject", "text", "second"})
_REVIEWING = frozenset({"id", "code", "subject", "display", "text", "delay", "second"})
_REVIEWED = frozenset({"dispute", "review"})
# The log names overrides, and accounts of who took part.
_LOG = frozenset({"id", "code", "subject", "second", "used"})


def words(asker: Asker) -> set[str]:
    """Return the scopes that name no resource."""
    return {one for one in asker.caller.scope.split(" ") if "/" in one and "." not in one}


def is_person(asker: Asker, person: Someone) -> bool:
    """Tell whether the person themselves comes."""
    return asker.caller.role == "resident" and asker.patient == person.id


def knows_wishes(asker: Asker, person: Someone, letter: str) -> bool:
    """Tell whether somebody may know what a person said: they, by law, and the exchange's services."""
    by_law = asker.caller.role == "proxy" and asker.caller.purpose == "PWATRNY"
    own = is_person(asker, person) or (by_law and asker.patient == person.id)
    return (own or asker.caller.role == "service") and scope_is_whole(asker, "Consent", letter)


def knows_who_looked(asker: Asker, person: Someone) -> bool:
    """Tell whether somebody may know who looked: the person alone."""
    return is_person(asker, person) and scope_is_whole(asker, "AuditEvent", "s")


def may_object(asker: Asker, person: Someone) -> bool:
    """Tell whether somebody may answer to an override of a person: the person alone."""
    return is_person(asker, person) and scope_is_whole(asker, "Consent", "c")


def may_override(asker: Asker) -> bool:
    """Tell whether somebody may open overrides at all."""
    caller = asker.caller
    in_care = caller.role == "clinician" and caller.purpose in ("TREAT", "ETREAT", "BTG")
    return in_care and "tasuki/override" in words(asker)


def audits(asker: Asker) -> bool:
    """Tell whether somebody may ask for the log about network tokens."""
    said = any(one.startswith("system/") for one in asker.caller.scope.split(" "))
    return asker.caller.role == "service" and said and scope_is_whole(asker, "AuditEvent", "s")


def reviews(asker: Asker) -> bool:
    """Tell whether somebody may review overrides."""
    return asker.caller.role == "privacy" and "tasuki/review" in words(asker)


def may_know(door: Door, asker: Asker, fact: Fact) -> bool:
    """Tell whether what a mark gives away may stand in an answer of such a door."""
    if fact.part == "id" and fact.of is None and asker.patient == fact.person.id:
        return True  # whom the token is for, the caller knows
    if fact.of is None:
        return _of_the_person(door, asker, fact)
    if isinstance(fact.of, Said):
        return _of_consents(door, asker, fact)
    return _of_overrides(door, asker, fact, fact.of)


def _of_the_person(door: Door, asker: Asker, fact: Fact) -> bool:
    if fact.part == "token":
        return door == "feed" and "tasuki/feed" in words(asker)
    if door == "feed":
        return fact.part == "id" and "tasuki/feed" in words(asker)
    if door in _LETTERS:
        return fact.part == "id" and knows_wishes(asker, fact.person, _LETTERS[door])
    if door == "looked":
        return knows_who_looked(asker, fact.person)
    if door == "reviewing":  # whose record it was, by its number in the region
        return fact.part == "patient" and bool(fact.person.overrides) and reviews(asker)
    return door == "audit" and audits(asker) and fact.part != "patient"


def _of_consents(door: Door, asker: Asker, fact: Fact) -> bool:
    if door in _LETTERS:
        return knows_wishes(asker, fact.person, _LETTERS[door])
    if door == "feed":
        return "tasuki/feed" in words(asker)
    if fact.part != "id":
        return False
    looked = door == "looked" and knows_who_looked(asker, fact.person)
    return looked or (door == "audit" and audits(asker))


def _of_overrides(door: Door, asker: Asker, fact: Fact, one: Opened) -> bool:
    allowed = {
        "looked": one.told and fact.part in _LOG and knows_who_looked(asker, fact.person),
        "mine": one.told and fact.part in _MINE and _is_told(asker, fact.person),
        "staff": fact.part in _STAFF and _is_colleague(asker, one),
        "feed": fact.part in _FEED and "tasuki/feed" in words(asker) and not one.case.over,
        "audit": fact.part in _LOG and audits(asker),
        "reviewing": fact.part in _REVIEWING | _REVIEWED and reviews(asker),
    }
    if door == "feed" and fact.part in ("id", "code"):
        return "tasuki/feed" in words(asker)  # what is over comes as its id
    return allowed.get(door, False)


def _is_told(asker: Asker, person: Someone) -> bool:
    return knows_who_looked(asker, person) or may_object(asker, person)


def _is_colleague(asker: Asker, one: Opened) -> bool:
    """Who opened it; while it is open, who works in the same region."""
    if not may_override(asker):
        return False
    return asker.caller.subject == one.subject or (asker.region == "noto" and not one.case.over)


def may_say(asker: Asker, person: Someone, letter: str) -> bool:
    """Tell whether somebody may record what a person says: they, and who represents them by law."""
    by_law = asker.caller.role == "proxy" and asker.caller.purpose == "PWATRNY"
    own = is_person(asker, person) or (by_law and asker.patient == person.id)
    return own and scope_is_whole(asker, "Consent", letter)
