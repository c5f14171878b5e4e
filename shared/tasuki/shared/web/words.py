"""Words in two languages: which one a reader wants, and the table they are looked up in.

    WORDS: WordTable = {"greeting": ("{n}件", "{n} entries")}

https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

Language: TypeAlias = Literal["ja", "en"]
WordTable: TypeAlias = "Mapping[str, tuple[str, str]]"
"""Japanese, English; `{name}` places are filled when the words are said."""

COOKIE: Final = "tasuki-lang"

COMMON: Final[WordTable] = {
    "skip": ("本文へ移動", "Skip to the content"),
    "other_language": ("English", "日本語"),
    "signed_in_as": ("{who} さん", "Signed in: {who}"),
    "sign_in": ("サインイン", "Sign in"),
    "sign_out": ("サインアウト", "Sign out"),
    "switch_user": ("次の人に交代", "Next person"),
    "purpose": ("利用目的", "Purpose"),
    "region": ("地域", "Region"),
    "back": ("もどる", "Back"),
    "home": ("はじめにもどる", "Back to the start"),
    "error": ("できませんでした", "This could not be done"),
    "signed_out": ("サインアウトしました。", "You are signed out."),
    "purpose.TREAT": ("診療", "Treatment"),
    "purpose.ETREAT": ("救急の診療", "Emergency treatment"),
    "purpose.BTG": ("緊急閲覧", "Emergency override"),
    "purpose.DISASTER": ("災害時の医療", "Disaster care"),
    "purpose.PATRQT": ("本人の利用", "Own record"),
    "purpose.FAMRQT": ("家族として、本人に代わる利用", "For the person, as family"),
    "purpose.SUPNWK": ("本人に代わる利用", "For the person"),
    "purpose.PWATRNY": ("法定代理人の利用", "As legal representative"),
    "purpose.HOPERAT": ("業務", "Operations"),
    "purpose.PUBHLTH": ("公衆衛生", "Public health"),
    "purpose.HSYSADMIN": ("管理", "Administration"),
    "role.resident": ("住民", "resident"),
    "role.proxy": ("代理人", "proxy"),
    "role.clinician": ("医師等", "clinician"),
    "role.nurse": ("避難所の看護職", "shelter nurse"),
    "role.officer": ("災害担当", "disaster officer"),
    "role.privacy": ("個人情報の点検担当", "privacy officer"),
    "role.hospital": ("病院", "hospital"),
    "role.service": ("サービス", "service"),
    "fault.invalid": (
        "入力が読み取れません。直してもう一度お試しください。",
        "The request cannot be understood.",
    ),
    "fault.structure": ("内容がきまりに合いません。", "The content breaks a rule."),
    "fault.not-supported": ("この操作はできません。", "This is not supported."),
    "fault.unauthenticated": ("サインインしてください。", "Please sign in."),
    "fault.forbidden": ("この操作は認められていません。", "You may not do this."),
    "fault.not-found": ("見つかりません。", "There is no such page or record."),
    "fault.gone": ("この記録はなくなりました。", "The record is gone."),
    "fault.conflict": (
        "ほかの人が先に変えました。もう一度開いてください。",
        "Somebody else changed it meanwhile. Open it again.",
    ),
    "fault.precondition": ("もう一度開いてください。", "Open it again."),
    "fault.too-large": ("大きすぎます。", "It is too large."),
    "fault.too-costly": ("条件を足してください。", "Please narrow it down."),
    "fault.too-many": (
        "回数が多すぎます。しばらくお待ちください。",
        "Too many requests. Please wait a while.",
    ),
    "fault.media-type": ("この形式は読めません。", "This form cannot be read."),
    "fault.not-acceptable": ("この形式では出せません。", "This form cannot be written."),
    "fault.unavailable": (
        "いまつながりません。しばらくしてもう一度お試しください。",
        "A part that is needed does not answer. Please try again.",
    ),
    "fault.csrf": (
        "ページが古くなりました。開き直してください。",
        "The page was too old. Open it again.",
    ),
}


class Words:
    """The words of one service in one language."""

    def __init__(self, table: WordTable, language: Language) -> None:
        self._table = table
        self.language: Language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of a key with its places filled.

        Raises:
            KeyError: The table has no such key; a defect.
        """
        pair = self._table.get(key) or COMMON[key]
        return pair[0 if self.language == "ja" else 1].format(**values)

    def has(self, key: str) -> bool:
        """Return whether there are words for a key."""
        return key in self._table or key in COMMON


def language_of(request: Request) -> Language:
    """Return the reader's language: `?lang=`, else the cookie, else Accept-Language, else Japanese."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if chosen in ("ja", "en"):
            return "en" if chosen == "en" else "ja"
    return _accepted(request.headers.get("accept-language", ""))


def _accepted(header: str) -> Language:
    ranked: list[tuple[float, Language]] = []
    for part in header.split(",")[:20]:
        name, _, quality = part.strip().partition(";q=")
        primary = name.partition("-")[0].lower()
        if primary in ("ja", "en"):
            ranked.append((_quality(quality), "en" if primary == "en" else "ja"))
    best = max(ranked, key=lambda one: one[0], default=(0.0, None))
    return best[1] if best[1] is not None and best[0] > 0 else "ja"


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
