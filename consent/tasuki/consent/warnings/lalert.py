"""L-Alert (公共情報コモンズ): an EDXL-DE 1.0 envelope around a `pcxml` report of a municipality.

The envelope says whether it is real; the report inside says so again, and both must. Namespaces of
the report change with its version, so it is read by local names.

https://docs.oasis-open.org/emergency/edxl-de/v1.0/EDXL-DE_Spec_v1.0.pdf,
https://www.fmmc.or.jp/commons/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.consent.warnings.bulletin import Bulletin, Hazard, Place, Source, named, short
from tasuki.consent.warnings.parts import jis_place, moment, number, required
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.consent.warnings.xml import Node

SPACE = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
EVERYWHERE = ("全域", "市内全域", "町内全域", "村内全域", "区内全域")
DISAGREEING = "disagreeing"
"""The status of a document whose envelope and content do not say the same."""


def is_lalert(root: Node) -> bool:
    """Tell whether a document is an EDXL-DE envelope."""
    return (root.space, root.name) == (SPACE, "EDXLDistribution")


def read_lalert(root: Node) -> Bulletin:
    """Return what a document says.

    Raises:
        Fault: INVALID with the path of what is missing; NOT_SUPPORTED for several reports at once.
    """
    contents = list(root.all("contentObject"))
    if len(contents) != 1:
        raise Fault(
            Category.NOT_SUPPORTED,
            "One report in one envelope is read here.",
            at=("contentObject",),
        )
    (content,) = contents
    report = next(content.below("Report"), None)
    sent = moment(root, "dateTimeSent")
    info_type = required(root, "distributionType")
    document = required(content, "documentID")
    revision = number(required(content, "documentRevision"))
    sender = required(root, "senderID")
    kind = required(content, "category")
    return Bulletin(
        source=Source.LALERT,
        document=named(
            sender, document, str(revision), info_type, required(root, "distributionID")
        ),
        event=named(sender, document),
        refers_to=(),
        sent=sent,
        order=(revision, int(sent.timestamp())),
        status=_agreed(required(root, "distributionStatus"), report, "distributionStatus"),
        info_type=_agreed(info_type, report, "distributionType"),
        kind=short(kind),
        title=short("" if report is None else report.said("Head", "Title")),
        headline=short("" if report is None else report.said("Head", "Headline", "Text")),
        publisher=short(content.said("publishingOfficeName") or sender),
        hazards=() if report is None else tuple(_hazards(root, report)),
    )


def _agreed(said: str, report: Node | None, name: str) -> str:
    inside = set() if report is None else {node.text for node in report.below(name) if node.text}
    return said if inside <= {said} else DISAGREEING


def _hazards(root: Node, report: Node) -> Iterator[Hazard]:
    """Yield what is ordered, in the sender's municipality; districts within it make it a part."""
    whole = tuple(_targets(root))
    for body in report.children:
        for detail in body.all("Detail"):
            kind = short(detail.said("Sort"))
            if kind:
                districts = tuple(_districts(detail))
                lift = short(detail.said("IssueOrLift"))
                yield Hazard(kind, _within(whole, districts), lift)
        if body.name not in {"Control", "Head"} and body.first("Detail") is None:
            yield Hazard(short(body.said("Title") or body.name), whole)


def _within(whole: tuple[Place, ...], districts: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return the districts as parts of the one municipality; of several, which has them is not said."""
    meant = {district.name for district in districts}
    if not meant or any(meant & _everywhere(one.name) for one in whole):
        return whole
    codes = [one.code for one in whole]
    if len(codes) == 1 and codes[0] is not None:
        return tuple(replace(district, code=codes[0], part=True) for district in districts)
    return tuple(replace(one, part=True) for one in whole) + districts


def _everywhere(name: str) -> frozenset[str]:
    """Return what a sender writes for the whole of its municipality."""
    return frozenset({name, f"{name}全域", *EVERYWHERE})


def _targets(root: Node) -> Iterator[Place]:
    for area in root.all("targetArea"):
        name = area.said("areaName")
        codes = [node.text for node in area.all("jisX0402") if node.text]
        if not codes and name:
            yield Place(short(name))
        for code in codes:
            yield jis_place(name, code)


def _districts(detail: Node) -> Iterator[Place]:
    for area in detail.below("Location"):
        name = area.said("areaName")
        if name:
            yield Place(short(name))
