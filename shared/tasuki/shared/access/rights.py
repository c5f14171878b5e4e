"""Which scopes each role can hold at all, whoever issued its token."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.shared.access.principal import BACKENDS, ONE_PERSONS, Role
from tasuki.shared.access.scopes import OPENID_WORDS, ScopeSet

if TYPE_CHECKING:
    from collections.abc import Mapping

TASUKI_WORDS_OF: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.RESIDENT: frozenset(),
        Role.PROXY: frozenset(),
        Role.CLINICIAN: frozenset(
            {"tasuki/locate", "tasuki/match", "tasuki/override", "tasuki/profile"}
        ),
        Role.NURSE: frozenset({"tasuki/desk", "tasuki/locate", "tasuki/match", "tasuki/profile"}),
        Role.OFFICER: frozenset({"tasuki/declare"}),
        Role.PRIVACY: frozenset({"tasuki/review"}),
        Role.HOSPITAL: frozenset({"tasuki/match"}),
        Role.SERVICE: frozenset(
            {"tasuki/feed", "tasuki/locate", "tasuki/match", "tasuki/profile", "tasuki/warn"}
        ),
    }
)


def scopes_of(role: Role, asked: ScopeSet, *, patient: str | None) -> ScopeSet:
    """Return what of these scopes a role can hold.

    Args:
        role: Whose token it is.
        asked: What was asked for, or is claimed.
        patient: The person the token is bound to. Without one no `patient/` scope is left, for
            such a scope means nothing unless the token says which patient.
    """
    words = frozenset() if role in BACKENDS else OPENID_WORDS
    if patient is None:
        words -= {"launch/patient"}
    narrowed = asked.in_contexts(_contexts(role, patient))
    return ScopeSet(narrowed.resources, asked.words & (words | TASUKI_WORDS_OF[role]))


def _contexts(role: Role, patient: str | None) -> frozenset[str]:
    if role in BACKENDS:
        return frozenset({"system"})
    bound = frozenset({"patient"}) if patient is not None else frozenset()
    return bound if role in ONE_PERSONS else bound | {"user"}
