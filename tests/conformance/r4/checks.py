"""What is asserted again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.client import link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUE_CODES = {
    *("invalid", "structure", "required", "value", "invariant", "security", "login", "unknown"),
    *("expired", "forbidden", "suppressed", "processing", "not-supported", "duplicate"),
    *("multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension"),
    *("too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store"),
    *("exception", "timeout", "incomplete", "throttled", "informational"),
}
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


def require_fhir(answer: httpx2.Response) -> None:
    """Assert the media type of FHIR JSON, in UTF-8."""
    type_, _, rest = answer.headers.get("content-type", "").partition(";")
    assert type_.strip() == "application/fhir+json", f"Content-Type is {type_!r}"
    assert "charset" not in rest.lower() or "utf-8" in rest.lower()


def require_outcome(
    answer: httpx2.Response, statuses: Sequence[int] = (), names: str = ""
) -> dict[str, Any]:
    """Assert a client error with an OperationOutcome that says what is wrong; return it.

    Args:
        answer: What came.
        statuses: The allowed ones; any 4xx where none is given.
        names: What an issue's expression, location, diagnostics or details must name.
    """
    told = f"{answer.status_code} {answer.text[:600]}"
    assert answer.status_code in statuses if statuses else 400 <= answer.status_code < 500, told
    require_fhir(answer)
    outcome: dict[str, Any] = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", told
    assert outcome["issue"], told
    for issue in outcome["issue"]:
        assert issue["severity"] in SEVERITIES, told
        assert issue["code"] in ISSUE_CODES, told
    assert any(issue["severity"] in ("fatal", "error") for issue in outcome["issue"]), told
    if names:
        assert names in json.dumps(outcome["issue"], ensure_ascii=False), told
    return outcome


def require_status(answer: httpx2.Response, *statuses: int) -> dict[str, Any]:
    """Assert the status and FHIR JSON; return the body."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:600]}"
    require_fhir(answer)
    body: dict[str, Any] = answer.json()
    return body


def without_server_parts(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource without what the server owns or may make: id, version, time, narrative."""
    meta = {
        name: value
        for name, value in (resource.get("meta") or {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    rest = {k: v for k, v in resource.items() if k not in ("id", "meta", "text")}
    return {**rest, "meta": meta} if meta else rest


def entries(pages: Sequence[Mapping[str, Any]], mode: str) -> list[dict[str, Any]]:
    """Return the entries of a search by their mode, over all pages."""
    return [
        entry
        for page in pages
        for entry in page.get("entry", ())
        if (entry.get("search") or {}).get("mode") == mode
    ]


def place(entry: Mapping[str, Any]) -> str:
    """Return `Type/id` of an entry."""
    return f"{entry['resource']['resourceType']}/{entry['resource']['id']}"


def require_searchset(pages: Sequence[Mapping[str, Any]], base: str) -> None:
    """Assert what holds of every search: types, links, addresses, modes, the total."""
    assert pages, "no page at all"
    for page in pages:
        assert page["type"] == "searchset"
        assert link(page, "self"), "a searchset says what was searched for, in its self link"
        for entry in page.get("entry", ()):
            assert entry["search"]["mode"] in ("match", "include", "outcome")
            if entry["search"]["mode"] != "outcome":
                assert entry["fullUrl"] == f"{base}/{place(entry)}"
    matched = [place(entry) for entry in entries(pages, "match")]
    assert len(set(matched)) == len(matched), "a match comes twice"
    for page in pages:
        if "total" in page:
            assert page["total"] == len(matched), "the total counts all matches and nothing else"


def require_subsetted(resource: Mapping[str, Any]) -> None:
    """Assert that a resource says it is not whole."""
    tags = resource.get("meta", {}).get("tag", [])
    assert any(
        tag.get("code") == SUBSETTED["code"] and tag.get("system") == SUBSETTED["system"]
        for tag in tags
    ), "the tag SUBSETTED is missing"
