"""Japanese text: search forms of names, eras, insured persons' numbers, addresses, characters.

Pure functions and small tables. What is stored and shown is never changed here; folds make search
forms only.
"""

from __future__ import annotations

from tasuki.shared.text.addresses import resolve_municipality
from tasuki.shared.text.characters import forbidden_characters, private_use
from tasuki.shared.text.eras import (
    Era,
    era_of,
    in_era,
    in_era_short,
    parse_birth_date,
    parse_birth_year,
)
from tasuki.shared.text.identifiers import (
    InstitutionNumber,
    ScoreTable,
    holds_my_number,
    is_institution_number,
    looks_like_my_number,
    parse_institution_number,
)
from tasuki.shared.text.insurers import Comparison, MemberId, compare, parse_member_id
from tasuki.shared.text.kana import fold_kana, is_kana, loose_kana
from tasuki.shared.text.kanji import fold_kanji
from tasuki.shared.text.municipalities import (
    Municipality,
    check_digit,
    current_code,
    from_jma_area,
    municipalities_of,
    municipality,
    prefectures,
    successor_codes,
)
from tasuki.shared.text.phones import fold_phone

__all__ = [
    "Comparison",
    "Era",
    "InstitutionNumber",
    "MemberId",
    "Municipality",
    "ScoreTable",
    "check_digit",
    "compare",
    "current_code",
    "era_of",
    "fold_kana",
    "fold_kanji",
    "fold_phone",
    "forbidden_characters",
    "from_jma_area",
    "holds_my_number",
    "in_era",
    "in_era_short",
    "is_institution_number",
    "is_kana",
    "looks_like_my_number",
    "loose_kana",
    "municipalities_of",
    "municipality",
    "parse_birth_date",
    "parse_birth_year",
    "parse_institution_number",
    "parse_member_id",
    "prefectures",
    "private_use",
    "resolve_municipality",
    "successor_codes",
]
