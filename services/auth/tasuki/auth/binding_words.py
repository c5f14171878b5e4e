"""The words of binding an account to a record, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "binding_title": "自分の記録につなぐ",
        "binding_when": "このアカウントは、まだだれの記録にもつながっていません。",
        "binding_open": "自分の記録につなぐ",
        "binding_what": "保険の番号、生年月日、窓口で受け取ったコードの三つで確かめます。名前では確かめません。",
        "binding_code": "窓口で受け取ったコード",
        "binding_code_hint": "10桁の数字です。",
        "binding_submit": "つなぐ",
        "binding_burned": "三つがそろわないことが{n}回続くと、コードは使えなくなります。",
        "binding_no": "つなげませんでした。番号、生年月日、コードのどれかが合いません。"
        "まちがいが続くと1時間使えなくなります。コードは窓口でもう一度受け取れます。",
        "binding_not_now": "いま記録を確かめられません。しばらくしてもう一度お試しください。",
        "binding_recorded": "つないだことは記録されます。",
        "said_bound": "あなたの記録につながりました。",
        "codes_title": "記録につなぐコードを渡す",
        "codes_when": "住民が自分のアカウントを自分の記録につなぐためのコードを出します。",
        "codes_open": "コードを出す",
        "codes_what": "本人確認書類と保険の資格を確かめた、この市区町村の住民にだけ渡してください。",
        "codes_submit": "コードを出す",
        "codes_code": "ご本人に渡すコード（今だけ表示されます）",
        "codes_how": "{days}日以内に1回だけ使えます。前に出したコードは使えなくなります。",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "binding_title": "Bind this account to my record",
        "binding_when": "This account is not bound to anybody's record yet.",
        "binding_open": "Bind it to my record",
        "binding_what": "It is checked by three things: the insurance numbers, the birth date, and the code"
        " you got at a counter. Never by name.",
        "binding_code": "Code from the counter",
        "binding_code_hint": "Ten digits.",
        "binding_submit": "Bind",
        "binding_burned": "When the three do not agree {n} times, the code is used up.",
        "binding_no": "It could not be bound: numbers, birth date or code do not agree. After several"
        " failures you wait for an hour. The counter gives you another code.",
        "binding_not_now": "Records cannot be checked now. Please try again later.",
        "binding_recorded": "That it was bound is recorded.",
        "said_bound": "The account is bound to your record.",
        "codes_title": "Give a code for binding",
        "codes_when": "A code with which a resident binds their account to their record.",
        "codes_open": "Give a code",
        "codes_what": "Only to a resident of this municipality whose identity and insurance you have checked.",
        "codes_submit": "Get the code",
        "codes_code": "Code for the person (shown only now)",
        "codes_how": "To be used once, within {days} days. An older one cannot be used any more.",
    }
)
