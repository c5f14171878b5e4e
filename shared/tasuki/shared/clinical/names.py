"""Folding names of drugs, diseases and persons, so that the same name written twice is found once."""

from __future__ import annotations

from tasuki.shared.clinical import drug_names


def folded(name: str) -> str:
    """Return a key without spaces, in one width, case and kana; never shown to anybody.

    Nothing else folds together, since two drugs may differ in one letter.
    """
    return "".join(drug_names.folded(name).split())
