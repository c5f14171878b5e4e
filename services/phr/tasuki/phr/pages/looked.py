"""One AuditEvent as a line a resident can read: when, where, who in which role, why, what, whether.

https://hl7.org/fhir/R4/auditevent.html; the events are shaped by `tasuki.shared.audit.events`.
What a code means but has no words here is shown as it is written: nothing is left out.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasuki.consent.decision import DenyReason, Route
from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.explain import DENIALS, OVERRIDES, ROUTES
from tasuki.phr.pages.moments import said_moment
from tasuki.shared.clinical.fhirjson import child, children, codings, first_code, string, strings
from tasuki.shared.fhir.models import is_r4
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tasuki.phr.settings import Region
    from tasuki.shared.clinical.fhirjson import Node
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.web.words import Words

OVERRIDE: Final = "BTG"
_PATIENT_ROLE: Final = "1"
_REFERENCE: Final = re.compile(r"(?:\S+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/\S+)?")
_QUERIED: Final = re.compile(r"([A-Z][A-Za-z]+)(?:\?|\Z)")
_OUTCOMES: Final = {"0": "permitted", "4": "failed", "8": "refused"}
_MUNICIPALITY: Final = "urn:tasuki:municipality|"
_SPOKEN: Final = {one.value: words for one, words in DENIALS.items()} | {
    one.value: words for one, words in ROUTES.items()
}
# Role and purpose stand in the line already.
_UNSAID: Final = frozenset(
    f"policy/{one}"
    for one in (
        *(
            "resident-asks",
            "proxy-asks",
            "represented-seen",
            "clinician-asks",
            "nurse-asks",
            "hospital-asks",
        ),
        *("own-record-seen", "staff-see"),
    )
)
_REASONS: Final = {one.value: words for one, words in OVERRIDES.items()}


@dataclass(frozen=True, slots=True)
class Look:
    """One line.

    Attributes:
        who: Role and organisation in words; of a proxy, also the name the resident gave them.
        own: Whether it was the resident's own account.
        outcome: permitted, refused or failed.
        override: Whether it was an emergency override.
        grounds: What it rested on, sentence by sentence.
    """

    when: str
    place: str
    who: str
    own: bool
    purpose: str
    did: str
    what: tuple[str, ...]
    outcome: str
    override: bool
    grounds: tuple[str, ...]


def looks_of(
    bundle: Resource, subject: str, regions: Sequence[Region], words: Words
) -> tuple[list[Look], list[str]]:
    """Return every look of a Bundle in its order, and what did not answer, as the Bundle says it.

    Args:
        bundle: The answer of the consent service.
        subject: The resident's own account.
        regions: For their titles.
        words: In the reader's language.
    """
    titles = {one.code: (one.title_ja, one.title_en) for one in regions}
    looks: list[Look] = []
    silent: list[str] = []
    for entry in children(bundle, "entry"):
        resource = child(entry, "resource")
        if resource.get("resourceType") == "AuditEvent":
            looks.append(_look(resource, subject, titles, words))
        elif resource.get("resourceType") == "OperationOutcome":
            silent.extend(_said(resource))
    return looks, silent


def _look(event: Node, subject: str, titles: Mapping[str, tuple[str, str]], words: Words) -> Look:
    user = next((one for one in children(event, "agent") if one.get("requestor") is True), {})
    purpose = next(
        (code for one in children(event, "purposeOfEvent") if (code := first_code(one))), ""
    )
    outcome = string(event, "outcome") or ""
    return Look(
        when=said_moment(string(event, "recorded"), words.language),
        place=_place(child(event, "source"), titles, words),
        who=_who(user, event, words),
        own=_named(child(user, "who")) == subject,
        purpose=_word(words, "purpose", purpose),
        did=_did(event, words),
        what=tuple(dict.fromkeys(_what(event, words))),
        outcome=_OUTCOMES.get(outcome, "failed"),
        override=purpose == OVERRIDE,
        grounds=tuple(_grounds(strings(user, "policy"), words)),
    )


def _place(source: Node, titles: Mapping[str, tuple[str, str]], words: Words) -> str:
    service = _named(child(source, "observer"))
    site = string(source, "site") or ""
    title = titles[site][0 if words.language == "ja" else 1] if site in titles else ""
    return " ".join(part for part in (title, _word(words, "service", service)) if part)


def _who(user: Node, event: Node, words: Words) -> str:
    name = string(user, "name") or ""
    role = next((text for one in children(user, "role") if (text := string(one, "text"))), "")
    acted_for = [
        organization(_named(child(agent, "who")))
        for agent in children(event, "agent")
        if {one.code for one in codings(child(agent, "type"))} & {"PROV", "BEN"}
    ]
    who = [_word(words, "role", role) or words("looked.role-unknown"), *([name] if name else ())]
    return " ".join([*who, *acted_for])


def organization(name: str) -> str:
    """Return a municipality by its name; any other organisation as it is identified."""
    place = (
        municipality(name.removeprefix(_MUNICIPALITY)) if name.startswith(_MUNICIPALITY) else None
    )
    return f"（{place.name if place else name.rpartition('|')[2]}）"


def _did(event: Node, words: Words) -> str:
    codes = [string(one, "code") or "" for one in children(event, "subtype")]
    known = next((code for code in codes if words.has(f"did.{code}")), None)
    kind = string(child(event, "type"), "code") or ""
    return words(f"did.{known}") if known else _word(words, "did", kind)


def _what(event: Node, words: Words) -> Iterator[str]:
    for entity in children(event, "entity"):
        if string(child(entity, "role"), "code") == _PATIENT_ROLE:
            continue  # the resident, of whom every line is
        coded = string(entity, "query")
        asked = _QUERIED.match(_decoded(coded)) if coded else None
        named = _named(child(entity, "what"))
        found = asked or _REFERENCE.fullmatch(named)
        type_ = found[1] if found else named
        if is_r4(type_):
            yield _word(words, "type", type_)


def _grounds(policies: Iterable[str], words: Words) -> Iterator[str]:
    for policy in policies:
        for part in (one for one in policy.split("|") if one not in _UNSAID):
            yield from (ground for one in _parts(part) if (ground := _ground(one, words)))


def _parts(part: str) -> list[str]:
    """A refusal's reason stands before its route: `refused/disaster`."""
    reason, slash, rest = part.partition("/")
    if slash and reason == "override":
        return []  # which one; its reason stands beside it
    split = slash and reason in set(DenyReason) and rest in set(Route)
    return [reason] if split else [part]


def _ground(part: str, words: Words) -> str:
    index = words.language
    head, _, rest = part.partition("/")
    if part in _SPOKEN:
        return _SPOKEN[part][index]
    if head == "reason" and rest in set(BreakGlassReason):
        return _REASONS[rest][index]
    if words.has(f"basis.{part}"):
        return words(f"basis.{part}")
    # `policy/REGION/RULE` and `policy/RULE/REGION`: the rule is what a reader wants to know.
    for rule in rest.split("/") if head == "policy" else ():
        if words.has(f"basis.policy.{rule}"):
            return words(f"basis.policy.{rule}")
    if words.has(f"basis.{head}"):
        return words(f"basis.{head}", name=rest.partition("/")[0])
    return part


def _named(reference: Node) -> str:
    value = string(child(reference, "identifier"), "value")
    return string(reference, "reference") or value or ""


def _word(words: Words, kind: str, code: str) -> str:
    return words(f"{kind}.{code}") if code and words.has(f"{kind}.{code}") else code


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _said(outcome: Node) -> Iterator[str]:
    for issue in children(outcome, "issue"):
        text = string(issue, "diagnostics") or string(child(issue, "details"), "text")
        if text:
            yield text.removeprefix("did not answer: ")
