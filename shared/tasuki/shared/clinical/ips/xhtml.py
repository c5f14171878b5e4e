"""Narrative XHTML: written escaped, and judged to say something.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from tasuki.shared.fhir.narrative import narrative_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMESPACE = "http://www.w3.org/1999/xhtml"


def division(parts: Iterable[str], language: str) -> str:
    """Return the `div` of a narrative.

    Args:
        parts: Finished XHTML fragments.
        language: BCP 47 tag, written as `lang` and `xml:lang`.
    """
    tag = escape(language, quote=True)
    inner = "".join(parts)
    return f'<div xmlns="{NAMESPACE}" lang="{tag}" xml:lang="{tag}">{inner}</div>'


def paragraph(words: str) -> str:
    """Return escaped words as a paragraph."""
    return f"<p>{escape(words, quote=False)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of escaped cells: one header row in `thead`, the rest in `tbody`."""
    return (
        f"<table><thead>{_row(head, 'th')}</thead>"
        f"<tbody>{''.join(_row(row, 'td') for row in rows)}</tbody></table>"
    )


def _row(cells: Iterable[str], tag: str) -> str:
    inner = "".join(f"<{tag}>{escape(cell, quote=False)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"


class _Reader(HTMLParser):
    """Counts rows and notes whether anything is said; the text is well-formed already."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.in_body = 0
        self.rows = 0
        self.said = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a start tag."""
        del attrs
        self.in_body += tag == "tbody"
        self.rows += tag == "tr" and self.in_body > 0
        self.said = self.said or tag == "img"

    def handle_endtag(self, tag: str) -> None:
        """Note an end tag."""
        self.in_body -= tag == "tbody"

    def handle_data(self, data: str) -> None:
        """Note character data."""
        self.said = self.said or bool(data.strip())


def _read(div: str) -> _Reader:
    reader = _Reader()
    reader.feed(div)
    reader.close()
    return reader


def fault_in(div: str) -> str | None:
    """Return what is wrong with a narrative `div` in plain words, or None."""
    problem = narrative_problem(div)
    if problem is not None:
        return problem
    return None if _read(div).said else "the narrative says nothing"


def body_rows(div: str) -> int:
    """Return how many table rows stand inside a `tbody`."""
    return _read(div).rows
