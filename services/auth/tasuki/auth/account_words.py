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
        "said_passkey_added": "The passkey is registered.",
        "said_passkey_not": "The passkey could not be registered. Please try again.",
        "said_passkey_removed": "The passkey is removed. Remove it in the device's settings as well.",
    }
)
