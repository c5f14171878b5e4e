"""Declarations as the consent service tells them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

EVERYWHERE = ["172022", "172049", "172057"]


def declarations(
    kind: str, start: datetime, end: datetime
) -> list[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Return what the feed says of a declaration that is open, closed by hand, or a drill."""
    body = {
        "form": "tasuki-declaration/1",
        "id": f"declaration-{kind}",
        "version": 1,
        "areas": EVERYWHERE,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "roles": ["clinician", "nurse"],
        "classes": ["allergies", "conditions", "contacts", "medicines", "other"],
        "authority": "Ishikawa",
        "legal_basis": "Disaster Relief Act",
        "drill": kind == "drill",
        "opened_by": "officer",
        "recorded_at": start.isoformat(),
    }
    if kind == "closed":
        body["closed_at"] = (start + timedelta(minutes=1)).isoformat()
    return [("declaration", (), body)]
