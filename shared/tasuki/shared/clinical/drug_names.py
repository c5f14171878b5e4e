"""Known names of medicines, Japanese and English, generic and brand, for records without a code.

A name is looked for as a whole word or as the beginning or end of a run of one script
("スライディングスケールインスリン" ends in insulin), and the longest name wins. The table is
written for this project; the class numbers follow the first digits of the YJ code.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Routes = frozenset[str]  # of "o" by mouth, "i" injected, "e" external

ORAL, INJECTED, EXTERNAL = "o", "i", "e"
ANY_ROUTE: Final[Routes] = frozenset({ORAL, INJECTED, EXTERNAL})
_SHORTEST_LATIN: Final = 5
_RUNS: Final = re.compile(r"[ァ-ヺー]+|[a-z]+|[一-鿿々]+|[0-9.]+")
_HIRAGANA_TO_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
# Words that contain a medicine's name and are not it.
_NOT_THAT: Final = ("ヘパリン類似物質", "インスリン抵抗性")
_EXTERNAL_WORDS: Final = re.compile(
    "軟膏|クリーム|ローション|点眼|点鼻|点耳|外用|ゲル|テープ|パップ|パッチ|貼付|スプレー|シャンプー"
    "|注腸|坐剤|坐薬|吸入|エアー|エアゾール|ディスカス|エリプタ|タービュヘイラー|レスピマット|湿布"
)


@dataclass(frozen=True, slots=True)
class KnownName:
    """One row of the name table.

    Attributes:
        kind: The flag it stands for, or an empty string.
        routes: Routes for which the flag holds.
        yj: Leading characters of its YJ code, 3 to 7; empty for a name that only blocks another.
    """

    kind: str
    routes: Routes
    yj: str


def folded(name: str) -> str:
    """Return a name in one spelling: NFKC, lower case, katakana; spaces and marks kept."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_HIRAGANA_TO_KATAKANA)


def words_of(name: str) -> tuple[str, ...]:
    """Return the runs of one script in a name, folded: `ロキソニン錠60mg` gives ロキソニン, 錠, 60, mg."""
    return tuple(_RUNS.findall(folded(name)))


def known_names(name: str) -> tuple[KnownName, ...]:
    """Return the rows whose names stand in a recorded name."""
    spelled = folded(name)
    for phrase in _NOT_THAT:
        spelled = spelled.replace(phrase, " ")
    found = [row for phrase, row in _phrases().items() if phrase in spelled]
    for run in _RUNS.findall(spelled):
        found.extend(_in_run(run))
    return tuple(dict.fromkeys(found))


def routes_of_name(name: str) -> Routes:
    """Return the routes a name leaves open: a dosage form put on the body is external."""
    return frozenset({EXTERNAL}) if _EXTERNAL_WORDS.search(folded(name)) else ANY_ROUTE


def _in_run(run: str) -> Iterator[KnownName]:
    """Yield the longest known name at the beginning and at the end of a run, if they do not overlap."""
    names = _names()
    sizes = range(len(run), 2, -1)
    head = next((run[:size] for size in sizes if run[:size] in names), "")
    tail = next((run[-size:] for size in sizes if run[-size:] in names), "")
    if head and (not tail or len(head) >= len(tail) or len(head) + len(tail) <= len(run)):
        yield names[head]
    if tail and tail != head and (len(tail) > len(head) or len(head) + len(tail) <= len(run)):
        yield names[tail]


@cache
def _names() -> dict[str, KnownName]:
    return {name: row for name, row in _table() if _RUNS.fullmatch(name) and _long_enough(name)}


@cache
def _phrases() -> dict[str, KnownName]:
    """Names written in more than one script are looked for as they stand."""
    return {name: row for name, row in _table() if not _RUNS.fullmatch(name)}


def _long_enough(name: str) -> bool:
    return not name.isascii() or len(name) >= _SHORTEST_LATIN


@cache
def _table() -> tuple[tuple[str, KnownName], ...]:
    return tuple(
        (folded(name), KnownName(row["kind"], frozenset(row["routes"]), row["yj"]))
        for row in rows("drug_names.csv")
        for name in row["names"].split()
    )


def rows(file_name: str) -> list[dict[str, str]]:
    """Return the rows of one of this room's CSV tables."""
    source = files("tasuki.shared.clinical").joinpath("data", file_name)
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
