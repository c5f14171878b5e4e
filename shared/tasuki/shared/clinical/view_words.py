"""The fixed words of a profile in both languages, Japanese first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.profile_lines import SectionState
from tasuki.shared.clinical.sources import SourceState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasuki.shared.clinical.language import Language

Words = tuple[str, str]

SECTION_STATE: Final[dict[SectionState, Words]] = {
    SectionState.RECORDED: ("記録あり", "Recorded"),
    SectionState.NONE_KNOWN: ("「なし」と記録されています", "Recorded as none known"),
    SectionState.NOT_ASKED: (
        "情報がありません（未確認：本人に確認してください）",
        "No information (not asked: ask the person)",
    ),
    SectionState.WITHHELD: (
        "開示されていません（本人に確認してください）",
        "Withheld (ask the person)",
    ),
    SectionState.UNREACHABLE: (
        "情報元につながらず、わかりません（本人に確認してください）",
        "Unknown: a source cannot be reached (ask the person)",
    ),
}
# Recorded, but nothing of it concerns today.
ONLY_PAST: Final[Words] = (
    "過去の記録のみ（現在のものの記録はありません）",
    "Past records only; none current",
)
SOURCE_STATE: Final[dict[SourceState, Words]] = {
    SourceState.ANSWERED: ("回答あり", "answered"),
    SourceState.NONE: ("記録なしと回答", "holds no records"),
    SourceState.WITHHELD: ("非開示", "withheld"),
    SourceState.UNREACHABLE: ("接続できず", "unreachable"),
}
MISSING: Final[dict[SourceState, Words]] = {
    SourceState.WITHHELD: ("{}：非開示の記録がある可能性", "{}: records may be withheld"),
    SourceState.UNREACHABLE: ("{}：接続できず、含まれていません", "{}: unreachable, not included"),
}
INCOMPLETE: Final[Words] = (
    "一部の情報元が含まれていません",
    "Incomplete: some sources are not included",
)
DISAGREEMENT: Final[Words] = (
    "「なし」と記録した情報元もあります：{}",
    "Another source recorded that there is none: {}",
)
NONE_IN_PART: Final[Words] = ("「{}」と記録：{}", "Recorded “{}”: {}")
NONE_KNOWN_BY: Final[Words] = ("「なし」と記録：{}", "None known, recorded by: {}")
UNCONFIRMED: Final[Words] = ("未確認", "unconfirmed")
NAMELESS: Final[Words] = ("名称の記録なし", "name not recorded")
SUSPECTED: Final[Words] = ("{}（疑い）", "{} (suspected)")

CRITICALITY: Final[dict[str, Words]] = {
    "high": ("重篤化の危険 高", "high risk"),
    "low": ("重篤化の危険 低", "low risk"),
    "unable-to-assess": ("危険度 評価不能", "risk cannot be assessed"),
}
SEVERITY: Final[dict[str, Words]] = {
    "severe": ("反応 重度", "severe reaction"),
    "moderate": ("反応 中等度", "moderate reaction"),
    "mild": ("反応 軽度", "mild reaction"),
}
SEVERITY_UNKNOWN: Final[Words] = ("重症度の記録なし", "severity not recorded")
CLINICAL_STATUS: Final[dict[str, Words]] = {
    "active": ("現在", "active"),
    "recurrence": ("再発", "recurrence"),
    "relapse": ("再燃", "relapse"),
    "remission": ("寛解", "remission"),
    "inactive": ("現在は問題なし", "inactive"),
    "resolved": ("治癒・解消", "resolved"),
}
STATUS_UNKNOWN: Final[Words] = ("状態の記録なし", "status not recorded")

DAYS_LEFT: Final[Words] = ("あと{}日分", "{} days left")
LAST_DAY: Final[Words] = ("本日まで", "last day today")
ENDED: Final[Words] = ("{}日前に終了", "ended {} days ago")
SUPPLY_ENDED: Final[Words] = ("処方分は{}日前に終了", "supply ended {} days ago")
STOPPED: Final[Words] = ("中止・休薬", "stopped or on hold")
END_UNKNOWN: Final[Words] = ("終了日不明", "end unknown")
AS_NEEDED: Final[Words] = ("必要時", "as needed")
NOT_STARTED: Final[Words] = ("{}から開始予定", "starts on {}")
CURRENT: Final[Words] = ("服用中", "current")
DOSE_UNKNOWN: Final[Words] = ("用量の記載なし", "dose not recorded")
SELF_REPORTED: Final[Words] = ("本人申告", "self-reported")
OLDER_THAN_5_YEARS: Final[Words] = ("5年より前の記録", "recorded more than 5 years ago")


def said(words: Words, language: Language) -> str:
    """Return the words in one language."""
    return words[0] if language == "ja" else words[1]


def joined(parts: Iterable[str], language: Language) -> str:
    """Return a list in one line, as the language writes lists."""
    return ("、" if language == "ja" else ", ").join(parts)
