"""No My Number is stored: every readable column of every database, and every record as it is read.

Number Use Act, articles 19 and 20; MHLW safety guideline 6.0
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx2
import pytest

from tasuki.shared.text import holds_my_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TYPES = ("Patient", "Observation", "MedicationRequest", "Condition", "AllergyIntolerance")
# What only looks like one: moments and ids hold runs of digits that are part of longer words.
_WORD = re.compile(r"[0-9A-Za-z.:/_-]{13,}")


def texts(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value."""
    if isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, (str, int)):
        yield str(value)


def suspicious(value: str) -> bool:
    return holds_my_number(_WORD.sub(" ", value))


def test_the_scan_would_find_one() -> None:
    assert suspicious("番号は 1234 5678 9018 です")
    assert suspicious('{"value": "123456789018"}')
    assert not suspicious("2026-01-05T00:00:00.123456789018+09:00")


async def columns(demo: Demo) -> list[str]:
    """Return where a readable column holds what looks like a My Number."""
    pid = (demo.folder / "postgres" / "postmaster.pid").read_text().splitlines()
    found: list[str] = []
    looked = 0
    first = await asyncpg.connect(user="postgres", database="postgres", host=pid[4].strip())
    names = await first.fetch("SELECT datname FROM pg_database WHERE NOT datistemplate")
    await first.close()
    for (name,) in names:
        at = await asyncpg.connect(user="postgres", database=name, host=pid[4].strip())
        every = await at.fetch(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN"
            " ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bigint', 'numeric')"
        )
        for table, column in every:
            rows = await at.fetch(f'SELECT "{column}"::text FROM "{table}"')
            looked += len(rows)
            if any(value is not None and suspicious(value) for (value,) in rows):
                found.append(f"{name}.{table}.{column}")
        await at.close()
    assert looked > 1_000
    return found


def test_no_column_holds_one(demo: Demo) -> None:
    assert asyncio.run(columns(demo)) == []


def test_no_record_holds_one(demo: Demo) -> None:
    token = demo.token("hospital")
    looked = 0
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        for type_ in TYPES:
            url: str | None = f"{demo.ehr('noto')}/{type_}?_count=200"
            while url is not None:
                page = client.get(url)
                assert page.status_code == 200, page.text
                bundle = json.loads(page.text)
                for entry in bundle.get("entry", []):
                    looked += 1
                    assert [one for one in texts(entry["resource"]) if suspicious(one)] == []
                links = {one["relation"]: one["url"] for one in bundle["link"]}
                url = links.get("next")
    assert looked > 300
