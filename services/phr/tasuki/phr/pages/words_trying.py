"""The words of 試してみる: what a choice would do, for whom and for which records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

TRYING: Final[WordTable] = {
    "trying.title": ("変えたらどうなるか", "What a change would do"),
    "trying.link": (
        "変える前に、誰に何が見えるかを確かめる",
        "See first who would see what",
    ),
    "trying.what": (
        "見るだけのページです。ここでは何も変わりません。実際の判断と同じしかたで、いまのあなたの意思から計算しています。",
        "This page only shows. Nothing is changed here. It is worked out as the real decision is.",
    ),
    "trying.choices": ("もしも", "Suppose"),
    "trying.choice.as-is": ("いまのまま", "As it is now"),
    "trying.choice.withhold": ("避難所には見せないなら", "Not in shelters"),
    "trying.choice.permit-again": ("避難所に見せるなら", "In shelters again"),
    "trying.choice.opt-in": ("別の地域にも見せるなら", "In other regions too"),
    "trying.choice.withdraw": ("別の地域に見せないなら", "Not in other regions"),
    "trying.region": ("{region}の病院の記録", "Hospital records of {region}"),
    "trying.changes": ("変わります", "Changes"),
    "trying.care": ("同じ地域の医師（ふだんの診療）", "A clinician here, in everyday care"),
    "trying.across": (
        "別の地域の医師（ふだんの診療）",
        "A clinician of another region, in everyday care",
    ),
    "trying.shelter": (
        "避難所の看護職（災害が宣言されたとき）",
        "A shelter nurse, once a disaster is declared",
    ),
    "trying.urgent": (
        "医師の緊急閲覧（命に関わるとき）",
        "A clinician's emergency override, where life is at stake",
    ),
    "trying.urgent-agreed": (
        "医師の緊急閲覧（もう一人の医療者も認めたとき）",
        "The same, once a second person has agreed",
    ),
    "trying.ordinary": ("ふつうの記録", "Ordinary records"),
    "trying.restricted": (
        "精神科・HIVなどの、特に慎重な扱いの記録",
        "Specially protected records, such as psychiatric ones and HIV",
    ),
    "trying.restricted.some": ("特に慎重な扱いの記録", "Specially protected records"),
    "trying.fate.shown": ("{names}は、見えます。", "Seen: {names}. "),
    "trying.fate.masked": (
        "{names}は、あることだけ伝わります。内容は伝わりません。",
        "Only that there are some is said, not what: {names}. ",
    ),
    "trying.fate.withheld": ("{names}は、見えません。", "Not seen: {names}. "),
    "trying.fate.depends": (
        "{names}は、記録によって違います。",
        "Depends on the record: {names}. ",
    ),
    "trying.labels": (
        "どの記録が特に慎重な扱いかは、病院が付けた印と、病名や薬のことばから機械で決めています。見落とすこともあります。",
        "Which records are specially protected is told by labels and by words, by machine. It may miss some.",
    ),
    "trying.untold": (
        "病院があなたにまだ伝えていない記録のことは、ここには出ません。",
        "What your hospital has not told you yet does not stand here.",
    ),
    "trying.back": ("「見せる相手」にもどる", "Back to “Who may see”"),
    "trying.of.allergies": ("アレルギー", "allergies"),
    "trying.of.medicines": ("薬", "medicines"),
    "trying.of.conditions": ("病名", "conditions"),
    "trying.of.contacts": ("氏名・連絡先", "name and contacts"),
    "trying.of.other": ("検査などその他の記録", "tests and all else"),
    "trying.of.HIV": ("HIV", "HIV"),
    "trying.of.STD": ("性感染症", "sexually transmitted disease"),
    "trying.of.ETHUD": ("アルコール依存", "alcohol dependence"),
    "trying.of.OPIOIDUD": ("オピオイド依存", "opioid dependence"),
    "trying.of.SUD": ("薬物依存", "drug dependence"),
    "trying.of.PSY": ("精神科", "psychiatric"),
    "trying.of.SDV": ("暴力・虐待の被害", "violence and abuse suffered"),
    "trying.of.PREGNANT": ("妊娠・出産", "pregnancy"),
    "trying.of.restricted": ("病院が「慎重に」とした記録", "labelled restricted"),
    "trying.of.very-restricted": ("病院が「特に慎重に」とした記録", "labelled very restricted"),
}
