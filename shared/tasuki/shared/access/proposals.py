"""What a caller wants written: a first version, a further one, or a change of the newest."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from tasuki.shared.access.records import Method
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.audit.shapes import Action
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasuki.shared.access.records import Stored
    from tasuki.shared.access.subjects import Key
    from tasuki.shared.fhir.json import Resource

_METHODS: Mapping[Action, Method] = MappingProxyType(
    {Action.CREATE: Method.POST, Action.UPDATE: Method.PUT, Action.PATCH: Method.PATCH}
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A version that a caller wants written; made by its named constructors only.

    Attributes:
        id: Logical id; of a new resource, the one the server has assigned to it.
        resource: What to write; None where `change` makes it of the newest version.
        if_match: The version the caller saw; None where they do not say.
        place: Where it stands in the caller's input, e.g. `Bundle.entry[3]`, for faults.
    """

    type: str
    id: str
    interaction: Interaction
    action: Action
    resource: Resource | None = None
    change: Callable[[Resource], Resource] | None = None
    if_match: int | None = None
    place: str = ""

    @classmethod
    def creation(cls, resource: Resource, id_: str, *, place: str = "") -> Self:
        """Propose the first version of a resource."""
        type_ = str(resource["resourceType"])
        return cls(type_, id_, Interaction.CREATE, Action.CREATE, resource, place=place)

    @classmethod
    def update(
        cls, resource: Resource, id_: str, *, if_match: int | None = None, place: str = ""
    ) -> Self:
        """Propose a further version."""
        type_ = str(resource["resourceType"])
        return cls(type_, id_, Interaction.UPDATE, Action.UPDATE, resource, None, if_match, place)

    @classmethod
    def patch(
        cls,
        key: Key,
        change: Callable[[Resource], Resource],
        *,
        if_match: int | None = None,
        place: str = "",
    ) -> Self:
        """Propose a further version that is made of the newest one by `change`."""
        return cls(*key, Interaction.UPDATE, Action.PATCH, None, change, if_match, place)

    @property
    def key(self) -> Key:
        """Type and logical id."""
        return self.type, self.id

    @property
    def method(self) -> Method:
        """How the version says it was made."""
        return _METHODS[self.action]

    def content(self, head: Stored | None) -> Resource:
        """Return what is to be written, of which `change` may have altered anything but its name."""
        if self.resource is not None:
            return self.resource
        if self.change is None or head is None or head.body is None:
            raise ValueError("a proposal has a resource, or a change of one")
        resource = self.change(parse_resource(head.body))
        if (resource.get("resourceType"), resource.get("id")) != self.key:
            raise Fault(
                Category.STRUCTURE, "the type and id of a resource cannot change", at=("id",)
            )
        return resource
