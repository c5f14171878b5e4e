"""The fixed words of a summary's narratives in both languages, Japanese first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.clinical.view_words import Words

TITLE: Final[Words] = ("患者サマリー（{} 時点）", "Patient summary as of {}")
SOURCES: Final[Words] = ("情報元", "Sources")
NAME_UNKNOWN: Final[Words] = ("氏名不明", "Name unknown")

ALLERGY_HEAD: Final = (
    ("アレルギー", "重症度", "反応", "状態", "情報元"),
    ("Allergy", "Severity", "Reactions", "Status", "Sources"),
)
MEDICINE_HEAD: Final = (
    ("薬", "用量", "用法", "状態", "注意", "情報元"),
    ("Medicine", "Dose", "Usage", "Standing", "Caution", "Sources"),
)
PROBLEM_HEAD: Final = (
    ("病名", "状態", "発症", "情報元"),
    ("Problem", "Status", "Onset", "Sources"),
)
IMMUNIZATION_HEAD: Final = (("ワクチン", "接種日", "情報元"), ("Vaccine", "Given on", "Sources"))
RESULT_HEAD: Final = (("検査", "結果", "日付", "情報元"), ("Test", "Result", "Date", "Sources"))
PROCEDURE_HEAD: Final = (("手術・処置", "日付", "情報元"), ("Procedure", "Date", "Sources"))
SOURCE_HEAD: Final = (
    ("情報元", "回答", "データの時点", "読めなかった記録"),
    ("Source", "Answer", "Data as of", "Records not readable"),
)

ENTRY_SOURCES: Final[Words] = ("情報元：{}", "Sources: {}")
AS_OF: Final[Words] = ("データの時点：{}", "Data as of: {}")
DATE_UNKNOWN: Final[Words] = ("不明", "unknown")
SELF_REPORTED: Final[Words] = ("{}（本人申告）", "{} (self-reported)")
DO_NOT_INTERRUPT: Final[Words] = ("中断に注意：{}", "Do not interrupt: {}")
CONFLICT: Final[Words] = ("アレルギー記録あり：{}", "Recorded allergy: {}")
OLDER_ENDED: Final[Words] = (
    "ほかに、90日より前に終了した薬 {} 件",
    "{} more medicines ended over 90 days ago",
)
RESOLVED: Final[Words] = ("ほかに、治癒・終了した病名 {} 件", "{} more conditions are over")
UNREADABLE: Final[Words] = ("読めなかった記録 {} 件", "{} records could not be read")
