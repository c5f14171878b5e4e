"""How much of the records one transaction opens at most: it has the memory of a whole process.

Counted twice. As sealed bytes, in the database, before a body is fetched; and as opened bytes, one
body after the other, since a few sealed bytes may be many when they are opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, case, func, literal_column, select

from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.shared.access.records import Stored
    from tasuki.shared.store.schema import Statement

MEGABYTE = 1024 * 1024
SEALED_BYTES = 32 * MEGABYTE  # that one transaction fetches to look through
OPENED_BYTES = (
    64 * MEGABYTE
)  # what that is when opened; with its meaning parsed, some times as much
STRETCH_SEALED = 4 * MEGABYTE  # of versions opened at a time, or one that is larger
STRETCH_OPENED = 16 * MEGABYTE


class Budget:
    """What one transaction may still open."""

    def __init__(self) -> None:
        self.sealed = SEALED_BYTES
        self.opened = OPENED_BYTES

    def fetched(self, size: int) -> None:
        """Count sealed bytes that have been found.

        Raises:
            Fault: TOO_COSTLY where they are too many, so that none of them was fetched.
        """
        if size > self.sealed:
            raise too_large()
        self.sealed -= size

    def unsealed(self, size: int) -> None:
        """Count the bytes of a body that has been opened.

        Raises:
            Fault: TOO_COSTLY where there are too many by now.
        """
        self.opened -= size
        if self.opened < 0:
            raise too_large()


def too_large() -> Fault:
    """Return the refusal to open more than one request may."""
    return Fault(
        Category.TOO_COSTLY,
        f"this would open over {SEALED_BYTES // MEGABYTE} MB of sealed records, or"
        f" {OPENED_BYTES // MEGABYTE} MB of what is in them; ask for fewer types, or by id",
    )


def first_opened(versions: Iterator[Stored], most: int | None) -> list[Stored]:
    """Return the first of these, as many as are `most` bytes when opened, but one at least."""
    opened: list[Stored] = []
    size = 0
    for stored in versions:
        size += len(stored.body or b"")
        if opened and most is not None and size > most:
            break
        opened.append(stored)
    return opened


def all_or_none(found: Statement, *order: str) -> Statement:
    """Return rows with their total size, and their bodies only where that is at most `:most`."""
    inner = found.subquery("found")
    total = func.coalesce(func.sum(func.octet_length(inner.c.sealed)).over(), literal_column("0"))
    most = bindparam("most", type_=BigInteger)
    return select(
        *(column for column in inner.c if column.name != "sealed"),
        total.label("total"),
        case((total <= most, inner.c.sealed)).label("sealed"),
    ).order_by(*(inner.c[name] for name in order))


def first_that_fit(found: Statement, *newest: str) -> Statement:
    """Return rows, newest first, and whether a row and all before it are `:most` bytes at most.

    One that does not fit is without its body. The first one always fits.
    """
    inner = found.subquery("found")
    order = [inner.c[name].desc() for name in newest]
    place = func.row_number().over(order_by=order)
    size = func.coalesce(func.octet_length(inner.c.sealed), 0)
    running = func.sum(size).over(order_by=order, rows=(None, 0))
    fits = (running <= bindparam("most", type_=BigInteger)) | (place == 1)
    return select(
        *(column for column in inner.c if column.name != "sealed"),
        fits.label("fits"),
        case((fits, inner.c.sealed)).label("sealed"),
    ).order_by(*order)
