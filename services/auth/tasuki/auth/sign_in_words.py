"""The words of the pages on which sign-ins are read, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "sign_ins_title": "サインインの記録",
        "sign_ins_when": "いつ、どの方法でサインインしたか、できなかったかを見られます。",
        "sign_ins_open": "記録を見る",
        "sign_ins_what": "新しい順です。身に覚えのないものがあれば、アカウントを作った窓口に伝えてください。",
        "sign_ins_staff": "職員のサインインの記録",
        "sign_ins_staff_what": "自分の組織の職員の記録です。新しい順に並んでいます。見たことも記録されます。",
        "sign_ins_none": "記録はありません。",
        "sign_ins_older": "前の記録を見る",
        "sign_ins_newest": "新しい記録に戻る",
        "sign_in_locked": "この失敗で、{until}まで閉じました。",
        "kind_sign-out": "アカウントの設定を終えました",
        "app_account": "アカウントの設定",
        "method_password-and-code": "パスワードと確認コード",
        "method_passkey": "パスキー",
        "method_vouched": "パスワードと同僚の本人確認",
        "ended_signed-in": "サインインしました",
        "ended_unknown-user": "ユーザー名が違いました",
        "ended_locked": "失敗が続いたあとで、閉じていました",
        "ended_disabled": "止められたアカウントでした",
        "ended_wrong-password": "パスワードが違いました",
        "ended_wrong-code": "確認コードが違いました",
        "ended_replayed-code": "確認コードは使用済みでした",
        "ended_not-permitted": "本人の確認はできましたが、このアプリや目的では使えませんでした",
        "ended_unreadable-passkey": "パスキーを読み取れませんでした",
        "ended_unknown-passkey": "登録されていないパスキーでした",
        "ended_wrong-passkey": "パスキーを確かめられませんでした",
        "ended_stale-challenge": "ページが古くなっていました",
        "ended_replayed-challenge": "同じパスキーの答えが2回届きました",
        "ended_copied-passkey": "パスキーが複製されたおそれがあるため、断りました",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "sign_ins_title": "Sign-ins",
        "sign_ins_when": "You can see when and by what means you signed in, or could not.",
        "sign_ins_open": "See the record",
        "sign_ins_what": "Newest first. If there is one you know nothing of, tell the office that"
        " opened your account.",
        "sign_ins_staff": "Sign-ins of staff",
        "sign_ins_staff_what": "Those of your organisation's staff, newest first. That you looked is"
        " recorded, too.",
        "sign_ins_none": "There are none.",
        "sign_ins_older": "Older ones",
        "sign_ins_newest": "Back to the newest",
        "sign_in_locked": "This failure closed the account until {until}.",
        "kind_sign-out": "Left the account page",
        "app_account": "Account page",
        "method_password-and-code": "password and one-time code",
        "method_passkey": "passkey",
        "method_vouched": "password and a colleague's word",
        "ended_signed-in": "signed in",
        "ended_unknown-user": "wrong user name",
        "ended_locked": "closed after failures in a row",
        "ended_disabled": "the account was withdrawn",
        "ended_wrong-password": "wrong password",
        "ended_wrong-code": "wrong one-time code",
        "ended_replayed-code": "the one-time code had been used",
        "ended_not-permitted": "identity proved, but not for this app or purpose",
        "ended_unreadable-passkey": "the passkey could not be read",
        "ended_unknown-passkey": "the passkey is not registered",
        "ended_wrong-passkey": "the passkey could not be verified",
        "ended_stale-challenge": "the page was too old",
        "ended_replayed-challenge": "the same answer of a passkey came twice",
        "ended_copied-passkey": "refused, since the passkey may have been copied",
    }
)
