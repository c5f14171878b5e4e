"""A decision in plain words, in Japanese and English, for residents and for the desk.

The words say what may be done next. They name no person and no data.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from tasuki.consent.decision import Deny, DenyReason, Route
from tasuki.consent.decision.request import BreakGlassReason
from tasuki.consent.vocabulary import DataClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.consent.decision import Basis, Decision, Residual

Language = Literal["ja", "en"]
Words = MappingProxyType[Language, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A headline of one sentence, and further sentences."""

    headline: str
    details: tuple[str, ...]


def _say(ja: str, en: str) -> Words:
    words: dict[Language, str] = {"ja": ja, "en": en}
    return MappingProxyType(words)


DENIALS: Mapping[DenyReason, Words] = MappingProxyType(
    {
        DenyReason.REQUEST_UNCLEAR: _say(
            "依頼の内容が足りないため、表示できません。", "The request is incomplete."
        ),
        DenyReason.PURPOSE_MISSING: _say(
            "利用目的が選ばれていません。", "No purpose of use was chosen."
        ),
        DenyReason.ROLE_MISSING: _say(
            "あなたの役割が確認できません。", "Your role could not be confirmed."
        ),
        DenyReason.ROLE_MAY_NOT: _say(
            "あなたの役割では、この目的で閲覧できません。",
            "Your role may not look at records for this purpose.",
        ),
        DenyReason.NOT_OWN_RECORD: _say(
            "ご本人の記録だけを見ることができます。", "You may see only your own record."
        ),
        DenyReason.NOT_REPRESENTED: _say(
            "この方の代理人ではありません。", "You do not act for this person."
        ),
        DenyReason.WRONG_PERSON: _say(
            "別の方の書類が含まれているため、表示できません。",
            "Papers of somebody else came with the request.",
        ),
        DenyReason.WRONG_POLICY: _say(
            "別の地域の規則が使われたため、表示できません。",
            "The rules of another region came with the request.",
        ),
        DenyReason.CONSENT_NOT_UNDERSTOOD: _say(
            "同意の記録を読み取れないため、表示しません。",
            "A consent on record could not be understood, so nothing is shown.",
        ),
        DenyReason.REFUSED: _say(
            "ご本人が閲覧を断っています。", "The resident has refused this access."
        ),
        DenyReason.OPT_IN_NEEDED: _say(
            "別の地域の記録です。ご本人の同意が必要です。",
            "The record is in another region: the resident must agree first.",
        ),
        DenyReason.NO_PERMISSION: _say(
            "閲覧を認める同意も規則もありません。",
            "No consent and no rule permits this access.",
        ),
        DenyReason.NOT_PROVISIONED: _say(
            "災害時の閲覧の権限が与えられていないか、期限が切れています。",
            "You are not, or no longer, provisioned for disaster access.",
        ),
        DenyReason.NO_DECLARATION: _say(
            "いま有効な災害時の宣言がありません。", "No disaster declaration is open now."
        ),
        DenyReason.DECLARED_ELSEWHERE: _say(
            "災害時の宣言は、この方の住所にもこの場所にも及びません。",
            "The declaration covers neither the person's home nor this place.",
        ),
        DenyReason.DRILL_ONLY: _say(
            "訓練中の宣言です。実在の方の記録は開けません。",
            "This is a drill: records of real people stay closed.",
        ),
        DenyReason.NOT_IN_DRILL: _say(
            "訓練用の記録は、訓練の宣言でだけ開けます。",
            "A drill record opens only in a drill.",
        ),
        DenyReason.NOTHING_DECLARED: _say(
            "この宣言で見られる項目ではありません。",
            "The declaration does not open this part of the record.",
        ),
        DenyReason.BREAK_GLASS_MISSING: _say(
            "緊急閲覧の手続きがされていません。", "No emergency override was opened."
        ),
        DenyReason.BREAK_GLASS_NO_REASON: _say(
            "緊急閲覧の理由を書いてください。", "Write down why the override is needed."
        ),
        DenyReason.BREAK_GLASS_TOO_LONG: _say(
            "緊急閲覧は60分までです。", "An override lasts 60 minutes at most."
        ),
        DenyReason.BREAK_GLASS_OVER: _say(
            "緊急閲覧の時間が終わりました。", "The time of the override is over."
        ),
    }
)

ROUTES: Mapping[Route, Words] = MappingProxyType(
    {
        Route.OWN_RECORD: _say("ご本人の記録です。", "This is your own record."),
        Route.PROXY: _say(
            "ご本人の代理としての閲覧です。", "Access for the person, as their proxy."
        ),
        Route.EVERYDAY_WITHIN: _say(
            "同じ地域での診療のためです。", "For care within the same region."
        ),
        Route.EVERYDAY_ACROSS: _say("別の地域での診療のためです。", "For care in another region."),
        Route.CONSENT_ONLY: _say(
            "ご本人の同意による閲覧です。", "Access by the resident's consent."
        ),
        Route.DISASTER: _say(
            "災害時の宣言による閲覧です。", "Access under a disaster declaration."
        ),
        Route.BREAK_GLASS: _say(
            "緊急閲覧です。ご本人に知らせ、後で点検します。",
            "Emergency override: the resident is told, and it is reviewed.",
        ),
        Route.NONE: _say("認められた道すじがありません。", "There is no route for this access."),
    }
)

OVERRIDES: Mapping[BreakGlassReason, Words] = MappingProxyType(
    {
        BreakGlassReason.ORAL_CONSENT: _say(
            "理由は口頭の同意です。", "Reason: consent by word of mouth"
        ),
        BreakGlassReason.LIFE: _say(
            "理由は生命・身体の危険で、同意を得られないためです。",
            "Reason: life or body at stake, and consent cannot be had",
        ),
        BreakGlassReason.FAMILY: _say("理由は家族の求めです。", "Reason: asked for by the family"),
        BreakGlassReason.LAW: _say("理由は法令の定めです。", "Reason: the law provides for it"),
    }
)

CLASSES: Mapping[DataClass, Words] = MappingProxyType(
    {
        DataClass.ALLERGIES: _say("アレルギー", "allergies"),
        DataClass.MEDICINES: _say("薬", "medicines"),
        DataClass.CONDITIONS: _say("病名", "conditions"),
        DataClass.CONTACTS: _say("連絡先", "contacts"),
        DataClass.OTHER: _say("その他の記録", "other records"),
    }
)

_YES = _say("閲覧できます。", "Access is permitted.")
_BY_CONSENT = _say("ご本人の同意の記録にもとづきます。", "It rests on a consent on record.")
_BY_REFUSAL = _say(
    "ご本人の意思の記録にもとづきます。", "It rests on the resident's recorded wish."
)
_BY_POLICY = _say("地域の規則にもとづきます。", "It rests on the region's policy.")
_DRILL = _say("訓練用の記録です。", "This is a drill record.")
_SET_ASIDE = _say(
    "ご本人は以前に断っていますが、生命に関わるため開きました。",
    "The resident had refused; it was opened because life is at stake.",
)
_WITHHELD = _say("表示されない項目は次のとおりです。", "Withheld: ")
_PARTS = _say(
    "ほかにも、一部の記録は表示されないことがあります。", "Some other entries may be withheld."
)
_NOT_TOLD = _say(
    "医療機関がまだお伝えしていない記録は表示されません。",
    "Entries your hospital has not yet told you about are not shown.",
)


def explain(decision: Decision, language: Language) -> Explanation:
    """Return a decision in plain words."""
    basis = decision.basis
    if isinstance(decision, Deny):
        told = (_BY_REFUSAL,) if basis.consents else ()
        return Explanation(DENIALS[decision.reason][language], _in(language, told))
    details = (*_in(language, _grounds(basis)), *_held_back(decision.residual, language))
    gap = " " if language == "en" else ""
    return Explanation(f"{_YES[language]}{gap}{ROUTES[basis.route][language]}", details)


def _in(language: Language, said: tuple[Words, ...]) -> tuple[str, ...]:
    return tuple(words[language] for words in said)


def _grounds(basis: Basis) -> tuple[Words, ...]:
    said: list[Words] = []
    if basis.break_glass:
        said.append(OVERRIDES[basis.break_glass])
    if basis.set_aside:
        said.append(_SET_ASIDE)
    if basis.consents:
        said.append(_BY_CONSENT)
    elif basis.implicit:
        said.append(_BY_POLICY)
    if basis.drill:
        said.append(_DRILL)
    return tuple(said)


def _held_back(residual: Residual, language: Language) -> tuple[str, ...]:
    said: list[str] = []
    classes = sorted(residual.withheld_classes())
    if classes:
        comma = "、" if language == "ja" else ", "
        names = comma.join(CLASSES[one][language] for one in classes)
        said.append(f"{_WITHHELD[language]}{names}")
    if residual.voices or residual.bound:
        said.append(_PARTS[language])
    if residual.withhold_tags:
        said.append(_NOT_TOLD[language])
    return tuple(said)
