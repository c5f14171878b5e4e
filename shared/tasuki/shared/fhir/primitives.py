"""The FHIR R4 primitive types: which JSON values each one may hold.

https://hl7.org/fhir/R4/datatypes.html#primitive

Each check returns None, or the rule that is broken in words that never repeat the value. The
patterns are HL7's, except base64Binary, whose published pattern takes exponential time.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from tasuki.shared.fhir.json import Number
from tasuki.shared.fhir.narrative import narrative_problem

Primitive = Callable[[Any], "str | None"]

MAX_STRING = 1024 * 1024  # characters, HL7's limit
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CODE = re.compile(r"\S+(?: \S+)*", re.ASCII)
_URI = re.compile(r"\S+", re.ASCII)
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_YEAR = r"(?!0000)[0-9]{4}"
_DAY = r"-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"{_YEAR}(?:{_DAY})?)?")
_DATE_TIME = re.compile(rf"{_YEAR}(?:{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?")
_INSTANT = re.compile(rf"{_YEAR}{_DAY}T{_CLOCK}{_ZONE})")
_TIME = re.compile(_CLOCK)
_WHOLE_DAY = len("2026-01-05")
_MAX_INTEGER = 2**31 - 1
_SCRIPT_SCHEMES = ("javascript:", "vbscript:")
_ACTIVE_SCHEMES = (*_SCRIPT_SCHEMES, "data:", "file:")
_IGNORED_IN_SCHEME = re.compile(r"[\x00-\x20]+")


def is_script_uri(value: str) -> bool:
    """Return whether following this address would run a script in a browser."""
    return _scheme_start(value).startswith(_SCRIPT_SCHEMES)


def is_active_uri(value: str) -> bool:
    """Return whether this address is a script, inline data or a file: no place of a resource."""
    return _scheme_start(value).startswith(_ACTIVE_SCHEMES)


def _scheme_start(value: str) -> str:
    return _IGNORED_IN_SCHEME.sub("", value).lower()


def is_id(value: str) -> bool:
    """Return whether `value` can be a logical id."""
    return _ID.fullmatch(value) is not None


def _string(value: Any) -> str | None:
    if type(value) is not str:
        return "must be a string"
    if not value:
        return "must not be an empty string"
    return None if len(value) <= MAX_STRING else f"must not exceed {MAX_STRING} characters"


def _matching(pattern: re.Pattern[str], rule: str) -> Primitive:
    fullmatch = pattern.fullmatch

    def check(value: Any) -> str | None:
        return None if type(value) is str and fullmatch(value) is not None else rule

    return check


def _dated(pattern: re.Pattern[str], rule: str) -> Primitive:
    fullmatch = pattern.fullmatch

    def check(value: Any) -> str | None:
        if type(value) is not str or fullmatch(value) is None:
            return rule
        if len(value) < _WHOLE_DAY:
            return None
        try:
            date.fromisoformat(value[:_WHOLE_DAY])
        except ValueError:
            return "must be a day that is in the calendar"
        return None

    return check


def _addressed(rule: str) -> Primitive:
    def check(value: Any) -> str | None:
        if type(value) is not str or _URI.fullmatch(value) is None:
            return rule
        return "must not be a script address" if is_script_uri(value) else None

    return check


def _boolean(value: Any) -> str | None:
    return None if value is True or value is False else "must be true or false"


def _whole(lowest: int, rule: str) -> Primitive:
    def check(value: Any) -> str | None:
        return None if type(value) is int and lowest <= value <= _MAX_INTEGER else rule

    return check


def _decimal(value: Any) -> str | None:
    return None if type(value) in (int, Number, float) else "must be a number"


def _base64(value: Any) -> str | None:
    if type(value) is not str or not value:
        return "must be base64 text"
    try:
        binascii.a2b_base64("".join(value.split()).encode("ascii"), strict_mode=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError are both ValueErrors
        return "must be base64 text"
    return None


def _xhtml(value: Any) -> str | None:
    return narrative_problem(value) if type(value) is str else "must be a string"


PRIMITIVES: Mapping[str, Primitive] = MappingProxyType(
    {
        "base64Binary": _base64,
        "boolean": _boolean,
        "canonical": _addressed("must be a canonical address without white space"),
        "code": _matching(_CODE, "must be a code: no white space but single spaces inside"),
        "date": _dated(_DATE, "must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        "dateTime": _dated(
            _DATE_TIME, "must be a dateTime: a date, or YYYY-MM-DDThh:mm:ss with a time zone"
        ),
        "decimal": _decimal,
        "id": _matching(_ID, "must be 1 to 64 of the characters A-Z a-z 0-9 - ."),
        "instant": _dated(_INSTANT, "must be an instant: YYYY-MM-DDThh:mm:ss with a time zone"),
        "integer": _whole(-_MAX_INTEGER - 1, "must be a whole number of 32 bits"),
        "markdown": _string,
        "oid": _matching(_OID, "must be an OID: urn:oid:1.2.3"),
        "positiveInt": _whole(1, "must be a whole number above 0"),
        "string": _string,
        "time": _matching(_TIME, "must be a time: hh:mm:ss"),
        "unsignedInt": _whole(0, "must be a whole number, 0 or above"),
        "uri": _addressed("must be a URI without white space"),
        "url": _addressed("must be a URL without white space"),
        "uuid": _matching(_UUID, "must be a UUID: urn:uuid: and lower-case hex"),
        "xhtml": _xhtml,
    }
)
