"""Audit leaves: sealed, and committed in the transaction of what they record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, insert, select

from tasuki.shared.audit.events import to_audit_event
from tasuki.shared.audit.leaf import LeafBody
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.crypto.tokens import lookup_token
from tasuki.shared.store.hot import Hot
from tasuki.shared.store.schema import LEAF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasuki.shared.audit.events import AuditRecord
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.crypto.keys import DataKey
    from tasuki.shared.store.hot import Line

_INSERT = Hot(
    insert(LEAF)
    .inline()  # the key it gets is not asked back
    .values({name: bindparam(name) for name in ("tenant", "at", "leaf", "owner_tag", "sealed")})
)


def owner_tag(ring: KeyRing, tenant: str, owner: str) -> bytes:
    """Return the keyed hash under which a person's leaves are found again."""
    return lookup_token(ring, tenant, "audit-owner", owner)


def place_of(tenant: str, leaf: bytes) -> Place:
    """Return where a sealed leaf belongs: its own hash names it."""
    return Place(tenant=tenant, owner="", type="AuditEvent", id=leaf.hex(), version=1)


def opened(sealed: bytes, leaf: bytes, *, key: DataKey, tenant: str) -> LeafBody:
    """Return the salt and event of a sealed leaf.

    Raises:
        CannotOpen: The leaf was altered or belongs elsewhere.
    """
    return LeafBody.from_bytes(unseal(sealed, key=key, place=place_of(tenant, leaf)))


def append(
    line: Line,
    records: Sequence[AuditRecord],
    *,
    ring: KeyRing,
    key: DataKey,
    tenant: str,
) -> None:
    """Insert one leaf per record, as the last of the caller's transaction."""
    rows = []
    for record in records:
        owner = record.patient.removeprefix("Patient/") if record.patient else ""
        tag = owner_tag(ring, tenant, owner) if owner else None
        rows.append(row_of(record, tag, key=key, tenant=tenant))
    line.at_last(_INSERT, rows)


def row_of(
    record: AuditRecord, tag: bytes | None, *, key: DataKey, tenant: str
) -> dict[str, object]:
    """Return the row of a record, sealed, to be found again under a tag."""
    body = LeafBody.of(to_audit_event(record))
    leaf = body.commitment
    return {
        "tenant": tenant,
        "at": record.at,
        "leaf": leaf,
        "owner_tag": tag,
        "sealed": seal(body.to_bytes(), key=key, place=place_of(tenant, leaf)),
    }


@dataclass(frozen=True, slots=True)
class Page:
    """Which leaves: those of these people (`owner_tag`), newest first, after `skip` of them."""

    tags: Sequence[bytes]
    limit: int
    skip: int


@dataclass(frozen=True, slots=True)
class Found:
    """One leaf: its body, its hash, and its position once it has one."""

    body: LeafBody
    leaf: bytes
    seq: int | None


async def newest(line: Line, page: Page, *, key: DataKey, tenant: str) -> list[Found]:
    """Return a page of people's events, newest first."""
    rows = await line.execute(
        select(LEAF.c.leaf, LEAF.c.sealed, LEAF.c.seq)
        .where(LEAF.c.tenant == tenant, LEAF.c.owner_tag.in_(page.tags))
        .order_by(LEAF.c.local.desc())
        .limit(page.limit)
        .offset(page.skip)
    )
    return [
        Found(opened(row.sealed, row.leaf, key=key, tenant=tenant), row.leaf, row.seq)
        for row in rows
    ]


async def count(line: Line, tags: Sequence[bytes], *, tenant: str) -> int:
    """Return how many events there are about these people."""
    counted = await line.execute(
        select(func.count())
        .select_from(LEAF)
        .where(LEAF.c.tenant == tenant, LEAF.c.owner_tag.in_(tags))
    )
    return int(counted.scalar_one())
