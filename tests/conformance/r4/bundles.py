"""Request Bundles, put together."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.checks import require_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2
    from tests.conformance.r4.world import World


def urn() -> str:
    """Return a fresh `urn:uuid:`."""
    code = secrets.token_hex(16)
    parts = (code[:8], code[8:12], f"4{code[13:16]}", f"a{code[17:20]}", code[20:])
    return f"urn:uuid:{'-'.join(parts)}"


def entry(
    method: str,
    url: str,
    resource: Mapping[str, Any] | None = None,
    full_url: str = "",
    **request: str,
) -> dict[str, Any]:
    """Return one entry; `if_match` and so on go into its request."""
    more = {_camel(name): value for name, value in request.items()}
    made: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        made = {"resource": dict(resource), **made}
    return {"fullUrl": full_url, **made} if full_url else made


def post(resource: Mapping[str, Any], full_url: str = "", **request: str) -> dict[str, Any]:
    """Return an entry that creates."""
    return entry("POST", str(resource["resourceType"]), resource, full_url or urn(), **request)


def put(resource: Mapping[str, Any], **request: str) -> dict[str, Any]:
    """Return an entry that updates."""
    return entry("PUT", f"{resource['resourceType']}/{resource['id']}", resource, **request)


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    """Return a Bundle of requests."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def done(world: World, kind: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a Bundle that must be accepted; return its answer's entries, one for each."""
    answer = world.client.post("", bundle(kind, *entries))
    told = require_status(answer, 200)
    assert (told["resourceType"], told["type"]) == ("Bundle", f"{kind}-response")
    given: list[dict[str, Any]] = told["entry"]
    assert len(given) == len(entries), "an answer for every entry, in the same order"
    return given


def sent(world: World, kind: str, *entries: dict[str, Any]) -> httpx2.Response:
    """Send a Bundle and return whatever comes."""
    return world.client.post("", bundle(kind, *entries))


def status(answer: Mapping[str, Any]) -> int:
    """Return the status code of an entry's answer."""
    return int(str(answer["response"]["status"])[:3])


def place(world: World, answer: Mapping[str, Any]) -> str:
    """Return `Type/id` of where an entry was put."""
    return world.client.placed(str(answer["response"]["location"]))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
