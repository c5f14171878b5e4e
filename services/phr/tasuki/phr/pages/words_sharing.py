"""The words of 見せる相手: what holds now, what the buttons do, and what could not be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

SHARING: Final[WordTable] = {
    "sharing.title": ("見せる相手", "Who may see"),
    "sharing.shelters": ("災害のときの避難所", "Shelters in a disaster"),
    "sharing.shelters.what": (
        "災害が宣言されると、避難所の看護職が、薬・アレルギー・病名・連絡先を見ることがあります。",
        "Once a disaster is declared, a shelter nurse may see medicines, allergies, conditions and contacts.",
    ),
    "sharing.shelters.default": (
        "いま: 見せないとは言っていません。地域の決まりに従います。",
        "Now: you have not said no. The region's rule holds.",
    ),
    "sharing.shelters.withheld": (
        "いま: あなたは「避難所には見せない」と決めています。",
        "Now: you have said that shelters may not see your record.",
    ),
    "sharing.shelters.life": (
        "命に関わるときは、理由を記録したうえで医師が開くことがあります。開いたときは「誰が見たか」に残ります。",
        "Where life is at stake a clinician may still open it, with a reason. “Who looked” will show it.",
    ),
    "sharing.withhold": ("避難所には見せない", "Do not show it in shelters"),
    "sharing.permit-again": ("避難所に見せる（もとに戻す）", "Let shelters see it again"),
    "sharing.regions": ("ふだんの診療での別の地域", "Other regions in everyday care"),
    "sharing.regions.what": (
        "別の地域の医師が、診療のためにあなたの記録を見ることです。あなたが認めたときだけ見られます。認めると、精神科・HIVなどの特に慎重な扱いの記録も、診療する医師に見えます。",
        "A clinician of another region sees your record for your care. Only if you agree. Clinicians who treat you then see specially protected records too, such as psychiatric ones and HIV.",
    ),
    "sharing.regions.default": ("いま: 認めていません。", "Now: you have not agreed."),
    "sharing.regions.opted-in": ("いま: 認めています。", "Now: you have agreed."),
    "sharing.regions.refused": (
        "いま: 断ることが記録されています。自分の地域の診療でも見られないことがあります。",
        "Now: a refusal is on record. Care in your own region may not see the record either.",
    ),
    "sharing.opt-in": ("別の地域にも見せる", "Show it in other regions too"),
    "sharing.withdraw": ("別の地域に見せるのをやめる", "Stop showing it in other regions"),
    "sharing.finer": (
        "このほかに、ここでは変えられない意思の記録が {n} 件あります。下の答えにはそれも入っています。",
        "There are {n} further wishes on record that cannot be changed here. The answers below count them.",
    ),
    "sharing.answers": ("いま見られるか", "Could they see it now?"),
    "sharing.answers.change": ("変える前と変えた後", "Before and after"),
    "sharing.nurse": ("避難所の看護職（災害時）", "A shelter nurse, in a disaster"),
    "sharing.clinician": (
        "別の地域の医師（ふだんの診療）",
        "A clinician of another region, in everyday care",
    ),
    "sharing.record": ("記録", "Record"),
    "sharing.who": ("見る人", "Who"),
    "sharing.before": ("変える前", "Before"),
    "sharing.after": ("変えた後", "After"),
    "sharing.yes": ("見られます", "Yes"),
    "sharing.no": ("見られません", "No"),
    "sharing.soon": (
        "ほかの機関に伝わるまで、1分ほどかかることがあります。",
        "It may take a minute to reach everybody.",
    ),
    "sharing.done.withhold": (
        "「避難所には見せない」と記録しました。",
        "It is recorded: shelters may not see it.",
    ),
    "sharing.done.permit-again": (
        "「避難所には見せない」を取り消しました。",
        "It is taken back: shelters may see it again, as the region's rule says.",
    ),
    "sharing.done.opt-in": (
        "別の地域に見せることを記録しました。",
        "It is recorded: other regions may see it.",
    ),
    "sharing.done.withdraw": (
        "別の地域に見せるのをやめました。",
        "It is withdrawn: other regions may not see it.",
    ),
    "sharing.done.still": (
        "記録しましたが、別の意思の記録があるため、望んだ状態になっていません。下の答えを確かめてください。",
        "It is recorded, but another wish on record still holds. Please read the answers below.",
    ),
    "sharing.silent": (
        "同意のサービスがいまつながりません。何が決まっているか、ここでは分かりません。何も変えていません。",
        "The consent service does not answer. What holds cannot be shown. Nothing was changed.",
    ),
    "sharing.unchanged": (
        "変えていません。同意のサービスがいま受けつけません。しばらくしてもう一度お試しください。",
        "Nothing was changed: the consent service did not take it. Please try again later.",
    ),
    "sharing.unsure": (
        "変わったかどうか分かりません。返事がありませんでした。このページを開き直して確かめてください。",
        "It is not known whether it was changed: no answer came. Open this page again to check.",
    ),
    "sharing.changed-unseen": (
        "記録しましたが、その後つながらなくなりました。このページを開き直して確かめてください。",
        "It is recorded, but the service stopped answering. Open this page again to check.",
    ),
    "sharing.again": ("開き直す", "Open it again"),
}
