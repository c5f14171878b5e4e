"""What a decision needs to know of one resource, and what follows for it.

Unknown stays unknown: None is never read as "no".

https://hl7.org/fhir/R4/security-labels.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from tasuki.consent.decision.labelling import labels_of
from tasuki.consent.times import Stretch, period_of, stretch_of
from tasuki.consent.vocabulary import ACT_REASON, CONFIDENTIALITY, JP_INDICATION, Level

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fate(IntEnum):
    """What becomes of a resource; the greater is the stricter."""

    RELEASE = 0
    MASK = 1  # say only that something restricted is there: "ask a clinician"
    WITHHOLD = 2


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """One resource, seen through the eyes of consent.

    Attributes:
        type: Resource type.
        reference: `Type/id`.
        level: Its confidentiality: as labelled, else N; R at least where there is a sensitivity.
        sensitivities: Sensitivity labels it carries, or has by its content.
        period: The time its content is about; None when not known.
        authors: References of its authors; None when not known.
        links: References of what it belongs to (encounter and the like); None when not known.
        tags: JP-CLINS indication tags.
    """

    type: str
    reference: str
    level: Level = Level.N
    sensitivities: frozenset[str] = frozenset()
    period: Stretch | None = None
    authors: frozenset[str] | None = None
    links: frozenset[str] | None = None
    tags: frozenset[str] = frozenset()


_DATES = (
    *("effectiveDateTime", "occurrenceDateTime", "performedDateTime", "authoredOn", "issued"),
    *("onsetDateTime", "recordedDate", "dateAsserted", "whenHandedOver", "date"),
)
_PERIODS = ("effectivePeriod", "occurrencePeriod", "performedPeriod", "onsetPeriod", "period")
# A purpose label restricts nobody, and the indication tags bind the patient's own view only; any
# other label is heeded even when its meaning is not known.
_NO_RESTRICTION = frozenset({ACT_REASON, JP_INDICATION})
_AUTHORS = ("author", "recorder", "asserter", "requester", "performer", "informationSource")


def facts_of(resource: Mapping[str, object]) -> ResourceFacts:
    """Return the facts of a FHIR R4 resource; what cannot be read is unknown, or stricter."""
    links = frozenset(_references(dict(resource)))
    return replace(facts_but_links(resource), links=links)


def facts_but_links(resource: Mapping[str, object]) -> ResourceFacts:
    """Return the facts whose finding does not take a walk through the whole resource."""
    level, sensitivities = _labels(resource, labels_of(resource))
    kind = _text(resource.get("resourceType"))
    authors = frozenset(r for name in _AUTHORS for r in _references(resource.get(name)))
    return ResourceFacts(
        type=kind,
        reference=f"{kind}/{_text(resource.get('id'))}",
        level=level,
        sensitivities=sensitivities,
        period=_period(resource),
        authors=authors or None,
        tags=_tags(resource),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _meta_codings(resource: Mapping[str, object], name: str) -> Iterator[tuple[str, str]]:
    meta = resource.get("meta")
    codings = meta.get(name) if isinstance(meta, Mapping) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, Mapping):
            yield _text(coding.get("system")), _text(coding.get("code"))


def _labels(
    resource: Mapping[str, object], by_content: frozenset[str]
) -> tuple[Level, frozenset[str]]:
    levels: set[Level] = set()
    sensitivities = set(by_content)
    for system, code in _meta_codings(resource, "security"):
        if system == CONFIDENTIALITY:
            levels.add(Level.__members__.get(code, Level.V))  # an unknown level is the strictest
        elif system not in _NO_RESTRICTION:
            sensitivities.add(code)
    # A sensitivity counts as restricted whatever level was written beside it.
    least = Level.R if sensitivities else Level.U
    return max(least, max(levels, default=Level.N)), frozenset(sensitivities)


def _tags(resource: Mapping[str, object]) -> frozenset[str]:
    both = (*_meta_codings(resource, "tag"), *_meta_codings(resource, "security"))
    return frozenset(code for system, code in both if system == JP_INDICATION)


def _period(resource: Mapping[str, object]) -> Stretch | None:
    """The span over all dates: a permit must enclose it, a refusal need only meet it."""
    found = [stretch_of(_text(resource[name])) for name in _DATES if name in resource]
    found += [_period_member(resource[name]) for name in _PERIODS if name in resource]
    known = [stretch for stretch in found if stretch is not None]
    if not known or len(known) < len(found):
        return None
    return Stretch(min(one.start for one in known), max(one.end for one in known))


def _period_member(value: object) -> Stretch | None:
    if not isinstance(value, Mapping):
        return None
    start, end = value.get("start"), value.get("end")
    return period_of(_text(start) if start else None, _text(end) if end else None)


def _references(value: object) -> Iterator[str]:
    """Yield every literal reference inside a value."""
    if isinstance(value, (dict, Mapping)):
        here = value.get("reference")
        if isinstance(here, str):
            yield here
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
