"""Conditions of a request: criteria that must find one resource, and versions in headers.

https://hl7.org/fhir/R4/http.html#cond-update, #cread and #concurrency
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.search import parse_query
from tasuki.shared.rest.pairs import read_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.access.records import Stored
    from tasuki.shared.fhir.search import Query

MAX_CRITERIA = 20  # name=value pairs in one condition
_NAME = re.compile(r"[A-Za-z_-]+(?::[A-Za-z-]+)?")
_OF_RESULTS = frozenset(
    [
        "_count",
        "_sort",
        "_include",
        "_revinclude",
        "_summary",
        "_elements",
        "_total",
        "_contained",
        "_containedType",
    ]
)
# About the answer to any interaction, so they stand in a URL beside the criteria.
_OF_ANSWERS = frozenset({"_format", "_pretty"})
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')
_FOREIGN_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,64}"')
_NO_VERSION = 0  # ours begin with 1


def criteria(type_: str, text: str, base: str) -> Query:
    """Return the criteria of a conditional interaction, read strictly.

    Raises:
        Fault: INVALID where there are none, or one is not understood; NOT_SUPPORTED for chains,
            and for parameters that are about results.
    """
    pairs = read_pairs(text)
    if len(pairs) > MAX_CRITERIA:
        raise Fault(Category.INVALID, f"a condition may have {MAX_CRITERIA} criteria at most")
    pairs = [pair for pair in pairs if pair[0] not in _OF_ANSWERS]
    if not pairs:
        raise Fault(Category.INVALID, "a condition needs criteria, such as identifier=system|value")
    for name, _ in pairs:
        if name.partition(":")[0] in _OF_RESULTS:
            raise Fault(
                Category.NOT_SUPPORTED, "a condition has criteria only, nothing about results"
            )
        if _NAME.fullmatch(name) is None or name.startswith("_has"):
            raise Fault(Category.NOT_SUPPORTED, "a condition cannot be chained")
    return parse_query(type_, pairs, strict=True, base=base)


def header_criteria(type_: str, header: str | None, base: str) -> Query | None:
    """Return the criteria of an If-None-Exist header; None without one.

    Raises:
        Fault: As `criteria`.
    """
    if header is None:
        return None
    if not header.isascii():
        # A header has no character set: what is not escaped would be read as other characters.
        raise Fault(Category.INVALID, "If-None-Exist is written as an address is, with %-escapes")
    return criteria(type_, header, base)


def version_in(header: str | None) -> int | None:
    """Return the version an If-Match header names; None without a header.

    An ETag that no version of ours can have names one that matches nothing.

    Raises:
        Fault: INVALID for anything that is not an ETag, such as `*` or a list of them.
    """
    if header is None:
        return None
    match = _ETAG.fullmatch(header.strip())
    if match is None and _FOREIGN_ETAG.fullmatch(header.strip()):
        return _NO_VERSION
    if match is None:
        raise Fault(Category.INVALID, 'If-Match must be an ETag of this server, such as W/"3"')
    return int(match.group(1))


def refuse_none_match(headers: Mapping[str, str]) -> None:
    """Refuse to write under a condition that R4 has for reading only.

    Raises:
        Fault: NOT_SUPPORTED; ignoring it could overwrite what the caller wanted to spare.
    """
    if "if-none-match" in headers:
        raise Fault(
            Category.NOT_SUPPORTED,
            "If-None-Match is for reading; to create what is not there, use If-None-Exist",
        )


def unchanged(stored: Stored, none_match: str | None, modified_since: str | None) -> bool:
    """Return whether a conditional read need not send the version again.

    If-None-Match, a list of ETags or `*`, goes before If-Modified-Since; a date that cannot be read
    is no condition (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3).
    """
    if none_match is not None:
        wanted = [one.strip() for one in none_match.split(",")]
        held = [match for one in wanted if (match := _ETAG.fullmatch(one)) is not None]
        return "*" in wanted or any(int(match.group(1)) == stored.version for match in held)
    if modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(modified_since)
    except ValueError:
        return False
    return since.tzinfo is not None and stored.at.replace(microsecond=0) <= since
