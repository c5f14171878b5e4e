"""The words of the officer's pages, Japanese and English; short and plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

TITLE: Final = ("災害の宣言", "Disaster declarations")

_HOME: Final[WordTable] = {
    "join": ("、", ", "),
    "home.title": ("災害の宣言", "Disaster declarations"),
    "home.what": (
        "宣言すると、その市町村の住民の薬・アレルギーなどが、避難所の看護職や医師に開かれます。決めるのは担当者です。警報は提案だけをします。",
        "A declaration opens residents' medicines, allergies and so on to shelter nurses and clinicians, for these municipalities. You decide. Warnings only propose.",
    ),
    "home.new": ("新しく宣言する", "Declare"),
    "done.opened": (
        "宣言し、署名しました。各サービスに届きます。",
        "Declared and signed. It is on its way to every service.",
    ),
    "done.renewed": ("延長し、署名しました。", "Renewed and signed."),
    "done.closed": ("終了しました。", "Closed."),
    "done.dismissed": ("提案を見送りました。", "The proposal is dismissed."),
    "proposed.title": ("警報からの提案", "Proposed by warnings"),
    "proposed.none": (
        "いま提案はありません。警報がないという意味ではありません。",
        "Nothing is proposed now. That does not mean there is no warning.",
    ),
    "proposed.flood": (
        "提案が多すぎて表示できません。警報は別の手段で確かめてください。",
        "There are too many proposals to show. Look at the warnings elsewhere.",
    ),
    "proposed.by": ("{publisher}が{kinds}を発表", "{publisher} announced: {kinds}"),
    "proposed.sent": ("{at} 発表", "sent {at}"),
    "proposed.old": ("{n} 日前の発表です。", "This was sent {n} day(s) ago."),
    "proposed.areas": ("対象の市町村（{n}）", "Municipalities ({n})"),
    "proposed.parts": (
        "市町村の一部だけが対象: {names}",
        "Only a part of a municipality is meant: {names}",
    ),
    "proposed.elsewhere": (
        "市町村に置き換えられない地域: {names}。どの市町村を宣言するかは担当者が決めてください。",
        "Areas that are no municipalities: {names}. You must say which municipalities are meant.",
    ),
    "proposed.lowered": (
        "その後 {at} に、解除または引き下げの発表がありました。",
        "A later document ({at}) lifts or lowers it.",
    ),
    "proposed.cancelled": ("{at} に発表元が取り消しました。", "Its sender cancelled it ({at})."),
    "proposed.fill": ("この内容で宣言を用意する", "Fill in a declaration"),
    "proposed.dismiss": ("見送る", "Dismiss"),
    "proposed.why": ("見送る理由", "Why"),
    "proposed.others": (
        "取り消された提案・済んだ提案（{n}）",
        "Withdrawn and decided proposals ({n})",
    ),
    "state.withdrawn": ("取消", "withdrawn"),
    "state.dismissed": ("見送り", "dismissed"),
    "state.used": ("宣言済み", "declared"),
    "state.open": ("未決", "open"),
    "used.cancelled": (
        "この提案から宣言しました。取り消されても宣言は終わりません。必要なら終了してください。",
        "A declaration was opened from this. Its cancellation does not end that: close it if need be.",
    ),
    "source.jma": ("気象庁防災情報", "JMA"),
    "source.lalert": ("Lアラート", "L-Alert"),
    "source.cap": ("CAP", "CAP"),
    "declared.title": ("宣言", "Declarations"),
    "declared.none": ("宣言はまだありません。", "Nothing has been declared yet."),
    "declared.drill": ("訓練", "drill"),
    "declared.until": ("{start} から {end} まで", "{start} to {end}"),
    "declared.ended": ("{start} から {end} で終了", "{start}, ended {end}"),
    "declared.unsigned": (
        "署名が有効ではないため、どこでも効力がありません。延長すると署名し直します。",
        "Its signature does not count, so it opens nothing anywhere. Renewing signs it anew.",
    ),
    "declared.over": ("終わった宣言（{n}）", "Ended ({n})"),
    "declared.signed": ("署名された宣言（文字列）", "The signed declaration (text)"),
    "standing.open": ("有効", "in force"),
    "standing.upcoming": ("開始前", "not begun"),
    "standing.over": ("期限切れ", "over"),
    "standing.closed": ("終了", "closed"),
    "renew": ("延長する", "Renew"),
    "renew.days": ("今から何日", "Days from now"),
    "close": ("いま終了する", "Close now"),
    "close.ask": ("終了する…", "Close…"),
    "close.what": (
        "終了すると、開かれていた記録はすぐに閉じます。再開はできず、新しい宣言が要ります。",
        "Records close at once. It cannot be reopened; a new declaration is needed.",
    ),
}

_FORM: Final[WordTable] = {
    "draft.title": ("宣言を用意する", "Prepare a declaration"),
    "draft.from": (
        "提案をもとに記入しました。内容を確かめ、直してください。",
        "Filled in from a proposal. Check it and change what is wrong.",
    ),
    "draft.areas": ("市町村", "Municipalities"),
    "draft.areas.hint": (
        "1行に1つ。6桁の団体コードか、都道府県からの名前。古いコードは今の市町村に置き換えます。",
        "One a line: a 6-digit code, or the name with its prefecture. Old codes become today's.",
    ),
    "draft.authority": ("宣言する機関", "Authority"),
    "draft.authority.hint": ("例: 石川県", "e.g. Ishikawa Prefecture"),
    "draft.basis": ("法的な根拠", "Legal basis"),
    "draft.basis.hint": (
        "例: 災害救助法の適用（令和8年1月10日）",
        "e.g. the Disaster Relief Act applies",
    ),
    "draft.days": ("期間（今から）", "For how long, from now"),
    "draft.day": ("{n}日", "{n} day(s)"),
    "draft.roles": ("だれに開くか", "To whom"),
    "draft.classes": ("何を開くか", "What"),
    "class.allergies": ("アレルギー", "allergies"),
    "class.medicines": ("薬", "medicines"),
    "class.conditions": ("病名", "conditions"),
    "class.contacts": ("緊急連絡先", "emergency contacts"),
    "draft.drill": (
        "訓練の宣言にする（訓練用の住民だけが対象）",
        "This is a drill (drill residents only)",
    ),
    "draft.next": ("内容を確かめる", "Look it over"),
    "wrong": ("直すところが{n}件あります", "{n} thing(s) to correct"),
    "wrong.areas.none": ("市町村を1つ以上書いてください。", "Name at least one municipality."),
    "wrong.areas.unknown": (
        "「{value}」という市町村は見つかりません。",
        "No municipality is found for “{value}”.",
    ),
    "wrong.areas.divided": (
        "「{value}」は複数の市区町村に分かれました。今の市区町村で書いてください。",
        "“{value}” was divided among several. Name those of today that are meant.",
    ),
    "wrong.authority": ("宣言する機関を書いてください。", "Name the authority."),
    "wrong.legal_basis": ("法的な根拠を書いてください。", "State the legal basis."),
    "wrong.days": ("期間は1日から7日です。", "One to seven days."),
    "wrong.roles": ("だれに開くかを選んでください。", "Choose to whom."),
    "wrong.classes": ("何を開くかを選んでください。", "Choose what."),
    "confirm.title": ("この内容で宣言しますか", "Declare this?"),
    "confirm.real": (
        "実際の災害の宣言です。実在の住民の記録が開かれます。",
        "This is a real declaration: records of real residents open.",
    ),
    "confirm.drill": (
        "訓練の宣言です。訓練用の住民だけが対象です。",
        "This is a drill: drill residents only.",
    ),
    "confirm.areas": ("市町村（{n}）", "Municipalities ({n})"),
    "confirm.replaced": ("{old} は今の {new} として扱います。", "{old} is today's {new}."),
    "confirm.until": (
        "いまから {end} まで（自動で終わります）",
        "From now to {end}; it ends by itself",
    ),
    "confirm.sign": ("署名して宣言する", "Sign and declare"),
    "confirm.edit": ("直す", "Change it"),
}

WORDS: Final[WordTable] = {**_HOME, **_FORM}
