"""Bundles of requests, written short."""

from __future__ import annotations

from typing import Any


def bundle_of(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    """Return a Bundle to be POSTed."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def asking(
    method: str, url: str, resource: Any = None, full: str = "", **more: Any
) -> dict[str, Any]:
    """Return an entry that asks for one interaction; `more` are its conditions."""
    made: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        made["resource"] = resource
    return {"fullUrl": full, **made} if full else made
