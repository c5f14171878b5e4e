"""P1: nothing about a person lies in the clear at rest, the whole sample loaded and used.

Forty known names, drugs and codes are looked for in every byte of the data folder: PostgreSQL's
files and WAL, the log, the caches; in each encoding a database or a page might have used.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import asyncpg
import pytest
from ahocorasick_rs import BytesAhoCorasick

from tasuki.deploy.sample.sample import open_sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Demo

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "shift_jis", "euc_jp")
# What the demo itself says of its accounts, by design; and the keys, which are not data.
NOT_DATA = {"demo.json", "demo.out", "keys"}
LONG_ENOUGH = 4  # bytes; shorter strings occur by chance


def known_strings() -> list[str]:
    """Forty and more strings that stand in the sample's records."""
    sample = open_sample()
    found: dict[str, None] = {}
    for person in sample.people()[:12]:
        for text in (person.name, person.name.replace(" ", ""), person.kana, person.member_id):
            found[text] = None
    for resource in sample.resources("noto", sample.reference_day):
        if resource["resourceType"] == "MedicationRequest":
            concept = resource["medicationCodeableConcept"]
            found[concept["text"]] = None
            for coding in concept.get("coding", []):
                found[coding["code"]] = None
        if resource["resourceType"] == "Condition" and "text" in resource["code"]:
            found[resource["code"]["text"]] = None
        if len(found) >= 60:
            break
    return [text for text in found if len(text) >= 3]


def disguises(text: str) -> Iterator[bytes]:
    """The byte strings a text might have been written as."""
    for encoding in ENCODINGS:
        try:
            raw = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(raw) >= LONG_ENOUGH:
            yield raw
    plain = text.encode()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield base64.b64encode(plain).rstrip(b"=")[:-1]
    yield text.encode("unicode_escape")


def searched(folder: Path, needles: dict[bytes, str]) -> dict[str, list[str]]:
    """Which needles stand in which files."""
    found: dict[str, list[str]] = {}
    words = list(needles)
    search = BytesAhoCorasick(words)  # all at once: one after the other takes half a minute
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not NOT_DATA & set(path.relative_to(folder).parts):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # PostgreSQL removed it meanwhile: it is not at rest
            hits = search.find_matches_as_indexes(content, overlapping=True)
            for text in {needles[words[number]] for number, _, _ in hits}:
                found.setdefault(text, []).append(str(path.relative_to(folder)))
    return found


def all_needles(texts: list[str]) -> dict[bytes, str]:
    return {needle: text for text in texts for needle in disguises(text)}


async def flush(demo: Demo, database: str, *statements: str) -> None:
    """Make PostgreSQL write everything it holds to its files."""
    host = next(
        line.strip()
        for line in (demo.folder / "postgres" / "postmaster.pid").read_text().splitlines()[4:5]
    )
    connection = await asyncpg.connect(user="postgres", database=database, host=host)
    for statement in (*statements, "CHECKPOINT"):
        await connection.execute(statement)
    await connection.close()


def test_the_strings_are_enough() -> None:
    assert len(known_strings()) >= 40


@pytest.mark.timeout(300)
def test_nothing_of_a_person_lies_in_the_clear(demo: Demo) -> None:
    # Used as well as loaded: a search and a load leave traces in logs and audit, if anything does.
    assert demo.command("audit", "verify").returncode == 0
    asyncio.run(flush(demo, "tasuki_noto"))
    assert searched(demo.folder, all_needles(known_strings())) == {}


@pytest.mark.timeout(300)
def test_the_search_would_find_it(demo: Demo) -> None:
    """The control: the same search finds what a careless table would hold."""
    careless = "能登 花子"
    asyncio.run(
        flush(
            demo,
            "tasuki_locator",
            "CREATE TABLE careless (name text)",
            f"INSERT INTO careless VALUES ('{careless}')",
        )
    )
    try:
        assert careless in searched(demo.folder, all_needles([careless]))
    finally:
        asyncio.run(flush(demo, "tasuki_locator", "DROP TABLE careless", "SELECT pg_switch_wal()"))
