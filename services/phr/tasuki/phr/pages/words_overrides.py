"""The words of what a resident is told of emergency overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

OVERRIDES: Final[WordTable] = {
    "told.unread-home": (
        "あなたの記録が緊急閲覧で開かれました。まだ確認していないものが {n} 件あります。",
        "Your record was opened by an emergency override. You have not read of {n} of them yet.",
    ),
    "told.go": ("確認する", "Read about it"),
    "told.unknown-home": (
        "緊急閲覧があったかどうかを、いま確かめられません。",
        "It cannot be said now whether there was an emergency override.",
    ),
    "told.title": ("緊急閲覧のお知らせ", "Emergency overrides"),
    "told.what": (
        "ふだんの同意によらず、緊急の理由であなたの記録が開かれたお知らせです。すべて、後で別の担当者が点検します。",
        "Your record was opened for an emergency, beyond your usual consent. Each is reviewed by somebody else.",
    ),
    "told.unread": ("未確認", "not read yet"),
    "told.open": ("いま開いています", "open now"),
    "told.when": ("日時", "When"),
    "told.when.open": (
        "{start} から（{until} まで）",
        "from {start} (until {until} at the latest)",
    ),
    "told.when.over": ("{start} から {end} まで", "{start} to {end}"),
    "told.who": ("開いた人", "Opened by"),
    "told.where": ("地域", "Region"),
    "told.why": ("理由", "Why"),
    "told.text": ("書かれた理由", "In their words"),
    "told.restricted": ("制限された記録", "Restricted records"),
    "told.restricted.yes": (
        "開けるようにしました（2人目の確認あり）",
        "could be opened too: a second person agreed",
    ),
    "told.restricted.no": ("開いていません", "stayed closed"),
    "told.late": ("お知らせ", "Told"),
    "told.late.since": (
        "安全上の理由で遅らせました（{since} から表示）：{ground}",
        "put off for a reason of safety (shown from {since}): {ground}",
    ),
    "told.state": ("点検", "Review"),
    "told.state.open": ("終わってから点検します", "when it is over"),
    "told.state.pending": ("点検待ち（72時間以内）", "awaited (within 72 hours)"),
    "told.state.accepted": ("適切と認められました（{at}）", "found justified ({at})"),
    "told.state.not-accepted": ("認められませんでした（{at}）", "found not justified ({at})"),
    "told.review": ("点検担当の説明", "What the reviewer says"),
    "told.dispute": ("あなたの異議", "Your objection"),
    "told.seen.go": ("確認しました", "I have read it"),
    "told.dispute.go": ("異議を申し立てる", "Object"),
    "told.done.seen": ("確認を記録しました。", "It is noted that you have read it."),
    "told.done.disputed": (
        "異議を記録しました。点検の担当者が読みます。",
        "Your objection is recorded. The reviewer reads it.",
    ),
    "told.see-lines": (
        "何が見られたかは、下の一覧で「緊急閲覧」の印がある行に出ています。",
        "What was looked at is in the list below, in the lines marked as emergency override.",
    ),
    "dispute.title": ("緊急閲覧への異議", "Objecting to an emergency override"),
    "dispute.text": ("どこが問題だったか", "What was wrong"),
    "dispute.hint": (
        "点検の担当者が読みます。あとから直すことはできません。",
        "The reviewer reads it. It cannot be changed afterwards.",
    ),
    "dispute.wrong": ("どこが問題だったかを書いてください。", "Write down what was wrong."),
    "dispute.failed": (
        "いまは記録できたか確かめられません。しばらくして、もう一度送ってください。",
        "It is not known whether it was recorded. Please send it again in a while.",
    ),
    "dispute.go": ("異議を送る", "Send the objection"),
    "reason.life": (
        "生命・身体の危険があり、あなたの同意を得られないため",
        "Life or body at stake, and your consent could not be had",
    ),
    "reason.oral-consent": ("あなたが口頭で同意したため", "You agreed by word of mouth"),
    "reason.family": ("家族が求めたため", "Your family asked for it"),
    "reason.law": ("法令の定めがあるため", "The law provides for it"),
    "ground.harm-to-person": ("あなたの生命・身体への危険", "danger to you"),
    "ground.harm-to-other": ("ほかの人の生命・身体への危険", "danger to somebody else"),
    "ground.account-not-safe": (
        "ほかの人がこの画面を見るおそれ",
        "somebody else might have read your account",
    ),
}
