"""JMA's disaster information XML (気象庁防災情報XML): earthquakes, tsunami, weather, volcanoes.

Only `Head/Headline` is evaluated: it says every kind of warning at every resolution the document
has. Of one kind the municipalities count; where it names none, the first areas it names, as text.

https://xml.kishou.go.jp/tec_material.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.warnings.bulletin import Bulletin, Hazard, Place, Source, named, short
from tasuki.consent.warnings.parts import jma_place, moment, number, required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.consent.warnings.xml import Node

SPACE = "http://xml.kishou.go.jp/jmaxml1/"
CITIES = "気象・地震・火山情報／市町村等"
LIFTED = frozenset({"解除"})


def is_jma(root: Node) -> bool:
    """Tell whether a document is one of JMA's."""
    return (root.space, root.name) == (SPACE, "Report")


def read_jma(root: Node) -> Bulletin:
    """Return what a document says.

    Raises:
        Fault: INVALID with the path of what is missing.
    """
    control = root.first("Control")
    head = root.first("Head")
    kind = required(root, "Control", "Title")
    office = required(root, "Control", "EditorialOffice")
    title = required(root, "Head", "Title")
    sent = moment(root, "Control", "DateTime")
    info_type = required(root, "Head", "InfoType")
    event = root.said("Head", "EventID")
    serial = root.said("Head", "Serial")
    reported = required(root, "Head", "ReportDateTime")
    return Bulletin(
        source=Source.JMA,
        document=named(kind, office, title, event, serial, info_type, sent.isoformat(), reported),
        # An earthquake's EventID is that of its tsunami too; a cancellation is of one kind only.
        event=named(kind, event) if event else named(kind, office, title),
        refers_to=(),
        sent=sent,
        order=(int(sent.timestamp()), number(serial)),
        status="" if control is None else control.said("Status"),
        info_type=info_type,
        kind=short(kind),
        title=short(title),
        headline=short(root.said("Head", "Headline", "Text")),
        publisher=short(root.said("Control", "PublishingOffice") or office),
        hazards=() if head is None else tuple(_hazards(head)),
    )


def _hazards(head: Node) -> Iterator[Hazard]:
    """Yield each kind once, with the finest areas the document has for it."""
    found: dict[str, list[Place]] = {}
    coarse: dict[str, tuple[str, list[Place]]] = {}
    for information in head.below("Information"):
        for item in information.all("Item"):
            for kind in _kinds(item):
                for areas in item.all("Areas"):
                    if areas.attributes.get("codeType") == CITIES:
                        found.setdefault(kind, []).extend(_places(areas, cities=True))
                    else:
                        level = information.attributes.get("type", "")
                        first, places = coarse.setdefault(kind, (level, []))
                        if first == level:
                            places.extend(_places(areas, cities=False))
    for kind in {**coarse, **found}:
        places = found.get(kind) or coarse[kind][1]
        yield Hazard(kind, tuple(dict.fromkeys(places)))


def _kinds(item: Node) -> Iterator[str]:
    for kind in item.all("Kind"):
        if kind.said("Condition") not in LIFTED and kind.said("Name"):
            yield short(kind.said("Name"))


def _places(areas: Node, *, cities: bool) -> Iterator[Place]:
    for area in areas.all("Area"):
        name, code = area.said("Name"), area.said("Code")
        if name or code:
            yield jma_place(name, code) if cities else Place(short(name))
