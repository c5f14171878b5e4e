"""The words of passkeys and of the page about one's own account, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "passkey_get": "パスキーでサインイン",
        "passkey_create": "この端末でパスキーを作る",
        "passkey_hint": "パスキーは、端末の指紋・顔・暗証番号で本人を確かめます。パスワードは要りません。",
        "passkey_fault": "パスキーを使えませんでした。もう一度試すか、ほかの方法を使ってください。",
        "account_title": "アカウント",
        "code_hint_own": "認証アプリに表示された6桁の数字です。30秒ごとに変わります。",
        "account_link": "アカウントの設定(パスキー、招待、同僚の本人確認)",
        "account_sign_in": "アカウントの設定を変えるには、もう一度本人の確認が必要です。",
        "signed_in_as": "サインイン中",
        "sign_out": "終わる",
        "passkeys": "パスキー",
        "passkeys_what": "パスキーがあると、端末の指紋・顔・暗証番号だけでサインインできます。"
        "ほかの人と使う端末には作らないでください。",
        "passkeys_none": "パスキーはまだありません。",
        "passkeys_not_here": "このアドレスではパスキーを使えません。",
        "passkey_needs_script": "パスキーを作るには、JavaScriptが必要です。",
        "passkey_label": "名前(なくてもかまいません)",
        "passkey_label_hint": "どの端末か分かる名前です。例: 自分のスマートフォン",
        "passkey_unnamed": "名前のないパスキー",
        "passkey_created": "作成",
        "passkey_used": "最後に使用",
        "passkey_never": "なし",
        "passkey_remove": "削除",
        "vouch_title": "同僚の本人確認",
        "vouch_when": "カードや認証アプリが壊れた同僚のために、あなたが本人を確かめられます。",
        "vouch_open": "同僚を確かめる",
        "vouch_what": "同僚が目の前にいて、本人だと分かるときだけ使ってください。同僚は自分のパスワードと、"
        "ここで出るコードでサインインします。{sign_in}分で終わり、二人の名前が記録に残ります。",
        "vouch_for": "同僚のユーザー名",
        "vouch_reason": "理由",
        "vouch_reason_hint": "例: ICカードの故障、スマートフォンの電池切れ",
        "vouch_submit": "本人だと確かめました",
        "vouch_incomplete": "ユーザー名と理由を入力してください。",
        "vouch_code": "同僚に伝えるコード",
        "vouch_code_how": "確認コードの欄に入れてください。{code}分以内に1回だけ使えます。同じ組織の職員の"
        "ユーザー名でなければ使えません。サインインは{sign_in}分で終わります。",
        "said_passkey_added": "パスキーを登録しました。",
        "said_passkey_not": "パスキーを登録できませんでした。もう一度お試しください。",
        "said_passkey_removed": "パスキーを削除しました。端末に残るパスキーも、端末の設定で削除してください。",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "passkey_get": "Sign in with a passkey",
        "passkey_create": "Make a passkey on this device",
        "passkey_hint": "A passkey checks that it is you by the device's fingerprint, face or PIN."
        " No password is needed.",
        "passkey_fault": "The passkey could not be used. Try again, or use another way.",
        "account_title": "Account",
        "code_hint_own": "The six digits your authenticator app shows. They change every 30 seconds.",
        "account_link": "Account settings (passkeys, invitations, vouching)",
        "account_sign_in": "To change your account, please prove again that it is you.",
        "signed_in_as": "Signed in",
        "sign_out": "Finish",
        "passkeys": "Passkeys",
        "passkeys_what": "With a passkey, the device's fingerprint, face or PIN signs you in."
        " Do not make one on a device you share.",
        "passkeys_none": "There are no passkeys yet.",
        "passkeys_not_here": "Passkeys cannot be used at this address.",
        "passkey_needs_script": "Making a passkey needs JavaScript.",
        "passkey_label": "Name (may be left out)",
        "passkey_label_hint": "So that you know which device it is, e.g. my phone",
        "passkey_unnamed": "Passkey without a name",
        "passkey_created": "Made",
        "passkey_used": "Last used",
        "passkey_never": "never",
        "passkey_remove": "Remove",
        "vouch_title": "A colleague's identity",
        "vouch_when": "If a colleague's card or authenticator is broken, you can vouch for them.",
        "vouch_open": "Vouch for a colleague",
        "vouch_what": "Only when your colleague stands before you and you know them. They sign in with"
        " their own password and the code you get here. It ends after {sign_in} minutes, and both"
        " names are recorded.",
        "vouch_for": "Colleague's user name",
        "vouch_reason": "Reason",
        "vouch_reason_hint": "For example: card broken, phone without power",
        "vouch_submit": "I know that it is them",
        "vouch_incomplete": "Please fill in user name and reason.",
        "vouch_code": "Code for your colleague",
        "vouch_code_how": "To be typed in place of the one-time code, once, within {code} minutes. It"
        " works only for a member of staff of your organisation. The sign-in ends after {sign_in}"
        " minutes.",
        "said_passkey_added": "The passkey is registered.",
        "said_passkey_not": "The passkey could not be registered. Please try again.",
        "said_passkey_removed": "The passkey is removed. Remove it in the device's settings as well.",
    }
)
