"""Tokens by which sealed records are found: identifiers, people, other regions, source ids.

Every token is a keyed hash; docs/sealed-format.md says under which key and of what.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, LargeBinary, Text, any_, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from tasuki.shared.crypto.keys import derived_data_key
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.crypto.tokens import lookup_token, network_token, person_token, source_key
from tasuki.shared.ids import RandomIds
from tasuki.shared.store.hot import Hot
from tasuki.shared.store.schema import LOOKUP, NETWORK, PERSON, SOURCE_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.shared.access.records import NewVersion
    from tasuki.shared.crypto.keyring import KeyRing, NetworkKeys
    from tasuki.shared.crypto.keys import DataKey
    from tasuki.shared.store.hot import Line

PERSON_BITS = 24  # tokens are cut so that, in a region of some millions, two people share one
PERSON_INDEXES = {"kana+birth": 1, "kanji+birth": 2, "kana+year+sex": 3, "insurer": 4, "phone": 5}

_FIND_PERSON = select(PERSON.c.row, PERSON.c.pointer).where(
    PERSON.c.tenant == bindparam("tenant"),
    PERSON.c.index == bindparam("index_"),
    PERSON.c.tag == bindparam("tag"),
)
_FIND_IDENTIFIER = (
    select(LOOKUP.c.id)
    .where(
        LOOKUP.c.tenant == bindparam("tenant"),
        LOOKUP.c.type == bindparam("type_"),
        LOOKUP.c.tag == bindparam("tag"),
    )
    .order_by(LOOKUP.c.id)
)
_TOKENS_OF = (
    select(NETWORK.c.token)
    .where(NETWORK.c.tenant == bindparam("tenant"), NETWORK.c.owner == bindparam("owner"))
    .distinct()
    .order_by(NETWORK.c.token)
)
_OWNERS_OF = (
    select(NETWORK.c.owner)
    .where(
        NETWORK.c.tenant == bindparam("tenant"),
        NETWORK.c.token == any_(bindparam("tokens", type_=ARRAY(LargeBinary))),
    )
    .distinct()
    .order_by(NETWORK.c.owner)
)
_KNOWN_SOURCES = select(SOURCE_ID.c.tag, SOURCE_ID.c.id).where(
    SOURCE_ID.c.tenant == bindparam("tenant"),
    SOURCE_ID.c.tag == any_(bindparam("tags", type_=ARRAY(LargeBinary))),
)
_FORGET = Hot(
    delete(NETWORK)
    .where(
        NETWORK.c.tenant == bindparam("tenant"),
        # A resource has one owner for ever; by origin alone there is no index to find it.
        NETWORK.c.owner == any_(bindparam("owners", type_=ARRAY(Text))),
        NETWORK.c.origin == any_(bindparam("origins", type_=ARRAY(Text))),
    )
    .add_cte(
        delete(LOOKUP)
        .where(
            LOOKUP.c.tenant == bindparam("tenant"),
            LOOKUP.c.type == bindparam("type_"),
            LOOKUP.c.id == any_(bindparam("ids", type_=ARRAY(Text))),
        )
        .cte("forgotten")
    )
)
_ADD_IDENTIFIERS = Hot(
    upsert(LOOKUP)
    .values({name: bindparam(name) for name in ("tenant", "type", "id", "tag")})
    .on_conflict_do_nothing()
)


class Lookups:
    """The token tables of one tenant inside one transaction."""

    def __init__(
        self,
        line: Line,
        ring: KeyRing,
        tenant: str,
        network: NetworkKeys | None,
    ) -> None:
        self._line = line
        self._network = network
        self._ring = ring
        self._tenant = tenant

    @cached_property
    def _pointer_key(self) -> DataKey:
        # Pointers are sealed under a key of the index itself, so that a thief of the tables
        # cannot join two indexes of one person.
        return derived_data_key(self._ring.mac("pointer", self._tenant.encode()))

    async def by_identifier(self, type_: str, system: str, value: str) -> list[str]:
        """See `Unit.by_identifier`."""
        tag = lookup_token(self._ring, self._tenant, "identifier", type_, system, value)
        rows = await self._line.execute(
            _FIND_IDENTIFIER, {"tenant": self._tenant, "type_": type_, "tag": tag}
        )
        return [row.id for row in rows]

    async def by_person_key(self, index: str, parts: Sequence[str]) -> list[str]:
        """See `Unit.by_person_key`."""
        return sorted({owner for _, owner in await self._pointers(index, parts)})

    async def owners_of_tokens(self, tokens: Sequence[str]) -> list[str]:
        """See `Unit.owners_of_tokens`."""
        rows = await self._line.execute(
            _OWNERS_OF,
            {"tenant": self._tenant, "tokens": [bytes.fromhex(token) for token in tokens]},
        )
        return [row.owner for row in rows]

    async def tokens_of_owner(self, owner: str) -> tuple[str, ...]:
        """See `Unit.tokens_of_owner`."""
        rows = await self._line.execute(_TOKENS_OF, {"tenant": self._tenant, "owner": owner})
        return tuple(row.token.hex() for row in rows)

    async def source_ids(
        self, source: str, originals: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], str]:
        """See `Unit.source_ids`."""
        if not originals:
            return {}
        ids = RandomIds()
        tags = {original: self._source_tag(source, original) for original in originals}
        await self._line.execute(
            upsert(SOURCE_ID).on_conflict_do_nothing(),
            # In one order everywhere, so that two loads wait for each other and do not deadlock.
            [
                {"tenant": self._tenant, "tag": tag, "id": ids.new()}
                for tag in sorted(tags.values())
            ],
        )
        return await self._known(tags)

    async def known_source_ids(
        self, source: str, originals: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], str]:
        """See `Unit.known_source_ids`."""
        return await self._known(
            {original: self._source_tag(source, original) for original in originals}
        )

    async def replace(self, versions: Sequence[NewVersion]) -> None:
        """Make the tokens of these resources those of their new versions."""
        await self._forget([version for version in versions if version.expected])
        await self._insert_identifiers(versions)
        await self._insert_people(versions)
        await self._insert_network(versions)

    async def _known(self, tags: Mapping[tuple[str, str], bytes]) -> Mapping[tuple[str, str], str]:
        if not tags:
            return {}
        rows = await self._line.execute(
            _KNOWN_SOURCES, {"tenant": self._tenant, "tags": list(tags.values())}
        )
        found = {row.tag: row.id for row in rows}
        return {original: found[tag] for original, tag in tags.items() if tag in found}

    def _source_tag(self, source: str, original: tuple[str, str]) -> bytes:
        return source_key(self._ring, self._tenant, source, *original)

    async def _insert_identifiers(self, versions: Sequence[NewVersion]) -> None:
        rows = [
            {
                "tenant": self._tenant,
                "type": version.type,
                "id": version.id,
                "tag": lookup_token(
                    self._ring, self._tenant, "identifier", version.type, system, value
                ),
            }
            for version in versions
            for given_system, value in set(version.identifiers)
            # Each is found with its system, and by its value alone.
            for system in {given_system, "*"}
        ]
        if rows:
            await _ADD_IDENTIFIERS.run(self._line, rows)

    async def _insert_people(self, versions: Sequence[NewVersion]) -> None:
        rows = []
        for version in versions:
            for index, parts in set(version.person_keys):
                number, tag = self._person_tag(index, parts)
                rows.append(
                    {
                        "tenant": self._tenant,
                        "index": number,
                        "tag": tag,
                        "pointer": seal(
                            version.id.encode(),
                            key=self._pointer_key,
                            place=self._pointer_place(number, tag),
                        ),
                    }
                )
        if rows:
            await self._line.execute(insert(PERSON), rows)

    async def _insert_network(self, versions: Sequence[NewVersion]) -> None:
        rows = [
            {
                "tenant": self._tenant,
                "token": token,
                "owner": version.owner,
                "origin": f"{version.type}/{version.id}",
            }
            for version in versions
            for token in self._network_tokens(version)
        ]
        if rows:
            await self._line.execute(upsert(NETWORK).on_conflict_do_nothing(), rows)

    def _network_tokens(self, version: NewVersion) -> set[bytes]:
        tokens = {bytes.fromhex(token) for token in version.network_tokens}
        network = self._network
        if network is not None:
            tokens |= {
                network_token(network, network.epoch, parts) for parts in version.network_keys
            }
        return tokens

    async def _forget(self, versions: Sequence[NewVersion]) -> None:
        """Remove the tokens of superseded versions."""
        if not versions:
            return
        by_type: dict[str, list[NewVersion]] = {}
        for version in versions:
            by_type.setdefault(version.type, []).append(version)
        for type_, of_type in sorted(by_type.items()):
            forgotten = {
                "tenant": self._tenant,
                "type_": type_,
                "ids": [version.id for version in of_type],
                "owners": sorted({version.owner for version in of_type}),
                "origins": [f"{type_}/{version.id}" for version in of_type],
            }
            await _FORGET.run(self._line, [forgotten])
        for version in versions:
            for index, parts in version.superseded_person_keys:
                stale = [
                    row for row, id_ in await self._pointers(index, parts) if id_ == version.id
                ]
                await self._line.execute(delete(PERSON).where(PERSON.c.row.in_(stale)))

    async def _pointers(self, index: str, parts: Sequence[str]) -> list[tuple[int, str]]:
        number, tag = self._person_tag(index, parts)
        rows = await self._line.execute(
            _FIND_PERSON, {"tenant": self._tenant, "index_": number, "tag": tag}
        )
        place = self._pointer_place(number, tag)
        return [
            (row.row, unseal(row.pointer, key=self._pointer_key, place=place).decode())
            for row in rows
        ]

    def _person_tag(self, index: str, parts: Sequence[str]) -> tuple[int, int]:
        tag = person_token(self._ring, self._tenant, index, tuple(parts), bits=PERSON_BITS)
        return PERSON_INDEXES[index], tag

    def _pointer_place(self, index: int, tag: int) -> Place:
        return Place(
            tenant=self._tenant, owner="", type="person-pointer", id=f"{index}.{tag}", version=1
        )
