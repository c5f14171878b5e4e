"""Tables of the JAMI standard usage code: what each position and letter means.

Source: JAMI "standard usage for prescription and injection orders" as published through JP Core
(54 codes), the e-prescription examples of the MHLW specification, and the 2025 revision of the
e-prescription usage master (https://www.mhlw.go.jp/stf/denshishohousen.html). Only meanings seen
in a published code are here; everything else is "ask", never a guess.
"""

from __future__ import annotations

from typing import Final

Words = tuple[str, str]  # Japanese, English

# Positions 1-2: how the medicine is given.
METHODS: Final[dict[str, Words]] = {
    "10": ("", ""),
    "11": ("舌下", "under the tongue"),
    "12": ("バッカル", "inside the cheek"),
    "13": ("口腔内塗布", "apply inside the mouth"),
    "2A": ("貼付", "patch on skin"),
    "2B": ("塗布", "apply to skin"),
    "2C": ("湿布", "compress"),
    "2D": ("撒布", "sprinkle"),
    "2E": ("噴霧", "spray"),
    "2F": ("消毒", "disinfect"),
    "2G": ("点耳", "ear drops"),
    "2H": ("点眼", "eye drops"),
    "2J": ("点鼻", "nose drops"),
    "2K": ("うがい", "gargle"),
    "2L": ("吸入", "inhale"),
    "2M": ("トローチ", "lozenge"),
    "2N": ("膀胱洗浄", "bladder wash"),
    "2P": ("鼻腔内洗浄", "nasal wash"),
    "2Q": ("浣腸", "enema"),
    "2R": ("肛門挿入", "suppository"),
    "2S": ("肛門注入", "into the rectum"),
    "2T": ("膣内挿入", "into the vagina"),
    "2U": ("膀胱注入", "into the bladder"),
    "30": ("静脈注射", "into a vein"),
    "31": ("中心静脈注射", "into a central vein"),
    "32": ("皮下注射", "under the skin"),
    "33": ("筋肉内注射", "into a muscle"),
    "34": ("皮内注射", "into the skin"),
    "40": ("腹膜透析", "peritoneal dialysis"),
    "41": ("気管内注入", "into the windpipe"),
}
# Given to one of several places of the body: the code alone does not say which.
METHODS_WITH_SITE: Final = frozenset({"2A", "2B", "2C", "2D", "2G", "2H"})

# Positions 6-8: distance to the meal. 9 was "during" until the 2025 revision made it 6.
RELATIONS: Final[dict[str, Words]] = {
    "1": ("食前", "before"),
    "2": ("食直前", "just before"),
    "3": ("食直後", "just after"),
    "4": ("食後", "after"),
    "5": ("食2時間後", "2 hours after"),
    "6": ("食事中", "during"),
    "9": ("食事中", "during"),
}
MEALS: Final[dict[str, Words]] = {
    "morning": ("朝", "breakfast"),
    "noon": ("昼", "lunch"),
    "evening": ("夕", "dinner"),
}
WAKING: Final[Words] = ("起床時", "on waking up")
BEDTIME: Final[Words] = ("就寝前", "at bedtime")

# Clock letters: A = 0:00 to W = 22:00. X would be 23:00 but is also the "fill in" mark: ask.
HOURS: Final[dict[str, int]] = {
    letter: hour for hour, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVW")
}

# Type 5, positions 5-7: the occasion.
NEEDED_WHEN: Final[dict[str, Words]] = {
    "110": ("疼痛時", "for pain"),
    "210": ("喘息発作時", "for an asthma attack"),
    "31Z": ("血圧上昇時", "when blood pressure is raised"),
    "410": ("便秘時", "for constipation"),
    "610": ("不眠時", "for sleeplessness"),
    "710": ("発熱時", "for fever"),
    "810": ("かゆいとき", "for itching"),
    "W10": ("必要時", "when needed"),
}
# An occasion that comes every day is no "as needed".
DAILY_OCCASIONS: Final[dict[str, Words]] = {"B10": WAKING}
# These name no value or no occasion: the prescriber's supplement completes them.
NEEDED_WITH_SUPPLEMENT: Final = frozenset({"31Z", "W10"})

# MERIT-9 "as needed" condition codes (JP_MedicationAsNeededConditionMERIT9_CS).
PRN_CONDITIONS: Final[dict[str, Words]] = {
    "PRNLTs": ("検査時", "for a test"),
    "PRNheadache": ("頭痛時", "for headache"),
    "PRNpain": ("疼痛時", "for pain"),
    "PRNteeth pain": ("歯痛時", "for toothache"),
    "PRNfever": ("発熱時", "for fever"),
    "PRNfebrile": ("発熱時", "for fever"),
    "PRNchest pain": ("胸痛時", "for chest pain"),
    "PRNabdominal pain": ("腹痛時", "for stomach ache"),
    "PRNinsomnia": ("不眠時", "for sleeplessness"),
    "PRNanxiety": ("不安時", "for anxiety"),
    "PRNnervous": ("いらいら時", "for irritation"),
    "PRNdizziness": ("めまい時", "for dizziness"),
    "PRNvertigo": ("めまい時", "for dizziness"),
    "PRNitching": ("かゆいとき", "for itching"),
    "PRNattack": ("発作時", "for an attack"),
    "PRNcostipation": ("便秘時", "for constipation"),
    "PRNdiarrhea": ("下痢時", "for diarrhoea"),
    "PRNvommiting": ("嘔吐時", "for vomiting"),
    "PRNcough": ("咳き込み時", "for cough"),
    "PRNhungry": ("空腹時", "on an empty stomach"),
    "PRNhigh BP": ("血圧上昇時", "when blood pressure is raised"),
}

WEEKDAYS: Final[tuple[Words, ...]] = (
    ("日", "Sun"),
    ("月", "Mon"),
    ("火", "Tue"),
    ("水", "Wed"),
    ("木", "Thu"),
    ("金", "Fri"),
    ("土", "Sat"),
)
