"""Marks medicines that must not be interrupted in a disaster, by code or, failing that, by name.

The kinds and their order follow what disaster desks ask for first (do-not-interrupt medicines);
the tables are `data/drug_classes.csv` (leading characters of the YJ code, the longest rule wins)
and `data/drug_names.csv`. What is put on the skin or into the eye is not systemic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Literal

from tasuki.shared.clinical.drug_names import Routes, known_names, routes_of_name, rows
from tasuki.shared.clinical.drugs import Drug, routes_of_code

if TYPE_CHECKING:
    from tasuki.shared.clinical.language import Language


class FlagKind(Enum):
    """Why a medicine is marked; in the order of urgency."""

    INSULIN = "insulin"
    ANTICOAGULANT = "anticoagulant"
    ANTIPLATELET = "antiplatelet"
    STEROID = "steroid"
    ANTIEPILEPTIC = "antiepileptic"
    ANTIARRHYTHMIC = "antiarrhythmic"
    CARDIOTONIC = "cardiotonic"
    NITRATE = "nitrate"
    PARKINSON = "parkinson"
    THYROID = "thyroid"
    IMMUNOSUPPRESSANT = "immunosuppressant"
    BRONCHODILATOR = "bronchodilator"
    OPIOID = "opioid"
    ANTIDIABETIC = "antidiabetic"
    ANTIHYPERTENSIVE = "antihypertensive"
    PSYCHOTROPIC = "psychotropic"

    def label(self, language: Language) -> str:
        """Return the word shown beside the medicine."""
        return _LABELS[self][0 if language == "ja" else 1]

    @property
    def do_not_interrupt(self) -> bool:
        """True for the medicines a desk must find first; the others matter, but days less."""
        return self not in _LOWER_TIER


_LABELS = {
    FlagKind.INSULIN: ("インスリン", "insulin"),
    FlagKind.ANTICOAGULANT: ("抗凝固薬", "anticoagulant"),
    FlagKind.ANTIPLATELET: ("抗血小板薬", "antiplatelet"),
    FlagKind.STEROID: ("ステロイド", "steroid"),
    FlagKind.ANTIEPILEPTIC: ("抗てんかん薬", "antiepileptic"),
    FlagKind.ANTIARRHYTHMIC: ("抗不整脈薬・β遮断薬", "antiarrhythmic or beta blocker"),
    FlagKind.CARDIOTONIC: ("強心薬", "cardiotonic"),
    FlagKind.NITRATE: ("硝酸薬・狭心症薬", "nitrate or antianginal"),
    FlagKind.PARKINSON: ("抗パーキンソン病薬", "anti-Parkinson"),
    FlagKind.THYROID: ("甲状腺薬", "thyroid"),
    FlagKind.IMMUNOSUPPRESSANT: ("免疫抑制薬", "immunosuppressant"),
    FlagKind.BRONCHODILATOR: ("吸入薬・気管支拡張薬", "inhaler or bronchodilator"),
    FlagKind.OPIOID: ("オピオイド", "opioid"),
    FlagKind.ANTIDIABETIC: ("糖尿病薬", "antidiabetic"),
    FlagKind.ANTIHYPERTENSIVE: ("降圧薬", "antihypertensive"),
    FlagKind.PSYCHOTROPIC: ("向精神薬・睡眠薬", "psychotropic or hypnotic"),
}
_LOWER_TIER = frozenset({FlagKind.ANTIDIABETIC, FlagKind.ANTIHYPERTENSIVE, FlagKind.PSYCHOTROPIC})


@dataclass(frozen=True, slots=True)
class Flag:
    """One mark on a medicine and what it rests on."""

    kind: FlagKind
    by: Literal["code", "name"]


def flags_of(drug: Drug) -> tuple[Flag, ...]:
    """Return the marks of a medicine, most urgent first; a code is believed before a name."""
    by_code = {kind for code in _codes(drug) if (kind := kind_of_code(code)) is not None}
    by_name = _kinds_of_names(drug) - by_code
    return tuple(
        Flag(kind, "code" if kind in by_code else "name")
        for kind in FlagKind
        if kind in by_code or kind in by_name
    )


def kind_of_code(yj: str) -> FlagKind | None:
    """Return the mark the longest rule gives a YJ code or its leading characters."""
    rules = _rules()
    for size in range(min(len(yj), 7), 2, -1):
        rule = rules.get(yj[:size])
        if rule is not None:
            kind, routes = rule
            return kind if routes & routes_of_code(yj) else None
    return None


def _codes(drug: Drug) -> tuple[str, ...]:
    return drug.classes or ((drug.yj,) if drug.yj else ())


def _kinds_of_names(drug: Drug) -> set[FlagKind]:
    routes = _routes(drug)
    return {
        FlagKind(row.kind) for row in known_names(drug.name) if row.kind and row.routes & routes
    }


def _routes(drug: Drug) -> Routes:
    """Return the routes the codes state, else those the name leaves open."""
    stated = [routes_of_code(code) for code in _codes(drug)]
    return frozenset().union(*stated) if stated else routes_of_name(drug.name)


@cache
def _rules() -> dict[str, tuple[FlagKind | None, Routes]]:
    return {
        row["yj"]: (FlagKind(row["kind"]) if row["kind"] else None, frozenset(row["routes"]))
        for row in rows("drug_classes.csv")
    }
