"""Entries of a transaction or batch, read: what each asks for, under which conditions.

https://hl7.org/fhir/R4/bundle.html#Bundle.entry.request
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.subjects import placed
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.characters import character_faults
from tasuki.shared.rest.bodies import require_valid
from tasuki.shared.rest.conditions import criteria, version_in

if TYPE_CHECKING:
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.fhir.search import Query
    from tasuki.shared.rest.service import FhirService

READING = frozenset({"GET", "HEAD"})
WRITING = ("DELETE", "POST", "PUT", "PATCH")
# Of which methods a condition may be; elsewhere it would be ignored, so it is refused.
_CONDITIONS = {
    "ifNoneExist": frozenset({"POST"}),
    "ifMatch": frozenset({"PUT", "PATCH", "DELETE"}),
    "ifNoneMatch": READING,
    "ifModifiedSince": READING,
}
_URL = re.compile(r"([A-Za-z]+)(?:/([^/?]+))?(?:\?(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as asked for.

    Attributes:
        index: 0-based place in the Bundle.
        type: Empty for what is read by `url`.
        id: What the URL names; empty for a new resource, and where criteria name it.
        query: Criteria instead of an id, or of `ifNoneExist`.
        url: Below the base URL; for reading.
        resource: Of a PATCH, the patch.
    """

    index: int
    method: str
    type: str = ""
    id: str = ""
    query: Query | None = None
    url: str = ""
    full_url: str = ""
    if_match: int | None = None
    none_match: str | None = None
    modified_since: str | None = None
    resource: Resource | None = None

    @property
    def place(self) -> str:
        """Where it stands in the caller's Bundle."""
        return f"Bundle.entry[{self.index}]"


def read_entry(service: FhirService, index: int, given: object) -> Entry:
    """Return an entry of a Bundle.

    Raises:
        Fault: INVALID, NOT_SUPPORTED or STRUCTURE, with its place.
    """
    at = f"Bundle.entry[{index}]"
    request = given.get("request") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(request, dict):
        raise Fault(Category.INVALID, "every entry needs a request", at=(f"{at}.request",))
    method = request.get("method")
    if not isinstance(method, str) or method not in {*READING, *WRITING}:
        raise Fault(
            Category.NOT_SUPPORTED,
            "request.method must be GET, HEAD, POST, PUT, PATCH or DELETE",
            at=(f"{at}.request.method",),
        )
    for condition, methods in _CONDITIONS.items():
        if condition in request and method not in methods:
            raise Fault(
                Category.NOT_SUPPORTED,
                f"{condition} is for {' and '.join(sorted(methods))}",
                at=(f"{at}.request.{condition}",),
            )
    url = str(request.get("url", "")).removeprefix(f"{service.base_url}/")
    if method in READING:
        return Entry(
            index,
            method,
            url=url,
            none_match=_text(request, "ifNoneMatch"),
            modified_since=_text(request, "ifModifiedSince"),
        )
    with placed(f"{at}.request"):
        entry = _addressed(service, Entry(index, method, url=url), request)
    return replace(
        entry,
        full_url=str(given.get("fullUrl", "")),
        resource=_resource(service, given, entry),
    )


def _addressed(service: FhirService, entry: Entry, request: dict[str, Any]) -> Entry:
    """Return an entry that writes, with what its URL and conditions say."""
    match = _URL.fullmatch(entry.url)
    is_new = entry.method == "POST"
    type_, id_, text = match.groups() if match is not None else ("", None, None)
    names = (id_ is not None) + (text is not None)
    if type_ not in service.types:
        raise Fault(
            Category.NOT_SUPPORTED, "this server keeps no resources of this type", at=("url",)
        )
    if names != (not is_new):
        raise Fault(
            Category.NOT_SUPPORTED,
            "request.url must be Type for POST and Type/id or Type?criteria for the others",
            at=("url",),
        )
    if is_new:
        text = _text(request, "ifNoneExist")
    return replace(
        entry,
        type=type_,
        id=id_ or "",
        query=None if text is None else criteria(type_, text, service.base_url),
        if_match=version_in(_text(request, "ifMatch")),
    )


def _resource(service: FhirService, given: dict[str, Any], entry: Entry) -> Resource | None:
    if entry.method == "DELETE":
        return None
    resource = given.get("resource")
    types = {"Binary", "Parameters"} if entry.method == "PATCH" else {entry.type}
    if not isinstance(resource, dict) or resource.get("resourceType") not in types:
        needed = " or ".join(sorted(types))
        raise Fault(
            Category.INVALID, f"the entry needs a {needed}", at=(f"{entry.place}.resource",)
        )
    with placed(f"{entry.place}.resource"):
        if entry.method != "PATCH":
            require_valid(resource, service.binding_checks)
        elif faults := character_faults(resource):
            raise Faults(tuple(faults))
    return resource


def _text(request: dict[str, Any], name: str) -> str | None:
    value = request.get(name)
    if value is not None and not isinstance(value, str):
        raise Fault(Category.INVALID, "a condition is a string", at=(name,))
    return value
