"""The two languages a screen or a sheet is written in."""

from __future__ import annotations

from typing import Literal

Language = Literal["ja", "en"]
