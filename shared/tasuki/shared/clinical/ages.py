"""Ages of records in the unit people use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language

MONTH = 30
YEAR = 365


def ago(days: int, language: Language) -> str:
    """Return how long ago something was, never older than it is: `20日前`, `13か月前`, `7年前`."""
    if days < 2 * MONTH:
        return f"{days}日前" if language == "ja" else f"{days} days ago"
    if days < 2 * YEAR:
        months = days // MONTH
        return f"{months}か月前" if language == "ja" else f"{months} months ago"
    years = days // YEAR
    return f"{years}年前" if language == "ja" else f"{years} years ago"
