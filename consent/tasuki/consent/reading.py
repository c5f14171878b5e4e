"""Strict reading of JSON: every element is understood, or the whole is refused with its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse(path: str, why: str) -> Fault:
    """Return the fault for an element that cannot be understood; the words name no data."""
    return Fault(Category.STRUCTURE, why, at=(path,))


@dataclass(frozen=True, slots=True)
class Element:
    """One JSON object and the place it stands at."""

    path: str
    members: Mapping[str, object]

    def only(self, *names: str) -> None:
        """Require that no member but the named is there; `id` and `extension` are free.

        Raises:
            Fault: STRUCTURE, with the first member that is not understood.
        """
        for name in self.members:
            if name not in names and name not in {"id", "extension"}:
                raise refuse(f"{self.path}.{name}", "This element is not evaluated here.")

    def at(self, name: str) -> str:
        """Return the path of a member."""
        return f"{self.path}.{name}"

    def has(self, name: str) -> bool:
        """Tell whether a member is there."""
        return name in self.members

    def text(self, name: str) -> str:
        """Return a member that must be a string with something in it.

        Raises:
            Fault: STRUCTURE.
        """
        value = self.members.get(name)
        if not isinstance(value, str) or not value.strip():
            raise refuse(self.at(name), "A text is needed here.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string member, or None when it is absent.

        Raises:
            Fault: STRUCTURE when it is there and is no text.
        """
        return self.text(name) if self.has(name) else None

    def child(self, name: str) -> Element:
        """Return a member that must be an object.

        Raises:
            Fault: STRUCTURE.
        """
        return as_element(self.at(name), self.members.get(name))

    def children(self, name: str) -> Iterator[Element]:
        """Yield the objects of a list member; nothing when the member is absent.

        Raises:
            Fault: STRUCTURE when it is no list of objects, or an empty list.
        """
        if not self.has(name):
            return
        values = self.members[name]
        if not isinstance(values, list) or not values:
            raise refuse(self.at(name), "A list with at least one entry is needed here.")
        for index, value in enumerate(values):
            yield as_element(f"{self.at(name)}[{index}]", value)


def as_element(path: str, value: object) -> Element:
    """Return a JSON object as an element.

    Raises:
        Fault: STRUCTURE when it is no object, or an empty one.
    """
    if not isinstance(value, Mapping) or not value:
        raise refuse(path, "An object is needed here.")
    return Element(path, value)
