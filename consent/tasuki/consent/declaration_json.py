"""The JSON form of a declaration, in the feed and at rest. The form is append-only.

    {"form": "tasuki-declaration/1", "id": …, "version": 1, "areas": ["172049"], "start": …, …}

Times are RFC 3339 with an offset, written in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tasuki.consent.declarations import Declaration, check_declaration
from tasuki.consent.reading import Element, as_element, refuse
from tasuki.consent.times import stretch_of
from tasuki.consent.vocabulary import ActorRole, DataClass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from enum import StrEnum

    _Word = TypeVar("_Word", bound=StrEnum)

FORM = "tasuki-declaration/1"
_TEXTS = ("id", "authority", "legal_basis", "opened_by")
_REST = ("form", "version", "areas", "start", "end", "roles", "classes", "drill", "recorded_at")


def write_declaration(declaration: Declaration) -> dict[str, object]:
    """Return the JSON form of a declaration."""
    written: dict[str, object] = {
        "form": FORM,
        "id": declaration.id,
        "version": declaration.version,
        "areas": sorted(declaration.areas),
        "start": declaration.start.isoformat(),
        "end": declaration.end.isoformat(),
        "roles": sorted(declaration.roles),
        "classes": sorted(declaration.classes),
        "authority": declaration.authority,
        "legal_basis": declaration.legal_basis,
        "drill": declaration.drill,
        "opened_by": declaration.opened_by,
        "recorded_at": declaration.recorded_at.isoformat(),
    }
    if declaration.closed_at is not None:
        written["closed_at"] = declaration.closed_at.isoformat()
    return written


def read_declaration(document: Mapping[str, object]) -> Declaration:
    """Return a declaration from its JSON form.

    Raises:
        Fault: STRUCTURE with the path of what is not understood.
    """
    read = as_element("declaration", document)
    read.only(*_TEXTS, *_REST, "closed_at")
    if read.text("form") != FORM:
        raise refuse("declaration.form", "This form is not known here.")
    return check_declaration(
        Declaration(
            id=read.text("id"),
            version=_version(read),
            areas=frozenset(_words(read, "areas")),
            start=_moment(read, "start"),
            end=_moment(read, "end"),
            roles=_members(read, "roles", ActorRole),
            classes=_members(read, "classes", DataClass),
            authority=read.text("authority"),
            legal_basis=read.text("legal_basis"),
            drill=_drill(read),
            opened_by=read.text("opened_by"),
            recorded_at=_moment(read, "recorded_at"),
            closed_at=_moment(read, "closed_at") if read.has("closed_at") else None,
        )
    )


def _version(read: Element) -> int:
    value = read.members.get("version")
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse("declaration.version", "A whole number is needed here.")
    return value


def _drill(read: Element) -> bool:
    value = read.members.get("drill")
    if not isinstance(value, bool):
        raise refuse("declaration.drill", "true or false is needed here.")
    return value


def _words(read: Element, name: str) -> list[str]:
    value = read.members.get(name)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise refuse(read.at(name), "A list of texts is needed here.")
    return value


def _members(read: Element, name: str, kind: type[_Word]) -> frozenset[_Word]:
    try:
        return frozenset(kind(word) for word in _words(read, name))
    except ValueError:
        raise refuse(read.at(name), "One of these words is not known here.") from None


def _moment(read: Element, name: str) -> datetime:
    text = read.text(name)
    stretch = stretch_of(text) if "T" in text else None
    if stretch is None:
        raise refuse(read.at(name), "A date and time with an offset is needed here.")
    return stretch.start
