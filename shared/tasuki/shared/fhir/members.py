"""The people a Group names: it is nobody's own, and about every one of them.

https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.references import parse_reference, walk_references
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_MEMBERS = 1_000  # each is asked about whenever the resource is shown
SEVERAL: frozenset[str] = frozenset(
    type_ for type_, one in OWNERSHIP.items() if one.members is not None
)
"""Types whose disclosure needs permission for everybody they name."""
# What may stand in a Group besides people: it is about nobody, whoever reads it.
_COMMON = frozenset({"Location", "Medication", "Organization", "Practitioner", "PractitionerRole"})
_KNOWN = _COMMON | {"Patient"}


def members_of(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the Patients it names as members, each once; none for any other type."""
    return tuple(dict.fromkeys(id_ for id_, _ in _people(resource)))


def active_members_of(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of those members that it does not call inactive."""
    active = (id_ for id_, member in _people(resource) if member.get("inactive") is not True)
    return tuple(dict.fromkeys(active))


def require_members(resource: Mapping[str, Any]) -> None:
    """Refuse a Group that names somebody in another way than by a literal reference as a member.

    Raises:
        Fault: STRUCTURE with the place; TOO_COSTLY for too many members.
    """
    if resource.get("resourceType") not in SEVERAL:
        return
    members = _members(resource)
    if len(members) > MAX_MEMBERS:
        raise Fault(Category.TOO_COSTLY, f"a Group may have {MAX_MEMBERS:,} members at most")
    wrong = [*_unclear_members(members), *_beside_members(resource)]
    for place, words in wrong[:1]:
        raise Fault(Category.STRUCTURE, words, at=(place,))


def _unclear_members(members: Sequence[Any]) -> Iterator[tuple[str, str]]:
    words = "a member must be a literal reference to a Patient of this server"
    for place, member in enumerate(members):
        if _target(member)[0] not in _KNOWN:
            yield f"Group.member[{place}].entity", words


def _beside_members(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield whatever else might name somebody."""
    people = set(members_of(resource))
    words = "a Group names Patients as its members only, and else what is about nobody"
    for path, holder in walk_references(dict(resource)):
        type_, id_ = _local(holder.get("reference"))
        if type_ not in _KNOWN or (type_ == "Patient" and id_ not in people):
            yield path, words
    for place, inside in enumerate(resource.get("contained") or ()):
        if inside.get("resourceType") not in _COMMON:
            yield f"Group.contained[{place}]", words


def _people(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for member in _members(resource):
        type_, id_ = _target(member)
        if type_ == "Patient":
            yield id_, member


def _members(resource: Mapping[str, Any]) -> list[Any]:
    ownership = OWNERSHIP.get(str(resource.get("resourceType")))
    if ownership is None or ownership.members is None:
        return []
    found = resource.get(ownership.members)
    return found if isinstance(found, list) else []


def _target(member: Any) -> tuple[str, str]:
    entity = member.get("entity") if isinstance(member, dict) else None
    return _local(entity.get("reference") if isinstance(entity, dict) else None)


def _local(literal: Any) -> tuple[str, str]:
    """Return type and id of what is on this server; empty for anything else."""
    reference = parse_reference(literal) if isinstance(literal, str) else None
    if reference is None or reference.base is not None or reference.urn is not None:
        return "", ""
    return reference.type or "", reference.id or ""
