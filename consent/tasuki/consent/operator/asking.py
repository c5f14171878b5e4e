"""A question put to the policies, and the answer.

No policy permits, an error, a word the schema does not know: no. A policy of its own can never be
enough for somebody's record: `Answer.alone` is the product's mark, and all else goes to consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import cedarpy

from tasuki.consent.operator.policies import read_policies, schema
from tasuki.consent.resource_types import class_of
from tasuki.consent.vocabulary import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tasuki.consent.operator.policies import Policies

PURPOSES = (*(purpose.value for purpose in Purpose), "HSYSADMIN")
KEPT = 4_096  # answers; some 2 kB each
NOBODY, OWN, REPRESENTED, OTHER = "nobody", "own", "represented", "other"
ASK, LEARN = "ask", "learn"


class Question(NamedTuple):
    """All that a policy can see but for the purpose, and so the key that answers are kept under.

    Attributes:
        keeper: `region`, `residents` or `consents`.
        holder: The keeper's region.
        about: `nobody`, `own`, `represented` or `other`: whose record it is, as seen from the caller.
        hour: 0 to 23, in Japan.
        weekday: 1 Monday to 7 Sunday, in Japan.
    """

    keeper: str
    holder: str
    role: str
    client: str
    organization: str | None
    region: str | None
    registrar: bool
    action: str
    about: str
    types: tuple[str, ...]
    hour: int
    weekday: int


@dataclass(frozen=True, slots=True)
class Answer:
    """May the caller do this for one purpose?

    Attributes:
        permitted: Whether; of somebody's record only that consent may be asked, unless `alone`.
        alone: Whether that is the whole answer.
        basis: Which policies decided, for the audit record; empty where none did.
        closed: An operator forbids what the product's own policies permit.
        learns: Whether a refused caller may be told so.
    """

    permitted: bool = False
    alone: bool = False
    basis: str = ""
    closed: bool = False
    learns: bool = False


NO = Answer()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one question, for every purpose.

    Attributes:
        heard: For which purposes the caller may have consent weighed at all.
    """

    by_purpose: Mapping[str, Answer]
    heard: frozenset[Purpose]

    def to(self, purpose: str) -> Answer:
        """Return the answer for a purpose; an unknown one is refused."""
        return self.by_purpose.get(purpose, NO)


class OperatorPolicy:
    """The role policy of one service: the product's own, and what its operator adds."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self.answers = lru_cache(maxsize=KEPT)(self._answers)

    @classmethod
    def of(cls, file: Path | None) -> OperatorPolicy:
        """Return the policy of a service with this file.

        Raises:
            Fault: INVALID; see `read_policies`.
        """
        return cls(read_policies(file))

    def _answers(self, question: Question) -> Answers:
        about_somebody = question.about != NOBODY
        does = self._results(question, question.action)
        asks = self._results(question, ASK) if about_somebody else ()
        # Of what is not changed nothing more is told by a refusal than by an absence. No operator's
        # permit makes a refusal tell more.
        base = self.policies.base
        learns = self._evaluated(base, question, LEARN, PURPOSES) if _changes(question) else ()
        found = {
            purpose: self._answer(
                question,
                purpose,
                does[at],
                asked=asks[at] if asks else None,
                learns=bool(learns) and learns[at].allowed,
            )
            for at, purpose in enumerate(PURPOSES)
        }
        heard = frozenset(
            purpose
            for purpose, asked in zip(
                Purpose, asks, strict=False
            )  # HSYSADMIN is no purpose of care
            if _sure(asked) and found[purpose].permitted
        )
        return Answers(MappingProxyType(found), heard)

    def _answer(
        self,
        question: Question,
        purpose: str,
        result: cedarpy.AuthzResult,
        *,
        asked: cedarpy.AuthzResult | None,
        learns: bool,
    ) -> Answer:
        named = self._named(result)
        alone = any(self.policies.named[id_].alone for id_ in named)
        if _sure(result) and (alone or not _changes(question)):
            heard = self._named(asked) if asked is not None and not alone else ()
            return Answer(permitted=True, alone=alone, basis=_basis((*named, *heard)))
        forbids = [id_ for id_ in named if not self.policies.named[id_].permits]
        closed = any(not self.policies.named[id_].own for id_ in forbids)
        if closed:
            base = self._evaluated(self.policies.base, question, question.action, [purpose])
            closed = _sure(base[0])
        return Answer(basis=_basis(forbids), closed=closed, learns=learns)

    def _named(self, result: cedarpy.AuthzResult) -> tuple[str, ...]:
        return tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))

    def _results(self, question: Question, action: str) -> Sequence[cedarpy.AuthzResult]:
        return self._evaluated(self.policies.whole, question, action, PURPOSES)

    def _evaluated(
        self,
        policies: cedarpy.PolicySet,
        question: Question,
        action: str,
        purposes: Iterable[str],
    ) -> Sequence[cedarpy.AuthzResult]:
        resource = "Common" if question.about == NOBODY else "Record"
        requests = [
            {
                "principal": 'Tasuki::Caller::"caller"',
                "action": f'Tasuki::Action::"{action}"',
                "resource": f'Tasuki::{resource}::"asked"',
                "context": {
                    "purpose": _word("Purpose", purpose),
                    "hour": question.hour,
                    "weekday": question.weekday,
                },
            }
            for purpose in purposes
        ]
        return cedarpy.is_authorized_batch(
            requests, policies, [_caller(question), _resource(question)], schema()
        )


def _changes(question: Question) -> bool:
    return question.action in {"create", "update", "delete"}


def _sure(result: cedarpy.AuthzResult) -> bool:
    """Return whether it is permitted; a policy that could not be evaluated might have forbidden it."""
    return result.allowed and not result.diagnostics.errors


def _basis(ids: Iterable[str]) -> str:
    return "|".join(f"policy/{id_}" for id_ in ids)


def _caller(question: Question) -> dict[str, Any]:
    attributes = {
        "role": _word("Role", question.role),
        "client": question.client,
        "organization": question.organization,
        "region": question.region,
        "registrar": question.registrar,
    }
    known = {name: value for name, value in attributes.items() if value is not None}
    return _entity("Caller", "caller", known)


def _resource(question: Question) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "keeper": _word("Keeper", question.keeper),
        "region": question.holder,
        "types": [_word("Type", one) for one in question.types],
    }
    if question.about == NOBODY:
        return _entity("Common", "asked", attributes)
    classes = {class_of(one) or "" for one in question.types}
    attributes["own"] = question.about == OWN
    attributes["represented"] = question.about == REPRESENTED
    attributes["classes"] = [_word("DataClass", one) for one in sorted(classes)]
    return _entity("Record", "asked", attributes)


def _entity(kind: str, id_: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": f"Tasuki::{kind}", "id": id_}, "attrs": attributes, "parents": []}


def _word(kind: str, id_: str) -> dict[str, Any]:
    return {"__entity": {"type": f"Tasuki::{kind}", "id": id_}}
