"""Entries of a bulk load that could not be accepted: sealed, listed with reasons, never lost."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tasuki.shared.access.records import Quarantined
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.store.schema import QUARANTINE
from tasuki.shared.store.vault import RECORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.vault import KeyVault


class QuarantineShelf:
    """The quarantine of one tenant inside one transaction."""

    def __init__(self, line: Line, vault: KeyVault, tenant: str) -> None:
        self._line = line
        self._vault = vault
        self._tenant = tenant

    async def put(self, entries: Sequence[Quarantined]) -> None:
        """See `Unit.quarantine`."""
        if not entries:
            return
        keys = await self._vault.ensured({entry.owner for entry in entries}, RECORD)
        rows = [
            {
                "tenant": self._tenant,
                "id": entry.id,
                "owner": entry.owner,
                "at": entry.at,
                "sealed": seal(
                    _packed(entry), key=keys[entry.owner], place=self._place(entry.id, entry.owner)
                ),
            }
            for entry in entries
        ]
        statement = insert(QUARANTINE)
        newer = {name: statement.excluded[name] for name in ("owner", "at", "sealed")}
        await self._line.execute(
            statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=newer), rows
        )

    async def release(self, ids: Sequence[str]) -> None:
        """See `Unit.release`."""
        if ids:
            await self._line.execute(
                delete(QUARANTINE).where(
                    QUARANTINE.c.tenant == self._tenant, QUARANTINE.c.id.in_(ids)
                )
            )

    async def newest(self, limit: int) -> list[Quarantined]:
        """See `Unit.quarantined`."""
        rows = (
            await self._line.execute(
                select(QUARANTINE)
                .where(QUARANTINE.c.tenant == self._tenant)
                .order_by(QUARANTINE.c.at.desc(), QUARANTINE.c.id)
                .limit(limit)
            )
        ).all()
        keys = await self._vault.opened({row.owner for row in rows}) if rows else {}
        found = []
        for row in rows:
            place = self._place(row.id, row.owner)
            packed = json.loads(unseal(row.sealed, key=keys[row.owner], place=place))
            found.append(
                Quarantined(
                    id=row.id,
                    source=packed["source"],
                    line=packed["line"],
                    reasons=tuple(packed["reasons"]),
                    owner=row.owner,
                    at=row.at,
                    body=base64.b64decode(packed["body"]),
                )
            )
        return found

    async def count(self, owner: str) -> int:
        """See `Unit.quarantine_count`."""
        counted = await self._line.execute(
            select(func.count())
            .select_from(QUARANTINE)
            .where(QUARANTINE.c.tenant == self._tenant, QUARANTINE.c.owner == owner)
        )
        return int(counted.scalar_one())

    def _place(self, id_: str, owner: str) -> Place:
        return Place(tenant=self._tenant, owner=owner, type="quarantine", id=id_, version=1)


def _packed(entry: Quarantined) -> bytes:
    return json.dumps(
        {
            "source": entry.source,
            "line": entry.line,
            "reasons": list(entry.reasons),
            "body": base64.b64encode(entry.body).decode(),
        }
    ).encode()
