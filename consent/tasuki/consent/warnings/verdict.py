"""What a document is worth: it proposes a declaration, withdraws a proposal, or does nothing.

The legal trigger is the Disaster Relief Act, never a warning; what stands in the table below is
what usually comes before it. A document that proposes nothing is no statement that all is well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tasuki.consent.proposals import Proposal, may_propose
from tasuki.consent.warnings.bulletin import Source

if TYPE_CHECKING:
    from tasuki.consent.warnings.bulletin import Bulletin, Hazard


class Verdict(StrEnum):
    """What a document does."""

    PROPOSES = "proposes"
    WITHDRAWS = "withdraws"
    NOTHING = "nothing"


class Why(StrEnum):
    """Why it does that."""

    GRAVE = "grave"
    CANCELLED = "cancelled"
    NOT_REAL = "not-real"  # a drill, a test, a word we do not know
    WORDS_OF_A_DRILL = "words-of-a-drill"  # it says it is real, and speaks of a drill
    LIFTED = "lifted"  # it takes back what may have been grave
    NOT_GRAVE = "not-grave"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict.

    Attributes:
        grave: What of the document made it propose.
    """

    verdict: Verdict
    why: Why
    grave: tuple[Hazard, ...] = ()


# Of JMA: special warnings (気象業務法13条の2) of every kind, and what counts as one by its notice:
# a major tsunami warning, an eruption warning for where people live (level 4 and above), and a
# seismic intensity of 6-lower and above, here as observed.
# https://www.jma.go.jp/jma/kishou/know/tokubetsu-keiho/
_JMA = re.compile(
    r"(?:レベル５)?(?:大雨|暴風|高潮|波浪|暴風雪|大雪|氾濫|河川氾濫|土砂災害)特別警報(?:（.*）)?"
    r"|大津波警報(?:：発表)?"
    r"|噴火警報(?:（居住地域）)?|居住地域厳重警戒|レベル[４５]（.*）"
    r"|震度(?:６弱|６強|７)"
)
# Of L-Alert: evacuation at level 4 and 5 (災害対策基本法60条), in the words of today and before 2021,
# and a notice that the Disaster Relief Act applies.
# https://www.bousai.go.jp/oukyu/hinanjouhou/r3_hinanjouhou_guideline/
_LALERT = frozenset(
    {
        *("避難指示", "緊急安全確保"),
        *("避難指示（緊急）", "避難指示(緊急)", "避難勧告", "災害発生情報"),
    }
)
_LIFTED = frozenset({"解除", "Lift", "0"})
_ORDERS = "EvacuationOrder"
_RELIEF_ACT = re.compile("災害救助法(?:が|の|を)?適用")
# Of CAP: what its sender calls extreme, and not only possible.
_EXTREME = re.compile(r"Extreme (?:Immediate|Expected|Past) (?:Observed|Likely)(?! AllClear)")

_DRILL = re.compile(
    r"(?:訓練|試験|テスト)(?:です|用|放送|配信|電文|報|メール|通知)"
    r"|[【\[［（(](?:災害)?(?:訓練|試験|テスト)[】\]］）)]"
    r"|\b(?:drill|exercise|this is a test)\b",
    re.IGNORECASE,
)
_NO_DRILL = re.compile("(?:訓練|試験|テスト)(?:では|じゃ)(?:ありません|ない)")


def judged(bulletin: Bulletin) -> Judged:
    """Return what a document does."""
    may = may_propose(bulletin.status, bulletin.info_type)
    if may is None:
        return Judged(Verdict.NOTHING, Why.NOT_REAL)
    if may is Proposal.WITHDRAW:
        return Judged(Verdict.WITHDRAWS, Why.CANCELLED)
    if speaks_of_a_drill(bulletin):
        return Judged(Verdict.NOTHING, Why.WORDS_OF_A_DRILL)
    grave = tuple(hazard for hazard in bulletin.hazards if is_grave(bulletin, hazard))
    if not grave:
        return Judged(Verdict.NOTHING, Why.LIFTED if _lifts(bulletin) else Why.NOT_GRAVE)
    return Judged(Verdict.PROPOSES, Why.GRAVE, grave)


def is_grave(bulletin: Bulletin, hazard: Hazard) -> bool:
    """Return whether a hazard is one of the table."""
    if bulletin.source is Source.JMA:
        return _JMA.fullmatch(hazard.kind) is not None
    if bulletin.source is Source.CAP:
        if "AllClear" in hazard.weight:
            return False
        return _JMA.fullmatch(hazard.kind) is not None or bool(_EXTREME.match(hazard.weight))
    if bulletin.kind == _ORDERS:
        return hazard.kind in _LALERT and hazard.weight not in _LIFTED
    return _RELIEF_ACT.search(f"{bulletin.title}\n{bulletin.headline}") is not None


def _lifts(bulletin: Bulletin) -> bool:
    said = [bulletin.title, bulletin.headline]
    said += [f"{hazard.kind} {hazard.weight}" for hazard in bulletin.hazards]
    return any("解除" in text or "AllClear" in text for text in said)


def speaks_of_a_drill(bulletin: Bulletin) -> bool:
    """Return whether the words call a drill what the status calls real: the sender is in doubt."""
    text = _NO_DRILL.sub("", f"{bulletin.title}\n{bulletin.headline}")
    return _DRILL.search(text) is not None
