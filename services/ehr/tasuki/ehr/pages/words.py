"""The words of the clinician's pages, Japanese first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tasuki.ehr.pages.words_override import OVERRIDE

if TYPE_CHECKING:
    from tasuki.shared.web.words import WordTable

WORDS: Final[WordTable] = {
    **OVERRIDE,
    "find": ("患者をさがす", "Find a patient"),
    "find.by-name": ("氏名と生年月日から", "By name and birth date"),
    "find.by-number": ("番号から", "By number"),
    "find.name": ("氏名", "Name"),
    "find.name.hint": (
        "漢字・カナ・ひらがな・ローマ字。姓と名の両方。例：能登 花子、のと はなこ",
        "Kanji, kana or Latin letters; family and given name. E.g. ノト ハナコ",
    ),
    "find.birth": ("生年月日", "Birth date"),
    "find.birth.hint": ("例：1938-04-05、S13.4.5、昭和13年4月5日", "E.g. 1938-04-05 or S13.4.5"),
    "find.sex": (
        "性別（生年だけわかるときは必要）",
        "Sex (needed where only the birth year is known)",
    ),
    "find.number": (
        "診察券番号、または被保険者番号",
        "Chart number, or insured person's number",
    ),
    "find.number.hint": (
        "被保険者番号は 保険者番号:記号:番号:枝番。マイナンバーは入力しないでください。",
        "Insured person's number: insurer:symbol:number:branch. Never an Individual Number.",
    ),
    "find.go": ("さがす", "Search"),
    "sex.male": ("男性", "male"),
    "sex.female": ("女性", "female"),
    "sex.other": ("その他", "other"),
    "sex.unknown": ("不明", "unknown"),
    "sex.": ("記録なし", "not recorded"),
    "found": ("見つかった患者：{n} 人", "Patients found: {n}"),
    "found.none": (
        "この地域に該当する患者がいないか、閲覧が認められていません。入力を確かめてください。",
        "No such patient in this region, or you may not see the record. Check what you typed.",
    ),
    "found.many": (
        "{n} 人が該当します。生年月日をすべて入力してください。",
        "{n} patients fit. Please add the full birth date.",
    ),
    "found.many-numbers": (
        "{n} 人が該当します。氏名と生年月日でさがしてください。",
        "{n} patients fit. Please search by name and birth date.",
    ),
    "found.choose": (
        "氏名・生年月日を本人に確かめて選んでください。",
        "Check name and birth date with the patient, then choose.",
    ),
    "ask": ("さがせませんでした", "The search was not done"),
    "ask.nothing": (
        "氏名と生年月日、または番号を入力してください。",
        "Give a name and birth date, or a number.",
    ),
    "ask.name-missing": ("氏名を入力してください。", "Give the family and given name."),
    "ask.too-long": ("入力が長すぎます。", "This is too long."),
    "ask.my-number": (
        "マイナンバーは入力できません（保存していません）。",
        "An Individual Number must not be entered. It was not kept.",
    ),
    "ask.more-needed": (
        "氏名だけではさがせません。生年月日を入力してください。",
        "A name alone is not enough. Add the birth date.",
    ),
    "ask.sex-needed": (
        "生年だけのときは、性別も選んでください。",
        "With a birth year alone, choose the sex too.",
    ),
    "ask.kana-needed": (
        "生年だけのときは、氏名をカナで入力してください。",
        "With a birth year alone, write the name in kana.",
    ),
    "ask.birth.unreadable": (
        "生年月日として読めません。1938-04-05 や S13.4.5 のように入力してください。",
        "This cannot be read as a birth date. Write it as 1938-04-05 or S13.4.5.",
    ),
    "ask.birth.no-such-day": (
        "その日付は暦にありません。",
        "There is no such day in the calendar.",
    ),
    "ask.birth.no-such-year": ("その元号にその年はありません。", "This era has no such year."),
    "ask.birth.other-era": (
        "その日付は別の元号です。",
        "This date does not belong to the era it is written in.",
    ),
    "ask.birth.future": ("生年月日が未来の日付です。", "A birth date cannot lie in the future."),
    "ask.birth.too-old": ("生年月日が古すぎます。", "This birth date is too long ago."),
    "summary": ("患者サマリー", "Patient summary"),
    "born": ("生年月日", "Born"),
    "age": ("{n} 歳", "{n} years"),
    "sex": ("性別", "Sex"),
    "kana": ("カナ", "Reading"),
    "place": ("住所地", "Home"),
    "unknown": ("不明", "unknown"),
    "partial": ("一部の情報が含まれていません", "This summary is incomplete"),
    "partial.withheld": (
        "{who}：開示されていません（本人の意思または規則による）。ないとは限りません。",
        "{who}: withheld, by the patient's wish or by rule. There may be records.",
    ),
    "partial.unreachable": (
        "{who}：問い合わせできず、含まれていません。ないとは限りません。",
        "{who}: could not be asked, so it is not included. There may be records.",
    ),
    "partial.types": (
        "{who}：一部の種類が開示されていません。",
        "{who}: some kinds of records are withheld.",
    ),
    "partial.unreadable": (
        "{who}：読めなかった記録が {n} 件あります。",
        "{who}: {n} records could not be read.",
    ),
    "unlinked": (
        "被保険者番号（枝番まで）・カナ氏名・生年月日がそろっていないため、ほかの地域に問い合わせできません。",
        "Other regions cannot be asked: this needs an insured person's number with branch, a kana name and a birth date.",
    ),
    "untold": (
        "本人に伝えられていない情報を含む画面です。印刷には出ません。",
        "This screen holds information the patient has not been told. Prints leave it out.",
    ),
    "allergies": ("アレルギー・副作用", "Allergies and intolerances"),
    "do-not-interrupt": ("中断に注意する薬", "Do not interrupt"),
    "other-medicines": ("そのほかの薬", "Other medicines"),
    "medicines.current": ("服用中", "Current"),
    "medicines.as_needed": ("必要時", "As needed"),
    "medicines.end_unknown": ("終了日不明（服用中かもしれません）", "End unknown (may be current)"),
    "medicines.recently_ended": ("最近終了", "Recently ended"),
    "medicines.older": ("ほかに、以前に終了した薬 {n} 件", "{n} more medicines ended earlier"),
    "none-flagged": ("現在の薬に該当なし", "None among the present medicines"),
    "ended-flagged": (
        "処方が最近切れた薬があります（続いているか確認してください）：{names}",
        "Its supply ended recently, so ask whether it goes on: {names}",
    ),
    "no-other-medicines": ("ほかの薬の記録はありません", "No other medicine is recorded"),
    "conditions": ("病名", "Conditions"),
    "conditions.resolved": ("ほかに、治癒・終了した病名 {n} 件", "{n} more conditions are over"),
    "onset": ("発症 {when}", "since {when}"),
    "suspected": ("疑い", "suspected"),
    "unconfirmed": ("未確認", "unconfirmed"),
    "self-reported": ("本人申告", "self-reported"),
    "old": ("5年より前の記録", "recorded over 5 years ago"),
    "also": ("別の記載：{names}", "Also recorded as: {names}"),
    "conflict": (
        "アレルギー記録と重なるおそれ：{names}",
        "May conflict with a recorded allergy: {names}",
    ),
    "usage-incomplete": ("用法の記録が不完全（確認してください）", "Usage incomplete: ask"),
    "no-dose": ("用量の記載なし", "dose not recorded"),
    "days": ("{start} 〜 {end}", "{start} to {end}"),
    "from": ("情報元：", "Source: "),
    "today": ("本日", "today"),
    "no-date": ("日付不明", "date unknown"),
    "immunizations": ("予防接種", "Immunizations"),
    "procedures": ("手術・処置", "Procedures"),
    "results": ("検査結果（項目ごとの最新）", "Laboratory results (newest of each test)"),
    "table.name": ("名称", "Name"),
    "table.value": ("結果", "Result"),
    "table.date": ("日付", "Date"),
    "table.source": ("情報元", "Source"),
    "table.none": (
        "記録がありません（ないとは限りません）",
        "Nothing recorded (which is not to say there is none)",
    ),
    "table.more": ("ほかに古い記録 {n} 件", "{n} older records are not shown"),
    "table.lacks": ("含まれていない情報元：{who}", "Not included: {who}"),
    "sources": ("情報元", "Sources"),
    "sources.answer": ("回答", "Answer"),
    "sources.as-of": ("データの時点", "Data as of"),
    "sources.unreadable": ("読めなかった記録", "Not readable"),
    "sources.types": ("一部非開示", "partly withheld"),
    "contacts": ("連絡先", "Contacts"),
    "made": ("作成：{at}", "Made at {at}"),
    "ips": ("国際患者サマリー（IPS）を保存", "Save as International Patient Summary (IPS)"),
    "ips.hint": (
        "FHIR の文書（JSON）です。本人に伝えられていない情報は含みません。",
        "A FHIR document (JSON). It leaves out what the patient has not been told.",
    ),
    "again": ("問い合わせ直す", "Ask again"),
    "refused": ("この患者の記録は表示できません", "This record cannot be shown"),
    "refused.forbidden": (
        "本人の意思または地域の規則により、いまの利用目的ではこの記録を閲覧できません。記録がないという意味ではありません。",
        "By the patient's wish or the region's rules you may not see this record for your present purpose. This does not mean there is none.",
    ),
    "refused.stale": (
        "同意の情報が最新か確かめられないため、閲覧を止めています。しばらくして、もう一度お試しください。",
        "It cannot be verified that the consent information is up to date, so the record stays closed. Please try again in a while.",
    ),
    "refused.not-found": (
        "この記録はありません。または、あることを示すことが認められていません。",
        "There is no such record, or none you may know of.",
    ),
    "refused.recorded": ("この操作は記録されました。", "This attempt was recorded."),
}
