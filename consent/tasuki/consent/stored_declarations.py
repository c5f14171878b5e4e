"""Every declaration the consent service holds: all of them, or an error; never a part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from tasuki.shared.access.records import Unit

MOST = 1_000


async def stored_declarations(unit: Unit) -> list[dict[str, Any]]:
    """Return the newest version of every declaration, as its JSON.

    Raises:
        Fault: TOO_COSTLY where there are more than `MOST`. A short list would read as
            "no disaster is declared here".
    """
    found = await unit.scan("Declaration", MOST)
    if found is None:
        raise Fault(Category.TOO_COSTLY, f"more than {MOST} declarations are held; none is shown")
    return [json.loads(one.body or b"{}") for one in found]
