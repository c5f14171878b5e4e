"""The words of the emergency override on the clinicians' pages, Japanese first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

OVERRIDE: Final[WordTable] = {
    "override": ("緊急閲覧", "Emergency override"),
    "override.offer": (
        "命に関わるなど、いま見る必要があるときは、理由を書いて緊急閲覧を開けます。本人に知らされます。",
        "If you must see it now, for a life at stake, you may open an emergency override with a reason. The patient is told.",
    ),
    "override.offer.go": ("緊急閲覧へ進む", "To the emergency override"),
    "override.still": (
        "これは緊急閲覧でも開きません。開くのはアレルギー・薬・病名・連絡先で、本人の意思や地域の規則で開かないこともあります。",
        "The override does not open this. It opens allergies, medicines, conditions and contacts, unless the patient's wish or the region's rules keep them closed.",
    ),
    "override.hidden": (
        "見つからない、または表示されない患者の緊急閲覧",
        "Emergency override of a patient who is not found or not shown",
    ),
    "override.second-door": (
        "同僚の緊急閲覧を確認する（2人目）",
        "Agree to a colleague's override",
    ),
    "bar": ("緊急閲覧中", "Emergency override open"),
    "bar.until": ("{until} まで（あと {n} 分）", "until {until} ({n} min left)"),
    "bar.note": (
        "理由：{reason}。開いた内容は本人に知らされ、後で点検されます。",
        "Reason: {reason}. The patient is told, and it will be reviewed.",
    ),
    "bar.closed": (
        "制限された記録（精神科など）は閉じています。開くには、同じ地域の同僚が患者検索の画面の下から、このコードを入力します：",
        "Restricted records (psychiatric and the like) stay closed. To open them, a colleague of your region enters this code, from the foot of the search page: ",
    ),
    "bar.restricted": (
        "制限された記録も開いています（2人目が確認ずみ）。",
        "Restricted records are open too: a second person agreed.",
    ),
    "bar.stop": ("緊急閲覧を終える", "End the override"),
    "bar.file": (
        "保存するファイルには、緊急閲覧で開いた分は入りません。",
        "The file leaves out what the override opened.",
    ),
    "form.title": ("緊急閲覧を開く", "Open an emergency override"),
    "form.who": ("対象の患者", "Patient"),
    "form.who.hidden": (
        "氏名は表示できません（記録番号 {id}）",
        "The name cannot be shown (record {id})",
    ),
    "form.what": (
        "この患者 1 人の記録を、最長60分、あなただけが見られます。アレルギー・薬・病名・連絡先が開きます。すぐに本人に知らされ、72時間以内に点検されます。",
        "For one patient, for you alone, for 60 minutes at most: allergies, medicines, conditions and contacts. The patient is told at once, and it is reviewed within 72 hours.",
    ),
    "form.hidden": (
        "ふだんの診療では見つからない患者です。当てはまる人が1人だけのときに開きます。開いたことは本人に知らされます。",
        "Everyday care does not show this patient. It is opened only where exactly one person fits, and that person is told.",
    ),
    "form.reason": ("理由", "Reason"),
    "form.reason.hint": (
        "本人が断っている記録は、「生命・身体の危険」のときだけ開きます。",
        "What the patient has refused opens only where life or body is at stake.",
    ),
    "reason.life": (
        "生命・身体の危険があり、本人の同意を得られない",
        "Life or body at stake, and consent cannot be had",
    ),
    "reason.oral-consent": ("本人が口頭で同意した", "The patient agreed by word of mouth"),
    "reason.family": ("家族が求めている", "The family asks for it"),
    "reason.law": ("法令の定めがある", "The law provides for it"),
    "form.text": ("理由を具体的に", "The reason in your words"),
    "form.text.hint": (
        "本人と点検担当が読みます。例：意識がなく、家族にも連絡がつかない。内服薬の確認が必要。",
        "The patient and the reviewer read it. E.g. unconscious, no family reached; must know the medicines.",
    ),
    "form.minutes": ("時間", "How long"),
    "form.minutes.of": ("{n} 分", "{n} minutes"),
    "form.delay": (
        "本人に知らせるのを遅らせる（安全上の理由があるときだけ）",
        "Tell the patient later (only for a reason of safety)",
    ),
    "form.ground": ("安全上の理由", "Reason of safety"),
    "form.ground.none": ("遅らせない", "Do not put it off"),
    "ground.harm-to-person": (
        "いま知らせると、本人の生命・身体が危ない",
        "Telling now endangers the patient",
    ),
    "ground.harm-to-other": (
        "いま知らせると、ほかの人の生命・身体が危ない",
        "Telling now endangers somebody else",
    ),
    "ground.account-not-safe": (
        "本人を害しうる人が、本人の画面を見るおそれがある",
        "Somebody who may hurt the patient may read their account",
    ),
    "form.delay_text": ("その事情", "The circumstances"),
    "form.hours": ("いつまで", "For how long"),
    "form.hours.of": ("{n} 時間（過ぎると自動で知らせます）", "{n} hours (then they are told)"),
    "form.confirmed": (
        "この患者の診療に必要です。開いたことが私の名前とともに本人に知らされ、点検されることを理解しました。",
        "It is needed for this patient's care. I understand that the patient is told with my name, and that it is reviewed.",
    ),
    "form.go": ("緊急閲覧を始める", "Begin the override"),
    "form.cancel": ("やめてもどる", "Go back without it"),
    "wrong": ("まだ開いていません", "Nothing was opened"),
    "wrong.reason": ("理由を選んでください。", "Choose a reason."),
    "wrong.text": ("理由を具体的に書いてください。", "Write the reason in your own words."),
    "wrong.minutes": ("時間を選んでください。", "Choose how long."),
    "wrong.ground": ("安全上の理由を選んでください。", "Choose the reason of safety."),
    "wrong.delay_text": ("遅らせる事情を書いてください。", "Write why it must be put off."),
    "wrong.hours": ("いつまで遅らせるかを選んでください。", "Choose for how long it is put off."),
    "wrong.confirmed": ("確認の欄にしるしを付けてください。", "Tick the box to confirm."),
    "wrong.nobody": (
        "当てはまる患者が1人に決まりません。氏名と生年月日を確かめてください。",
        "There is not exactly one such patient. Check the name and the birth date.",
    ),
    "wrong.open-already": (
        "この患者の緊急閲覧はすでに開いています。",
        "Your override of this patient is open already.",
    ),
    "wrong.too-many": (
        "1時間に開ける数を超えました。",
        "You have opened more than is allowed in an hour.",
    ),
    "wrong.unlinked": (
        "被保険者番号・カナ氏名・生年月日がそろわない記録は、緊急閲覧の対象にできません。",
        "A record without insured person's number, kana name and birth date cannot be opened by an override.",
    ),
    "wrong.not-found": ("該当するものがありません。", "There is no such thing."),
    "wrong.no-answer": (
        "同意のサービスがいまつながりません。もう一度お試しください。",
        "The consent service does not answer now. Please try again.",
    ),
    "wrong.forbidden": ("認められていません。", "You may not do this."),
    "second.title": ("同僚の緊急閲覧を確認する", "Agree to a colleague's override"),
    "second.what": (
        "制限された記録（精神、感染症、遺伝など）を開くには、2人目の確認が必要です。",
        "Restricted records (psychiatric, infectious, genetic and the like) need a second person.",
    ),
    "second.code": (
        "同僚の画面のコード（8文字）",
        "The code on your colleague's screen (8 letters)",
    ),
    "second.find": ("内容を見る", "Show it"),
    "second.wrong": (
        "このコードの緊急閲覧は、あなたの地域で開いていません。",
        "No override of your region with this code is open.",
    ),
    "second.forbidden": (
        "確認できません。開いた本人ではなく、同じ地域の別の人の確認が必要です。",
        "You cannot agree: it takes another person of the same region.",
    ),
    "second.over": (
        "すでに終わったか、確認ずみです。",
        "It is over, or somebody has agreed already.",
    ),
    "second.by": ("開いた人", "Opened by"),
    "second.agree": (
        "制限された記録も開くことを認める",
        "I agree that restricted records are opened too",
    ),
    "second.agreed": (
        "確認を記録しました。同僚の画面で「問い合わせ直す」を押すと開きます。",
        "Your agreement is recorded. It opens when your colleague asks again.",
    ),
    "second.note": (
        "あなたの確認も記録され、点検されます。",
        "Your agreement is recorded and reviewed too.",
    ),
}
