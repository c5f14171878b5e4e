"""The desk's words, Japanese and English. Short: read at night, on a phone, by somebody tired."""

from __future__ import annotations

from typing import Final

from tasuki.consent.explain import DENIALS
from tasuki.shared.clinical.view_words import CLINICAL_STATUS

TITLE: Final = ("避難所デスク", "Shelter desk")

WORDS: Final[dict[str, tuple[str, str]]] = {
    "search.title": ("人をさがす", "Find a person"),
    "search.name": ("氏名", "Name"),
    "search.name.hint": (
        "漢字・ひらがな・カタカナのどれか。姓と名",
        "Kanji, hiragana or katakana; family and given name",
    ),
    "search.birth": ("生年月日", "Birth date"),
    "search.birth.hint": (
        "例 1938-04-05、S13.4.5、昭和13年4月5日。年だけのときは性別も",
        "Such as 1938-04-05 or S13.4.5; with a year alone, give the sex too",
    ),
    "search.sex": ("性別", "Sex"),
    "search.address": ("住所の一部・わかれば", "Part of the address (if known)"),
    "search.button": ("さがす", "Search"),
    "search.again": ("さがし直す", "Search again"),
    "sex.": ("不明", "Not known"),
    "sex.female": ("女性", "Female"),
    "sex.male": ("男性", "Male"),
    "sex.other": ("その他", "Other"),
    "sex.unknown": ("不明", "Unknown"),
    "recorded": (
        "検索と閲覧はすべて記録され、本人が確認できます。",
        "Every search and look is recorded, and the person can see it.",
    ),
    "declared.none": (
        "いま有効な災害時の宣言がありません。さがせますが、記録は開けません。",
        "No disaster declaration is open now: you can search, but no record opens.",
    ),
    "declared.drill": ("訓練の宣言が有効です", "A drill declaration is open"),
    "declared.real": ("災害時の宣言が有効です", "A disaster declaration is open"),
    "declared.until": ("{until} まで", "until {until}"),
    "found.title": ("候補 {n}人", "{n} candidates"),
    "found.ask": (
        "本人に名前と生年月日を聞いて、たしかめてから選んでください。",
        "Ask the person for name and birth date before you choose.",
    ),
    "found.choose": ("この人の記録を見る", "Open this record"),
    "found.none.title": ("見つかりません", "Nobody found"),
    "found.none": (
        "この条件に合う人は登録されていません。読みがな、漢字、生年月日をたしかめてください。",
        "Nobody on record fits. Check the spelling and the birth date.",
    ),
    "found.none.unknown": (
        "登録がないことは、病気や薬がないことではありません。",
        "Not being on record does not mean that there are no medicines or allergies.",
    ),
    "count.title": ("{n}人が当てはまります", "{n} people fit"),
    "add-birth-date": (
        "人数が多いため表示しません。生年月日を月日まで入れてください。",
        "Too many to show. Give the full birth date.",
    ),
    "add-address": (
        "人数が多いため表示しません。住所の一部を入れてください。",
        "Too many to show. Give a part of the address.",
    ),
    "refused.title": ("検索できません", "This search was not done"),
    "name-missing": ("姓と名を入れてください。", "Give the family and given name."),
    "name-too-long": ("入力が長すぎます。", "The input is too long."),
    "my-number": (
        "マイナンバーは入れないでください。入力は保存していません。",
        "An individual number must not be entered. It was not kept.",
    ),
    "more-needed": (
        "名前だけではさがせません。生年月日か、生まれた年と性別も入れてください。",
        "A name alone is not enough. Give the birth date, or the birth year and sex.",
    ),
    "sex-needed": (
        "生まれた年だけのときは、性別も選んでください。",
        "With a birth year alone, give the sex too.",
    ),
    "kana-needed": (
        "生まれた年だけのときは、名前をかなで入れてください。",
        "With a birth year alone, write the name in kana.",
    ),
    "birth-unreadable": (
        "生年月日を読み取れません。1938-04-05 か S13.4.5 のように入れてください。",
        "This cannot be read as a birth date. Write it as 1938-04-05 or S13.4.5.",
    ),
    "no-such-day": (
        "その日付は暦にありません。たしかめてください。",
        "There is no such day in the calendar. Check it.",
    ),
    "no-such-year": ("その元号にその年はありません。", "This era has no such year."),
    "other-era": (
        "その日付は、書かれた元号の期間に入りません。",
        "This date does not belong to the era it is written in.",
    ),
    "future": ("生年月日が未来の日付です。", "A birth date cannot lie in the future."),
    "too-old": ("生年月日が古すぎます。", "This birth date is too long ago."),
    "too-many": (
        "検索の回数が上限をこえました。しばらく待つか、責任者に相談してください。",
        "Too many searches. Wait a while, or ask the person in charge.",
    ),
    "handle-over": (
        "この候補の表示は期限が切れました。もう一度さがしてください。",
        "This choice is over. Please search again.",
    ),
    "denied.title": ("開けません", "This record does not open"),
    "denied.next": (
        "本人に、アレルギーと飲んでいる薬を直接聞いてください。お薬手帳も確認してください。",
        "Ask the person about allergies and medicines; look for a medicine notebook.",
    ),
    "denied.recorded": ("この操作は記録されました。", "This was recorded."),
    "profile.title": ("緊急時の情報", "Emergency profile"),
    "profile.print": ("A6で印刷", "Print (A6)"),
    "profile.drill": ("訓練用の人です", "A person for drills"),
    "identity": ("本人の確認", "Identity"),
    "kana": ("よみ", "Reading"),
    "birth": ("生年月日", "Birth date"),
    "age": ("{n}歳", "{n} years"),
    "sex": ("性別", "Sex"),
    "address": ("住所", "Address"),
    "phone": ("電話", "Phone"),
    "language": ("言語", "Language"),
    "section.allergies": ("アレルギー・禁忌", "Allergies"),
    "section.dni": ("中断してはいけない薬", "Do not interrupt"),
    "section.medicines": ("薬", "Medicines"),
    "section.current": ("飲んでいる薬", "Current medicines"),
    "section.as_needed": ("必要なときだけの薬", "As needed"),
    "section.end_unknown": ("いつまでか不明の薬", "End unknown"),
    "section.recently_ended": ("最近終わった薬", "Recently ended"),
    "section.conditions": ("主な病名", "Main conditions"),
    "section.contacts": ("連絡先", "Contacts"),
    "older-ended": ("以前に終わった薬 {n}件", "{n} more medicines ended earlier"),
    "resolved": ("治った病名 {n}件", "{n} resolved conditions"),
    "no-lines": ("いまの分はありません", "None at present"),
    "conflict": ("アレルギー注意: {names}", "Allergy conflict: {names}"),
    "by-name": ("名前で判断", "by name"),
    "inactive": ("現在は該当なしとの記録", "recorded as inactive"),
    "suspected": ("疑い", "suspected"),
    "old": ("5年より前の記録", "recorded over 5 years ago"),
    "self": ("本人の申告", "self-reported"),
    "usage-incomplete": ("用法が不完全: 確認してください", "Usage incomplete: ask"),
    "day-unknown": ("日付不明", "date not recorded"),
    "restricted.allergies": (
        "閲覧が制限されたアレルギー記録があります。医師に確認してください。",
        "A restricted allergy record is there: ask a clinician.",
    ),
    "restricted.medicines": (
        "閲覧が制限された薬の記録があります。医師に確認してください。",
        "A restricted medicine is there: ask a clinician.",
    ),
    "contacts-withheld": (
        "住所と連絡先は開示されていません。",
        "Address and contacts are withheld.",
    ),
    "no-contacts": ("連絡先の記録はありません", "No contact on record"),
    "sources": ("情報元と時点", "Sources, and as of when"),
    "source.as-of": ("{at} 時点", "as of {at}"),
    "source.never": ("まだ届いていません", "nothing has arrived yet"),
    "unreadable": (
        "読み取れない記録が {n} 件あります。",
        "{n} records could not be read.",
    ),
    "not-linked": (
        "保険の番号で結びついていないため、ほかの情報元に記録があっても出ていません。",
        "Not linked by an insurance identity: other sources may hold more.",
    ),
    "built": ("まとめた時刻 {at}", "Put together {at}"),
    "consents-age": ("同意の確認 {n}分前", "Consents known as of {n} minutes ago"),
    "consents-fresh": ("同意の確認 1分以内", "Consents known as of this minute"),
    "basis": ("根拠", "Basis"),
    "basis.declaration": (
        "災害時の宣言 {id} 第{version}版",
        "Disaster declaration {id}, version {version}",
    ),
    "oldest": ("最も古いデータ {at}", "Oldest data {at}"),
    "unknown-warning": (
        "「情報がありません」は「ない」ではありません。",
        '"No information" does not mean "none".',
    ),
    "deny.role-may-not": (
        "あなたの役割では、緊急時の情報を開けません。",
        "Your role may not open emergency profiles.",
    ),
    "deny.purpose-not-disaster": (
        "災害時の医療を目的にサインインした人だけが開けます。",
        "Sign in for disaster care to open emergency profiles.",
    ),
    "deny.consent-snapshot-missing": (
        "同意の記録をまだ受け取っていないため、開けません。",
        "The consents have not arrived here yet, so nothing is opened.",
    ),
    "deny.not-found": ("記録が見つかりません。", "There is no such record."),
    **{f"status.{code}": said for code, said in CLINICAL_STATUS.items()},
    **{f"deny.{reason.value}": (said["ja"], said["en"]) for reason, said in DENIALS.items()},
}
WORDS["deny.role-may-not"] = (
    "あなたの役割では、緊急時の情報を開けません。",
    "Your role may not open emergency profiles.",
)
