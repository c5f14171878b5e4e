"""Read the elements of one `Consent.provision`: for whom, why, when, on which data.

https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from tasuki.consent.reading import Element, refuse
from tasuki.consent.resource_types import R4_TYPES
from tasuki.consent.rules import DataCondition, DataReference, Meaning
from tasuki.consent.times import Stretch, period_of
from tasuki.consent.vocabulary import (
    ACT_CODE,
    ACT_REASON,
    CONFIDENTIALITY,
    RECIPIENT_ROLE,
    RESOURCE_TYPES,
    SENSITIVITIES,
    Level,
    Purpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Only `Type/id`: an absolute URL or a version would be another name of the same thing, and a
# refusal under another name would not be kept.
_LITERAL = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")
_ACTOR_TYPES = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Group", "RelatedPerson", "Patient"}
)
_MEANINGS: dict[str, Meaning] = {word: word for word in get_args(Meaning)}


def read_actors(provision: Element) -> frozenset[str]:
    """Return the names of a provision's recipients; empty when the element is absent.

    Raises:
        Fault: STRUCTURE.
    """
    return frozenset(_read_actor(actor) for actor in provision.children("actor"))


def _read_actor(actor: Element) -> str:
    actor.only("role", "reference")
    role = actor.child("role")
    if [_code(coding) for coding in role.children("coding")] != [RECIPIENT_ROLE]:
        raise refuse(role.path, "Only the role IRCP (information recipient) is evaluated here.")
    reference = actor.child("reference")
    reference.only("reference", "type", "identifier", "display")
    if reference.has("reference") == reference.has("identifier"):
        raise refuse(reference.path, "Either a reference or an identifier is needed here.")
    if reference.has("identifier"):
        identifier = reference.child("identifier")
        return f"{identifier.text('system')}|{identifier.text('value')}"
    return _literal(reference, _ACTOR_TYPES)


def _code(coding: Element) -> tuple[str, str]:
    coding.only("system", "code", "display", "version", "userSelected")
    return coding.text("system"), coding.text("code")


def _literal(reference: Element, types: frozenset[str]) -> str:
    text = reference.text("reference")
    found = _LITERAL.fullmatch(text)
    if not found or found[1] not in types:
        raise refuse(reference.at("reference"), "A reference of the form Type/id is needed here.")
    return text


def read_purposes(provision: Element) -> frozenset[Purpose]:
    """Return the purposes of a provision; empty when the element is absent.

    Raises:
        Fault: STRUCTURE for a purpose that is not in our vocabulary.
    """
    return frozenset(_read_purpose(coding) for coding in provision.children("purpose"))


def _read_purpose(coding: Element) -> Purpose:
    system, code = _code(coding)
    if system != ACT_REASON or code not in Purpose.__members__:
        raise refuse(coding.path, "This purpose of use is not known here.")
    return Purpose(code)


def read_period(provision: Element, name: str) -> Stretch | None:
    """Return a Period member as a stretch of time; None when it is absent.

    Raises:
        Fault: STRUCTURE when its dates are none, or it ends before it starts.
    """
    if not provision.has(name):
        return None
    period = provision.child(name)
    period.only("start", "end")
    if not (period.has("start") or period.has("end")):
        raise refuse(period.path, "A start or an end is needed here.")
    stretch = period_of(period.optional_text("start"), period.optional_text("end"))
    if stretch is None:
        raise refuse(period.path, "This is no period of time.")
    return stretch


def read_data(provision: Element) -> DataCondition:
    """Return which data a provision is about.

    Raises:
        Fault: STRUCTURE.
    """
    labels = [(coding.path, *_code(coding)) for coding in provision.children("securityLabel")]
    levels = {_level(*label) for label in labels if label[1] == CONFIDENTIALITY}
    return DataCondition(
        types=frozenset(_types(provision)),
        level=_single(provision, levels),
        sensitivities=frozenset(_sensitivity(*lb) for lb in labels if lb[1] != CONFIDENTIALITY),
        data=tuple(_reference(each) for each in provision.children("data")),
        period=read_period(provision, "dataPeriod"),
    )


def _types(provision: Element) -> Iterator[str]:
    for coding in provision.children("class"):
        system, code = _code(coding)
        if system != RESOURCE_TYPES or code not in R4_TYPES:
            raise refuse(coding.path, "Only R4 resource types are evaluated as a class here.")
        yield code


def _level(path: str, _: str, code: str) -> Level:
    if code not in Level.__members__:
        raise refuse(path, "This confidentiality is not known here.")
    return Level[code]


def _single(provision: Element, levels: set[Level]) -> Level | None:
    """Repeats are ORed: a permit up to N or up to R is up to R; a refusal starts at the lowest."""
    if not levels:
        return None
    return min(levels) if provision.members.get("type") == "deny" else max(levels)


def _sensitivity(path: str, system: str, code: str) -> str:
    if system != ACT_CODE or code not in SENSITIVITIES:
        raise refuse(path, "This security label is not known here.")
    return code


def _reference(data: Element) -> DataReference:
    data.only("meaning", "reference")
    meaning = _MEANINGS.get(data.text("meaning"))
    if meaning is None:
        raise refuse(data.at("meaning"), "Evaluated here: instance, related and authoredby.")
    reference = data.child("reference")
    reference.only("reference", "type", "display")
    types = _ACTOR_TYPES if meaning == "authoredby" else R4_TYPES
    return DataReference(meaning, _literal(reference, types))
