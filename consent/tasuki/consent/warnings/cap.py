"""CAP 1.2 (Common Alerting Protocol), as other countries' and some private feeds write it.

https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasuki.consent.warnings.bulletin import Bulletin, Hazard, Place, Source, named, short
from tasuki.consent.warnings.parts import jis_place, jma_place, moment, required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.consent.warnings.xml import Node

SPACE = "urn:oasis:names:tc:emergency:cap:1.2"
TYPES = {"Alert": "Report"}  # CAP's word for what EDXL-DE calls a report
PUBLIC = "Public"
NOT_PUBLIC = "not-public"
"""The status of a message that is not for everybody: its sender did not mean us."""

MAX_REFERENCES = 100
_WORDS = re.compile("[^a-z0-9]")
_JIS = frozenset({"jisx0402", "jisx04010402", "municipalitycode"})
_JMA = frozenset({"jmaareainformationcity", "areainformationcity"})


def is_cap(root: Node) -> bool:
    """Tell whether a document is a CAP 1.2 alert."""
    return (root.space, root.name) == (SPACE, "alert")


def read_cap(root: Node) -> Bulletin:
    """Return what an alert says.

    Raises:
        Fault: INVALID with the path of what is missing.
    """
    sender, identifier = required(root, "sender"), required(root, "identifier")
    sent = moment(root, "sent")
    own = named(sender, identifier)
    refers_to = tuple(_references(root.said("references")))
    kind = required(root, "msgType")
    infos = list(root.all("info"))
    return Bulletin(
        source=Source.CAP,
        document=own,
        event=refers_to[0] if refers_to else own,
        refers_to=refers_to,
        sent=sent,
        order=(int(sent.timestamp()), 0),
        status=required(root, "status") if root.said("scope") == PUBLIC else NOT_PUBLIC,
        info_type=TYPES.get(kind, kind),
        kind="CAP",
        title=short(next((info.said("event") for info in infos), "")),
        headline=short(next((info.said("headline") for info in infos), "")),
        publisher=short(next((info.said("senderName") for info in infos), "") or sender),
        hazards=tuple(_hazards(infos)),
    )


def _references(text: str) -> Iterator[str]:
    """Yield the documents of `sender,identifier,sent …`; what has another form names none."""
    for reference in text.split()[:MAX_REFERENCES]:
        sender, _, rest = reference.partition(",")
        identifier, _, sent = rest.partition(",")
        if sender and identifier and sent:
            yield named(sender, identifier)


def _hazards(infos: list[Node]) -> Iterator[Hazard]:
    for info in infos:
        words = [info.said(name) for name in ("severity", "urgency", "certainty", "responseType")]
        if any(one.text == "AllClear" for one in info.all("responseType")):
            words[3] = "AllClear"
        places = tuple(dict.fromkeys(p for area in info.all("area") for p in _places(area)))
        kind = short(info.said("event"))
        if kind:
            yield Hazard(kind, places, short(" ".join(words).strip()))


def _places(area: Node) -> Iterator[Place]:
    name = area.said("areaDesc")
    coded = []
    for geocode in area.all("geocode"):
        system = _WORDS.sub("", geocode.said("valueName").lower())
        code = geocode.said("value")
        if system in _JIS:
            coded.append(jis_place(name, code))
        elif system in _JMA:
            coded.append(jma_place(name, code))
    if coded:
        yield from coded
    elif name:
        yield Place(short(name))
