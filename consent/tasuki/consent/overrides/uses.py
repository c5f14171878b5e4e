"""What was looked at under one override, out of the audit events of every holder: when, where, which kinds.

Pure. Kinds of records only: no name and no content; what is not understood is shown as it is coded.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tasuki.shared.fhir.models import is_r4

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tasuki.consent.overrides.override import Override

_KIND: Final = re.compile(r"(?:\S*/)?([A-Z][A-Za-z]+)(?:[/?].*)?", re.DOTALL)
_PATIENT_ROLE: Final = "1"
SOUGHT: Final = "override-sought"  # as a region's log has it that somebody was looked for
SOUGHT_WITHIN: Final = timedelta(hours=1)  # so long before an override, it was for that one
CLOCK_SLACK: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Use:
    """One look.

    Attributes:
        at: When, as recorded.
        place: The region's code, or the service where it has none.
        did: Code of the interaction.
        kinds: FHIR types.
        refused: Whether nothing left.
    """

    at: str
    place: str
    did: str
    kinds: tuple[str, ...]
    refused: bool


def grounds(event: Mapping[str, Any]) -> set[str]:
    """Return what an event says it rested on, part by part."""
    agents = event.get("agent", ())
    return {
        part for one in agents for policy in one.get("policy", ()) for part in policy.split("|")
    }


def belongs(event: Mapping[str, Any], override: Override) -> bool:
    """Return whether an event belongs to an override: a look under it, or what was done to open it."""
    found = grounds(event)
    if f"override/{override.id}" in found or _is_our_request(event, override.id):
        return True
    return SOUGHT in found and _is_by(event, override.subject) and _is_before(event, override)


def _is_our_request(event: Mapping[str, Any], id_: str) -> bool:
    """Only of a service's request does the id count: anybody may choose the one of theirs."""
    roles = {role.get("text") for one in event.get("agent", ()) for role in one.get("role", ())}
    requests = {_named(entity.get("what", {})) for entity in event.get("entity", ())}
    return roles == {"service"} and id_ in requests


def _is_by(event: Mapping[str, Any], subject: str) -> bool:
    who = {_named(one.get("who", {})) for one in event.get("agent", ()) if one.get("requestor")}
    return who == {subject}


def _is_before(event: Mapping[str, Any], override: Override) -> bool:
    """Return whether something was done shortly before an override, by another machine's clock."""
    try:
        ahead = override.opened_at - datetime.fromisoformat(str(event.get("recorded")))
    except (ValueError, TypeError):
        return False
    return -CLOCK_SLACK <= ahead <= SOUGHT_WITHIN


def _named(what: Mapping[str, Any]) -> str:
    return str(what.get("reference") or what.get("identifier", {}).get("value") or "")


def uses_of(events: Iterable[Mapping[str, Any]], id_: str) -> list[Use]:
    """Return the looks under an override, oldest first."""
    ground = f"override/{id_}"
    found = [_use(event) for event in events if ground in grounds(event)]
    return sorted(found, key=lambda use: use.at)


def _use(event: Mapping[str, Any]) -> Use:
    codes = [str(one.get("code", "")) for one in event.get("subtype", ())]
    source = event.get("source", {})
    return Use(
        at=str(event.get("recorded", "")),
        place=str(source.get("site") or "") or str(source.get("observer", {})),
        did=codes[0] if codes else str(event.get("type", {}).get("code", "")),
        kinds=tuple(dict.fromkeys(_kinds(event))),
        refused=event.get("outcome") != "0",
    )


def _kinds(event: Mapping[str, Any]) -> Iterator[str]:
    for entity in event.get("entity", ()):
        if entity.get("role", {}).get("code") == _PATIENT_ROLE:
            continue  # the person, of whom every line is
        for text in (_decoded(entity.get("query", "")), _named(entity.get("what", {}))):
            match = _KIND.fullmatch(text)
            if match is not None and is_r4(match[1]):
                yield match[1]


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
