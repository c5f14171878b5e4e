"""XML from strangers, read into plain values: no DTD, no entity, bounded in every direction.

A document type declaration is refused whole, and with it every entity but the five of XML itself:
nothing can be expanded and nothing outside be fetched. https://www.w3.org/TR/xml/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 1024 * 1024  # the largest bulletin of JMA is a tenth of it
MAX_DEPTH = 40
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 32
_SEPARATOR = " "  # a space is in no namespace and in no name


@dataclass(slots=True)
class Node:
    """One element.

    Attributes:
        space: Its namespace; empty for none.
        name: Its local name.
        text: What stands in it outside other elements, without outer white space.
    """

    space: str
    name: str
    attributes: Mapping[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> Iterator[Node]:
        """Yield the children of a local name, whatever their namespace."""
        return (child for child in self.children if child.name == name)

    def first(self, *path: str) -> Node | None:
        """Return the first element down a path of local names."""
        found: Node | None = self
        for name in path:
            found = None if found is None else next(found.all(name), None)
        return found

    def said(self, *path: str) -> str:
        """Return the text of the first element down a path; empty where there is none."""
        found = self.first(*path)
        return "" if found is None else found.text

    def below(self, name: str) -> Iterator[Node]:
        """Yield every element of a local name below this one, in document order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def read_xml(body: bytes) -> Node:
    """Return the root element of a document.

    Raises:
        Fault: TOO_LARGE; INVALID for what is not well-formed, has a document type, or is nested or
            divided beyond any bulletin. Nothing of the document is repeated.
    """
    if len(body) > MAX_BYTES:
        raise Fault(Category.TOO_LARGE, "A bulletin is at most 1 MB.")
    builder = _Builder()
    try:
        return builder.read(body)
    except (expat.ExpatError, ValueError, LookupError):
        # LookupError: an encoding nobody knows.
        raise Fault(Category.INVALID, "This is not well-formed XML.") from None


class _Builder:
    """Builds nodes as the parser tells of them."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._doctype
        self._parser.ExternalEntityRefHandler = self._doctype
        self._open: list[tuple[Node, list[str]]] = []
        self._root: Node | None = None
        self._count = 0

    def read(self, body: bytes) -> Node:
        self._parser.Parse(body, True)  # noqa: FBT003 - the library's signature
        if self._root is None:
            raise ValueError
        return self._root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        too_much = (
            self._count > MAX_ELEMENTS
            or len(self._open) >= MAX_DEPTH
            or len(attributes) > MAX_ATTRIBUTES
        )
        if too_much:
            raise Fault(Category.INVALID, "This document is nested or divided too much.")
        space, _, name = tag.rpartition(_SEPARATOR)
        node = Node(space, name, attributes)
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self._root = node
        self._open.append((node, []))

    def _end(self, _: str) -> None:
        node, parts = self._open.pop()
        node.text = "".join(parts).strip()

    def _characters(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _doctype(self, *_: object) -> NoReturn:
        raise Fault(Category.INVALID, "A document type is not read here.")
