"""A plain HTTP client for one FHIR base URL, which remembers what it made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx2

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
PATCHES = {"json": "application/json-patch+json", "fhirpath": FHIR_JSON}
MOST_PAGES = 200
TIMEOUT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Target:
    """The server in question.

    Attributes:
        base: FHIR base URL, without a trailing slash.
        token: Returns a bearer token, or "" where the server asks for none.
        is_ours: Whether it is the server of this repository, started for the run.
    """

    base: str
    token: Callable[[], str]
    is_ours: bool = False


@dataclass(slots=True)
class Client:
    """Sends requests to a target.

    Attributes:
        made: `Type/id` of everything a 201 told of, oldest first.
    """

    target: Target
    http: httpx2.Client
    made: dict[str, None] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.target.base

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a request.

        Args:
            method: HTTP verb.
            path: After the base URL, or an absolute URL of the same server.
            body: A resource; text and bytes go as they are.
            headers: In place of the usual ones; an empty value leaves the header out.
        """
        given = {"Accept": FHIR_JSON}
        token = self.target.token()
        if token:
            given["Authorization"] = f"Bearer {token}"
        if body is not None:
            given["Content-Type"] = FHIR_JSON
        given |= headers or {}
        answer = self.http.request(
            method,
            self.url(path),
            headers={name: value for name, value in given.items() if value},
            content=_content(body),
        )
        self._remember(answer)
        return answer

    def get(self, path: str = "", **headers: str) -> httpx2.Response:
        """GET; `if_match="…"` stands for the header If-Match."""
        return self.ask("GET", path, headers=_named(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """POST."""
        return self.ask("POST", path, body=body, headers=_named(headers))

    def put(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        """PUT."""
        return self.ask("PUT", path, body=body, headers=_named(headers))

    def patch(self, path: str, body: Any, kind: str = "json", **headers: str) -> httpx2.Response:
        """PATCH with a JSON Patch or (`fhirpath`) a Parameters resource."""
        named = {"Content-Type": PATCHES[kind], **_named(headers)}
        return self.ask("PATCH", path, body=body, headers=named)

    def delete(self, path: str, **headers: str) -> httpx2.Response:
        """DELETE."""
        return self.ask("DELETE", path, headers=_named(headers))

    def form(self, path: str, fields: str, **headers: str) -> httpx2.Response:
        """POST of a form, as `_search` takes it."""
        named = {"Content-Type": FORM, **_named(headers)}
        return self.ask("POST", path, body=fields, headers=named)

    def created(self, resource: Mapping[str, Any] | str, type_: str = "") -> dict[str, Any]:
        """Create a resource, read it back, and return it as the server keeps it."""
        type_ = type_ or str(resource["resourceType"])  # type: ignore[index]  # text names its type
        answer = self.post(type_, resource)
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
        read = self.get(self.place(answer))
        assert read.status_code == 200, f"{read.status_code} {read.text}"
        made: dict[str, Any] = read.json()
        assert made["resourceType"] == type_, made
        return made

    def place(self, answer: httpx2.Response) -> str:
        """Return `Type/id` of the Location header."""
        return self.placed(answer.headers.get("location", ""))

    def placed(self, location: str) -> str:
        """Return `Type/id` of a location, absolute or relative, with or without a version."""
        parts = location.removeprefix(self.base).strip("/").split("/_history/")[0].split("/")
        assert len(parts) >= 2, f"no Type/id in the location {location!r}"
        return "/".join(parts[-2:])

    def pages(self, path: str, **headers: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of a Bundle, following `next` as it is."""
        url: str | None = path
        for _ in range(MOST_PAGES):
            if url is None:
                return
            answer = self.get(url, **headers)
            assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
            page = answer.json()
            assert page["resourceType"] == "Bundle", page
            yield page
            url = link(page, "next")
        raise AssertionError(f"more than {MOST_PAGES} pages")

    def url(self, path: str) -> str:
        """Return the absolute URL of a path."""
        if path.startswith(("http://", "https://")):
            return path
        if path.startswith("/"):
            return urljoin(self.base, path)
        separator = "" if not path or path.startswith("?") else "/"
        return f"{self.base}{separator}{path}"

    def clean_up(self) -> None:
        """Delete what was made, newest first; a server that keeps it may."""
        for _ in range(2):  # what refers to another in a circle goes in the second round
            for place in reversed(self.made):
                self.ask("DELETE", place)

    def _remember(self, answer: httpx2.Response) -> None:
        if answer.status_code == 201 and answer.headers.get("location"):
            self.made[self.place(answer)] = None
        elif answer.status_code == 200 and answer.request.method == "POST":
            for location in _locations(answer):
                self.made[self.placed(location)] = None


def link(bundle: Mapping[str, Any], relation: str) -> str | None:
    """Return the URL of a Bundle's link."""
    found = [one["url"] for one in bundle.get("link", ()) if one["relation"] == relation]
    assert len(found) < 2, f"two links {relation}"
    return str(found[0]) if found else None


def _content(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text.encode()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def _locations(answer: httpx2.Response) -> list[str]:
    """Return where a transaction or batch put things."""
    try:
        told = answer.json()
    except ValueError:
        return []
    entries = told.get("entry", []) if isinstance(told, dict) else []
    responses = [entry.get("response") or {} for entry in entries]
    return [
        str(one["location"])
        for one in responses
        if one.get("location") and str(one.get("status", "")).startswith("201")
    ]
