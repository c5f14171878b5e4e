"""The words of the resident's own log, Japanese and English; short and plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.phr.pages.words_looked import LOOKED
from tasuki.phr.pages.words_overrides import OVERRIDES
from tasuki.phr.pages.words_sharing import SHARING
from tasuki.phr.pages.words_trying import TRYING

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

TITLE: Final = ("わたしの記録", "My record")

_LOG: Final[WordTable] = {
    "nav": ("ページの一覧", "Pages"),
    "nav.log": ("書く・見る", "My log"),
    "nav.sharing": ("見せる相手", "Who may see"),
    "nav.looked": ("誰が見たか", "Who looked"),
    "log.title": ("わたしが書いた記録", "What I wrote"),
    "log.title.acting": ("ご本人の記録", "Their own log"),
    "log.readings": ("血圧・脈拍", "Blood pressure and pulse"),
    "log.allergies": ("アレルギー", "Allergies"),
    "log.medicines": ("薬（自分の記録）", "Medicines (my own log)"),
    "log.empty": ("まだ書いていません。", "Nothing written yet."),
    "log.count": ("全{n}件", "{n} in all"),
    "log.others": (
        "このほかに {n} 件の測定があります。アプリで見られます。",
        "There are {n} other measurements. Your app shows them.",
    ),
    "log.own-only": (
        "ここにあるのは、ご自分のアプリやこのページで書いた記録です。病院の記録ではありません。",
        "This is what you wrote, here or in your app. It is not the hospital's record.",
    ),
    "log.by-others": ("ほかの人が書いた記録", "Written by somebody else"),
    "log.by-proxy": ("代理で書いた人: {who}", "Written for you by {who}"),
    "log.not-opened": ("あなたには開かれていません。", "Not opened to you."),
    "acting": ("代理で見ています: {who}", "Acting for somebody: {who}"),
    "acting.person": ("{person}さんの記録です。", "This is the record of {person}."),
    "acting.what": (
        "ご本人が開いたものだけが出ます。特に慎重に扱う記録は出ません。見たことはご本人に見えます。",
        "Only what was opened to you is shown, and nothing labelled as sensitive. They see that you looked.",
    ),
    "acting.end": ("代理を終えて、サインインし直す", "Stop acting, and sign in anew"),
    "log.unnamed": ("内容の記載なし", "Not said what it is"),
    "log.pressure": ("{high}／{low} mmHg", "{high}/{low} mmHg"),
    "log.pulse": ("脈拍 {value} 回/分", "Pulse {value} per minute"),
    "log.term": ("選んだことば: {term}", "Term chosen: {term}"),
    "log.since": ("{day}から", "Since {day}"),
    "log.until": ("{day}まで", "Until {day}"),
    "log.undated": ("日付なし", "No date"),
    "log.newer": ("新しい記録", "Newer"),
    "log.older": ("古い記録", "Older"),
    "log.page": ("{page}ページ目", "Page {page}"),
    "log.written": ("書きました。", "It is written down."),
    "log.deleted": ("消しました。", "It is deleted."),
    "status.active": ("使っている", "taking it"),
    "status.completed": ("使い終わった", "finished"),
    "status.stopped": ("やめた", "stopped"),
    "status.not-taken": ("使っていない", "not taken"),
    "status.on-hold": ("休んでいる", "on hold"),
    "status.entered-in-error": ("書きまちがい", "entered in error"),
    "clinical.inactive": ("いまはない", "not any more"),
    "clinical.resolved": ("治った", "resolved"),
    "verification.unconfirmed": ("医療機関では未確認", "not confirmed by a hospital"),
    "verification.confirmed": ("確認ずみ", "confirmed"),
    "verification.refuted": ("アレルギーではないと分かった", "found not to be an allergy"),
    "verification.entered-in-error": ("書きまちがい", "entered in error"),
    "delete": ("消す", "Delete"),
    "delete.of": ("「{what}」を消す", "Delete “{what}”"),
    "delete.title": ("この記録を消しますか", "Delete this entry?"),
    "delete.effect": (
        "消すと、このページにも、見せている相手にも出なくなります。消したことは履歴に残ります。",
        "It is no longer shown here or to others. That it was deleted stays in the history.",
    ),
    "delete.keep": ("消さずにもどる", "Keep it and go back"),
    "form.problem": ("入力を直してください", "Please mend what you typed"),
    "form.error": ("エラー", "Error"),
    "form.optional": ("（なくてもよい）", "(optional)"),
    "form.write": ("書く", "Write it down"),
    "pressure.title": ("血圧を書く", "Write a blood pressure"),
    "pressure.systolic": ("上の血圧（収縮期）", "Upper number (systolic)"),
    "pressure.diastolic": ("下の血圧（拡張期）", "Lower number (diastolic)"),
    "pressure.pulse": ("脈拍", "Pulse"),
    "pressure.at": ("測った日時", "When measured"),
    "pressure.at.hint": (
        "日本時間。空のときは、いまの時刻になります。",
        "Japan time. Left empty, it is now.",
    ),
    "pressure.hint": ("{least}から{most}までの数字", "A number from {least} to {most}"),
    "allergy.title": ("アレルギーを書く", "Write an allergy"),
    "allergy.what": ("何に反応しますか", "What do you react to?"),
    "allergy.what.hint": (
        "食べ物・薬などの名前を一つ。例 えび、ペニシリン",
        "One food, medicine or other thing, such as shrimp or penicillin",
    ),
    "allergy.category": ("種類", "Kind"),
    "category.food": ("食べ物", "Food"),
    "category.medication": ("薬", "Medicine"),
    "category.environment": ("花粉・動物・虫など", "Pollen, animals, insects …"),
    "category.biologic": ("生物学的製剤", "Biologic"),
    "category.unknown": ("分からない・その他", "Do not know, or other"),
    "allergy.happened": ("どんな症状が出ましたか", "What happened?"),
    "allergy.severity": ("どのくらい重かったですか", "How severe was it?"),
    "severity.mild": ("軽い", "Mild"),
    "severity.moderate": ("中くらい", "Moderate"),
    "severity.severe": ("重い（息苦しい、意識が遠のくなど）", "Severe (breathing, fainting …)"),
    "severity.unknown": ("分からない", "Do not know"),
    "allergy.unconfirmed": (
        "「医療機関では未確認」として残ります。診察のときにも伝えてください。",
        "It is kept as not confirmed. Please tell it at your next visit too.",
    ),
    "term.title": ("どれのことですか", "Which do you mean?"),
    "term.hint": (
        "選ぶと、避難所や病院の画面で見分けやすくなります。書いたことばもそのまま残ります。",
        "Choosing helps shelters and hospitals. Your own words are kept as well.",
    ),
    "term.own": ("どれでもない。「{what}」のまま残す", "None of these: keep “{what}” as written"),
    "problem.systolic.empty": ("上の血圧を入れてください。", "Enter the upper number."),
    "problem.systolic.number": (
        "上の血圧は整数で入れてください。",
        "The upper number must be a whole number.",
    ),
    "problem.systolic.bounds": (
        "上の血圧は{least}から{most}までです。もう一度確かめてください。",
        "The upper number is from {least} to {most}. Please check it.",
    ),
    "problem.diastolic.empty": ("下の血圧を入れてください。", "Enter the lower number."),
    "problem.diastolic.number": (
        "下の血圧は整数で入れてください。",
        "The lower number must be a whole number.",
    ),
    "problem.diastolic.bounds": (
        "下の血圧は{least}から{most}までです。もう一度確かめてください。",
        "The lower number is from {least} to {most}. Please check it.",
    ),
    "problem.diastolic.above": (
        "下の血圧が上の血圧以上です。入れかわっていませんか。",
        "The lower number is not below the upper one. Are they swapped?",
    ),
    "problem.pulse.number": ("脈拍は整数で入れてください。", "The pulse must be a whole number."),
    "problem.pulse.bounds": (
        "脈拍は{least}から{most}までです。もう一度確かめてください。",
        "The pulse is from {least} to {most}. Please check it.",
    ),
    "problem.measured_at.unread": (
        "日時が読み取れません。例 2026-04-01 07:15",
        "The date and time cannot be read. Such as 2026-04-01 07:15",
    ),
    "problem.measured_at.future": ("日時がまだ来ていません。", "That time is still to come."),
    "problem.measured_at.old": ("日時が10年より前です。", "That was more than ten years ago."),
    "problem.what.empty": ("何に反応するかを書いてください。", "Write what you react to."),
    "problem.what.nothing": (
        "「アレルギーはない」「不明」は、ここには書けません。何に反応するかだけを書いてください。",
        "“None” or “unknown” cannot be written here. Write only what you react to.",
    ),
    "problem.category.empty": ("種類を選んでください。", "Choose the kind."),
    "problem.severity.empty": ("重さを選んでください。", "Choose how severe it was."),
    "problem.happened.empty": (
        "重さを選んだときは、どんな症状かも書いてください。",
        "Write what happened, where you say how severe it was.",
    ),
    "problem.choice.empty": ("どれか一つを選んでください。", "Choose one."),
    "problem.long": ("長すぎます。{most}文字までです。", "Too long: {most} characters at most."),
    "problem.characters": ("使えない文字があります。", "It has a character that cannot be used."),
}

WORDS: Final[WordTable] = {**_LOG, **SHARING, **TRYING, **LOOKED, **OVERRIDES}
