"""Launches: a signed-in member of staff opens another app with a patient already chosen.

The handle is opaque, lives five minutes, works once, in one app and for the one person who asked.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from tasuki.auth.sealing import LAUNCH as LABEL
from tasuki.auth.tables import LAUNCH

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasuki.auth.sealing import SecretBox

LAUNCH_SECONDS = 300
MAX_INTENT = 100

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Launch:
    """What the one who launched has before them.

    Attributes:
        account: Who launched; nobody else can use it.
        client_id: The app launched.
        patient: Reference, e.g. `Patient/1`.
        encounter: Reference, e.g. `Encounter/1`.
        intent: What the app shall begin with, in the two apps' own words.
        banner: Whether the app must show whose record it is.
    """

    account: str
    client_id: str
    patient: str
    encounter: str | None
    intent: str | None
    banner: bool


def reference(type_: str, text: str) -> str | None:
    """Return `Type/id` for a reference of this type or a bare id; None for anything else."""
    id_ = text.removeprefix(f"{type_}/")
    return f"{type_}/{id_}" if _ID.fullmatch(id_) else None


def save_launch(connection: Connection, box: SecretBox, launch: Launch, *, now: datetime) -> str:
    """Store a launch and return its handle."""
    handle = secrets.token_urlsafe(32)
    connection.execute(
        insert(LAUNCH).values(
            launch_mac=_mac(box, handle),
            account=launch.account,
            client_id=launch.client_id,
            patient=launch.patient,
            encounter=launch.encounter,
            intent=launch.intent,
            banner=launch.banner,
            expires_at=now + timedelta(seconds=LAUNCH_SECONDS),
        )
    )
    return handle


def find_launch(
    connection: Connection, box: SecretBox, handle: str, *, client_id: str, now: datetime
) -> Launch | None:
    """Return a launch that this app may still use."""
    table = LAUNCH
    query = select(table).where(
        table.c.launch_mac == _mac(box, handle),
        table.c.client_id == client_id,
        table.c.used_at.is_(None),
        table.c.expires_at > now,
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Launch(
        account=row["account"],
        client_id=row["client_id"],
        patient=row["patient"],
        encounter=row["encounter"],
        intent=row["intent"],
        banner=row["banner"],
    )


def use_launch(
    connection: Connection, box: SecretBox, handle: str, *, account: str, now: datetime
) -> bool:
    """Spend a launch; False where it was spent before, is late, or is another person's."""
    table = LAUNCH
    spend = update(table).where(
        table.c.launch_mac == _mac(box, handle),
        table.c.account == account,
        table.c.used_at.is_(None),
        table.c.expires_at > now,
    )
    spent = connection.execute(spend.values(used_at=now).returning(table.c.client_id))
    return spent.scalar_one_or_none() is not None


def _mac(box: SecretBox, handle: str) -> bytes:
    return box.mac(handle.encode("utf-8", "replace"), label=LABEL)
