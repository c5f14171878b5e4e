"""Narrative: the XHTML that a resource brings along, allowed only when it cannot act.

https://hl7.org/fhir/R4/narrative.html#xhtml

The text must be well-formed XML of the elements and attributes HL7 lists. Whatever an XML reader
and an HTML reader see differently (doctype, CDATA, processing instructions, comments that close
early) is refused, so that markup found harmless here stays harmless in a browser.
"""

from __future__ import annotations

import re
from xml.parsers import expat

_ELEMENT_NAMES = """a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em
    h1 h2 h3 h4 h5 h6 hr i img li map area ol p pre q s samp small span strike strong sub sup
    table tbody td tfoot th thead tr tt u ul var kbd ins del bdo center font"""
_ATTRIBUTE_NAMES = """abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign
    char charoff charset cite class color colspan compact coords dir face frame headers height
    href hreflang hspace id idRef lang longdesc name noshade nowrap rel rev rowspan rules scope shape
    size span src start style summary tabindex title type usemap valign value vspace width xmlns
    xml:lang xml:space"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_ADDRESSES = frozenset({"href", "src", "cite", "longdesc", "usemap"})
_SAFE_ADDRESS = re.compile(
    r"(?:https?:|mailto:|tel:|urn:|#|data:image/(?:png|gif|jpeg);)", re.IGNORECASE
)
_HAS_SCHEME = re.compile(r"[^/?#]*:")
_DIVERGENT = re.compile(r"<!DOCTYPE|<!\[CDATA\[|<\?|<!--(?:-?>)|--!>", re.IGNORECASE)
_ACTIVE_STYLE = re.compile(r"expression\s*\(|url\s*\(|@import|behaviou?r\s*:|\\", re.IGNORECASE)
_XHTML = "http://www.w3.org/1999/xhtml"


class _Refused(Exception):
    """What the narrative may not hold."""


def narrative_problem(text: str) -> str | None:
    """Return the rule a narrative breaks, or None."""
    if _DIVERGENT.search(text):
        return "must not hold a doctype, CDATA, processing instructions or odd comments"
    parser = expat.ParserCreate(encoding="utf-8")
    parser.UseForeignDTD(True)  # noqa: FBT003 - expat's only form; leaves &nbsp; and such unread
    root: list[str] = []
    parser.StartElementHandler = lambda name, attributes: _start(root, name, attributes)
    try:
        parser.Parse(text.encode("utf-8"), True)  # noqa: FBT003 - expat's only form
    except expat.ExpatError:
        return "must be well-formed XHTML"
    except UnicodeEncodeError:
        return "must be Unicode text"
    except _Refused as refused:
        return str(refused)
    return None


def _start(root: list[str], name: str, attributes: dict[str, str]) -> None:
    if not root:
        root.append(name)
        if name != "div" or attributes.get("xmlns") != _XHTML:
            raise _Refused("must be one div in the XHTML namespace")
    if name not in _ELEMENTS:
        raise _Refused("must hold no elements but HL7's list (no scripts, forms or frames)")
    for attribute, value in attributes.items():
        _check_attribute(attribute, value)


def _check_attribute(name: str, value: str) -> None:
    if name not in _ATTRIBUTES or (name == "xmlns" and value != _XHTML):
        raise _Refused("must hold no attributes but HL7's list (no event handlers)")
    if name in _ADDRESSES and _HAS_SCHEME.match(value) and not _SAFE_ADDRESS.match(value):
        raise _Refused("must not link to active content")
    if name == "style" and _ACTIVE_STYLE.search(value):
        raise _Refused("must not load or run anything by its style")
