"""Declarations: an open one, one closed by hand, a drill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.consent.client import read_declaration

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.consent.client import Declaration

EVERYWHERE = ["172022", "172049", "172057"]


def declaration(kind: str, start: datetime, end: datetime) -> Declaration:
    """Return a declaration of everything everywhere that is open, closed by hand, or a drill."""
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
    return read_declaration(body)
