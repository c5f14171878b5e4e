"""Tables of the sealed record store.

What a thief of these tables reads: types, random ids, versions, times, sizes, counts. What they do
not read: names, identifiers, codes, texts, dates of anybody; those are in sealed bodies or keyed
hashes (docs/sealed-format.md).
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
)

METADATA = MetaData()

Statement: TypeAlias = Select[*tuple[Any, ...]]
AnyRow: TypeAlias = Row[*tuple[Any, ...]]


def _tenant() -> Column[str]:
    return Column("tenant", Text, primary_key=True)


HEAD = Table(
    "resource_head",
    METADATA,
    _tenant(),
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Index("resource_head_owner", "tenant", "owner", "type"),
)

VERSION = Table(
    "resource_version",
    METADATA,
    _tenant(),
    Column("type", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    # The type comes last: an index that began with tenant and type would, without fresh statistics,
    # pass for as good as the primary key, and every look-up would read all versions of the type.
    Index("resource_version_at", "tenant", "at", "type"),
)

# Exact look-up by identifier: a 128-bit keyed hash, not unique, since R4 allows duplicates.
LOOKUP = Table(
    "lookup_token",
    METADATA,
    _tenant(),
    Column("type", Text, primary_key=True),
    Column("tag", LargeBinary, primary_key=True),
    Column("id", Text, primary_key=True),
    Index("lookup_token_id", "tenant", "type", "id"),
)

# Person look-up: truncated compound tokens; the pointer is sealed, so that rows of two indexes
# cannot be joined.
PERSON = Table(
    "person_token",
    METADATA,
    Column("row", BigInteger, Identity(), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("index", SmallInteger, nullable=False),
    Column("tag", BigInteger, nullable=False),
    Column("pointer", LargeBinary, nullable=False),
    Index("person_token_tag", "tenant", "index", "tag"),
)

# Links between regions: tokens under a network key that the locator does not hold.
NETWORK = Table(
    "network_token",
    METADATA,
    _tenant(),
    Column("token", LargeBinary, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Index("network_token_owner", "tenant", "owner"),
)

SOURCE_ID = Table(
    "source_id",
    METADATA,
    _tenant(),
    Column("tag", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
)

# `local` is given inside the transaction, `seq` after its commit by the one stamper: only `seq`
# may be used as a cursor.
CHANGE = Table(
    "change",
    METADATA,
    Column("local", BigInteger, Identity(), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("seq", BigInteger, nullable=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Index("change_seq", "tenant", "seq", unique=True),
)
Index("change_unstamped", CHANGE.c.local, postgresql_where=CHANGE.c.seq.is_(None))

FEED = Table(
    "feed_state",
    METADATA,
    _tenant(),
    Column("epoch", Text, nullable=False),
    Column("head", BigInteger, nullable=False),
)

LEAF = Table(
    "audit_leaf",
    METADATA,
    Column("local", BigInteger, Identity(), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("seq", BigInteger, nullable=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("owner_tag", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("mark", LargeBinary, nullable=True),
    Index("audit_leaf_seq", "tenant", "seq", unique=True),
    Index("audit_leaf_owner", "tenant", "owner_tag"),
)
Index("audit_leaf_unstamped", LEAF.c.local, postgresql_where=LEAF.c.seq.is_(None))

TREE = Table(
    "audit_tree",
    METADATA,
    _tenant(),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

CHECKPOINT = Table(
    "audit_checkpoint",
    METADATA,
    _tenant(),
    Column("size", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
)

# Roots of whole subtrees of 256, 65,536 … leaves, so that a proof reads hundreds of rows, not all.
NODE = Table(
    "audit_node",
    METADATA,
    _tenant(),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

# Heads of this log as its witnesses signed them.
COSIGNATURE = Table(
    "audit_cosignature",
    METADATA,
    _tenant(),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)

# What an audit log is made of, for a service that keeps one, no records, and witnesses nobody.
LOG_TABLES = (LEAF, TREE, CHECKPOINT, NODE, COSIGNATURE)

# The newest head of another's log that we signed as its witness; `forked`: one that contradicts it.
WITNESSED = Table(
    "audit_witnessed",
    METADATA,
    _tenant(),
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    Column("forked", Text, nullable=True),
)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    _tenant(),
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("quarantine_owner", "tenant", "owner"),
)

# Copies of other services' feeds (consents, declarations, source records), sealed like our own.
REPLICA = Table(
    "replica_entry",
    METADATA,
    _tenant(),
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

REPLICA_TOKEN = Table(
    "replica_token",
    METADATA,
    _tenant(),
    Column("feed", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("replica_token_key", "key", "tenant", "feed"),
)

CURSOR = Table(
    "replica_cursor",
    METADATA,
    _tenant(),
    Column("feed", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("fresh_at", DateTime(timezone=True), nullable=False),
    # Another number whenever anything in the copy has changed; by chance, so that none comes again.
    Column("mark", BigInteger, nullable=True),
)

# Has an end from the beginning: the rest of a search, an export under way.
KEPT = Table(
    "kept_item",
    METADATA,
    _tenant(),
    Column("shelf", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("kept_item_until", "tenant", "until"),
)

KEYS_METADATA = MetaData()

# Wrapped data keys live in a database of their own: key first, row after; an orphan key is harmless.
DATA_KEY = Table(
    "data_key",
    KEYS_METADATA,
    Column("tenant", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("class", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
