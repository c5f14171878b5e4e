"""Names and values of a query string, or of a form that stands for one, in UTF-8 and bounded.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.bodies import bounded_body, require_media_type

if TYPE_CHECKING:
    from fastapi import Request

FORM = frozenset({"application/x-www-form-urlencoded"})
MAX_FORM = 64 * 1024  # bytes of a POSTed search
MAX_PARAMETERS = 100

Pairs = list[tuple[str, str]]


def asked_text(request: Request) -> str:
    """Return the query string of a request, still escaped.

    Raises:
        Fault: INVALID for what is not UTF-8.
    """
    return _text(request.scope["query_string"])


def asked_pairs(request: Request) -> Pairs:
    """Return what the query string of a request asks.

    Raises:
        Fault: As `read_pairs`.
    """
    return read_pairs(asked_text(request))


async def posted_pairs(request: Request) -> Pairs:
    """Return what the query string and the form of a request ask together.

    Raises:
        Fault: As `read_pairs`; MEDIA_TYPE for what is no form, TOO_LARGE.
    """
    require_media_type(request, FORM)
    form = _text(await bounded_body(request, MAX_FORM))
    query = asked_text(request)
    return read_pairs("&".join(part for part in (query, form) if part))


def read_pairs(text: str) -> Pairs:
    """Return the names and values of a query string, in their order.

    Raises:
        Fault: INVALID for too many of them, what is not UTF-8, and U+0000.
    """
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=False,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise _not_utf_8() from None
    except ValueError as error:
        raise Fault(
            Category.INVALID, f"a search may have {MAX_PARAMETERS} parameters at most"
        ) from error
    if any("\x00" in part for pair in pairs for part in pair):
        raise Fault(Category.INVALID, "a search parameter holds the character U+0000")
    return pairs


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_utf_8() from None


def _not_utf_8() -> Fault:
    # Searched for as other characters, it would say "none" of a person who is here.
    return Fault(Category.INVALID, "a search parameter is not UTF-8")
