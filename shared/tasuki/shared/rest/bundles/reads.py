"""Entries of a Bundle that read: a resource, a version, a history, a search.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.rest.bundles.answers import response
from tasuki.shared.rest.conditions import unchanged
from tasuki.shared.rest.histories import history_bundle
from tasuki.shared.rest.pairs import read_pairs
from tasuki.shared.rest.resources import require_place, require_type
from tasuki.shared.rest.searchset import Asked, searchset

if TYPE_CHECKING:
    from tasuki.shared.access.gate import Records
    from tasuki.shared.fhir.json import Resource
    from tasuki.shared.rest.bundles.entries import Entry
    from tasuki.shared.rest.service import FhirService

_ONE = re.compile(r"([^/?]+)/([^/?]+)(?:/_history/([0-9]{1,9}))?")
_HISTORY = re.compile(r"(?:([^/?]+)/)?(?:([^/?]+)/)?_history(?:\?(.*))?", re.DOTALL)
_SEARCH = re.compile(r"([A-Za-z]+)/?(?:\?(.*))?", re.DOTALL)


async def read_for(records: Records, service: FhirService, entry: Entry) -> dict[str, Any]:
    """Return the answer to an entry that reads.

    Raises:
        Fault: As the interaction itself; NOT_SUPPORTED for an operation.
    """
    if "$" in entry.url.partition("?")[0]:
        raise Fault(Category.NOT_SUPPORTED, "operations in a Bundle are not supported")
    if match := _HISTORY.fullmatch(entry.url):
        type_, id_ = match[1], match[2]
        if type_ is not None and id_ is not None:
            require_place(service, type_, id_)
        elif type_ is not None:
            require_type(service, type_)
        page = await history_bundle(records, service, (type_, id_), match[3] or "")
        return _answer(entry, {"status": "200"}, page)
    if match := _ONE.fullmatch(entry.url):
        return await _one(records, service, entry, match)
    if match := _SEARCH.fullmatch(entry.url):
        require_type(service, match[1])
        asked = Asked((match[1],), match[1], read_pairs(match[2] or ""))
        return _answer(entry, {"status": "200"}, await searchset(records, service, asked))
    raise Fault(Category.NOT_SUPPORTED, "request.url is none that can be read in a Bundle")


async def _one(
    records: Records, service: FhirService, entry: Entry, match: re.Match[str]
) -> dict[str, Any]:
    type_, id_, version = match.groups()
    require_place(service, type_, id_)
    if version is None:
        found = await records.read(type_, id_)
    else:
        found = await records.vread(type_, id_, int(version))
    if unchanged(found, entry.none_match, entry.modified_since):
        return {"response": response("304", found)}
    return _answer(entry, response("200", found), parse_resource(found.body or b"{}"))


def _answer(entry: Entry, told: dict[str, Any], resource: Resource) -> dict[str, Any]:
    return (
        {"response": told} if entry.method == "HEAD" else {"resource": resource, "response": told}
    )
