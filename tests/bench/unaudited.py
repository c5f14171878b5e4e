"""The demo without audit leaves: for the bench alone, to know what they cost.

No setting of the product does this, and none may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.deploy import cli
from tasuki.shared.store.unit import SealedUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.audit.events import AuditRecord


async def _nothing(self: SealedUnit, records: Sequence[AuditRecord]) -> None:
    assert self is not None
    assert records


if __name__ == "__main__":
    SealedUnit.record = _nothing  # type: ignore[method-assign]
    cli.main()
