"""What is kept for a while: the rest of a search, an export under way. Sealed; gone when it is over.

Other than a copy of a feed it has an end from the beginning, and nobody finds it but by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from tasuki.shared.access.records import NOBODY
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.store.schema import KEPT
from tasuki.shared.store.vault import RECORD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasuki.shared.store.hot import Line
    from tasuki.shared.store.vault import KeyVault

_ONE = select(KEPT.c.sealed).where(
    KEPT.c.tenant == bindparam("tenant"),
    KEPT.c.shelf == bindparam("shelf"),
    KEPT.c.id == bindparam("id_"),
    KEPT.c.until > bindparam("now"),
)


class KeptShelf:
    """What one tenant keeps for a while, inside one transaction."""

    def __init__(self, line: Line, vault: KeyVault, tenant: str) -> None:
        self._line = line
        self._vault = vault
        self._tenant = tenant

    async def keep(self, shelf: str, id_: str, body: bytes, until: datetime) -> None:
        """See `Unit.keep`."""
        key = (await self._vault.ensured([NOBODY], RECORD))[NOBODY]
        sealed = seal(body, key=key, place=self._place(shelf, id_))
        newer = {"sealed": sealed, "until": until}
        await self._line.execute(
            insert(KEPT)
            .values(tenant=self._tenant, shelf=shelf, id=id_, **newer)
            .on_conflict_do_update(index_elements=["tenant", "shelf", "id"], set_=newer)
        )

    async def kept(self, shelf: str, id_: str, now: datetime) -> bytes | None:
        """See `Unit.kept`."""
        values = {"tenant": self._tenant, "shelf": shelf, "id_": id_, "now": now}
        sealed = (await self._line.execute(_ONE, values)).scalar_one_or_none()
        if sealed is None:
            return None
        key = (await self._vault.opened([NOBODY], RECORD))[NOBODY]
        return unseal(sealed, key=key, place=self._place(shelf, id_))

    async def let_go(self, shelf: str, ids: Sequence[str]) -> None:
        """See `Unit.let_go`."""
        await self._line.execute(
            delete(KEPT).where(
                KEPT.c.tenant == self._tenant, KEPT.c.shelf == shelf, KEPT.c.id.in_(ids)
            )
        )

    async def forget_old(self, now: datetime) -> None:
        """Forget what is over."""
        await self._line.execute(
            delete(KEPT).where(KEPT.c.tenant == self._tenant, KEPT.c.until <= now)
        )

    def _place(self, shelf: str, id_: str) -> Place:
        return Place(tenant=self._tenant, owner=NOBODY, type=f"kept:{shelf}", id=id_, version=1)
