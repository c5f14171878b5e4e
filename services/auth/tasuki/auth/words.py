"""The words of the sign-in pages, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tasuki.auth import account_words, binding_words, sign_in_words, staff_words
from tasuki.auth.proxies import words as proxy_words
from tasuki.shared.access import purposes

if TYPE_CHECKING:
    from collections.abc import Mapping

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        **account_words.JAPANESE,
        **staff_words.JAPANESE,
        **proxy_words.JAPANESE,
        **binding_words.JAPANESE,
        **sign_in_words.JAPANESE,
        "lang": "ja",
        "title": "サインイン",
        "error_prefix": "エラー",
        "for_app": "次のアプリに続きます",
        "username": "ユーザー名",
        "password": "パスワード",
        "code": "確認コード",
        "code_hint": "認証アプリに表示された6桁の数字です。30秒ごとに変わります。"
        "使えないときは、同僚がアカウントのページで出した8桁のコードを入れます。",
        "purpose": "利用目的",
        "choose": "選んでください",
        "reason": "緊急アクセスの理由",
        "reason_hint": "「緊急アクセス」を選んだときだけ記入します。記録に残り、ご本人に通知されます。",
        "submit": "サインイン",
        "other_language": "English",
        "not_signed_in": "サインインできませんでした。ユーザー名、パスワード、確認コードをもう一度"
        "確かめてください。確認コードは新しいものを使ってください。失敗が続くと、しばらくの間"
        "サインインできなくなります。",
        "expired": "画面を開いてから時間がたちすぎました。もう一度入力してください。",
        "no_purpose": "利用目的を選んでください。",
        "no_my_number": "理由にマイナンバー(個人番号)を書かないでください。",
        "no_reason": "緊急アクセスの理由を記入してください。",
        "not_permitted": "このアカウントでは、このアプリまたはこの利用目的を使えません。",
        "broken_title": "サインインを続けられません",
        "broken": "アプリからの要求に誤りがあります。アプリに戻って、もう一度お試しください。"
        "続くときは、アプリの提供者にお知らせください。",
        "recorded": "サインインは記録されます。",
        f"purpose_{purposes.TREAT}": "診療",
        f"purpose_{purposes.ETREAT}": "救急の診療",
        f"purpose_{purposes.BTG}": "緊急アクセス(同意を得られない命の危険)",
        f"purpose_{purposes.DISASTER}": "災害時の支援",
        f"purpose_{purposes.PATRQT}": "ご本人による利用",
        f"purpose_{purposes.HOPERAT}": "医療の運営",
        f"purpose_{purposes.PUBHLTH}": "公衆衛生",
        f"purpose_{purposes.HSYSADMIN}": "システムの管理",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        **account_words.ENGLISH,
        **staff_words.ENGLISH,
        **proxy_words.ENGLISH,
        **binding_words.ENGLISH,
        **sign_in_words.ENGLISH,
        "lang": "en",
        "title": "Sign in",
        "error_prefix": "Error",
        "for_app": "to continue to",
        "username": "User name",
        "password": "Password",
        "code": "One-time code",
        "code_hint": "The six digits your authenticator app shows. They change every 30 seconds."
        " If it is broken: the eight digits a colleague got for you on the account page.",
        "purpose": "Purpose of use",
        "choose": "Choose one",
        "reason": "Reason for the emergency override",
        "reason_hint": "Only when you choose the emergency override. It is recorded, and the person is told.",
        "submit": "Sign in",
        "other_language": "日本語",
        "not_signed_in": "You could not be signed in. Please check your user name, password and"
        " one-time code, and use a new code. After several failures sign-in is closed for a while.",
        "expired": "This page was open for too long. Please fill it in again.",
        "no_purpose": "Please choose a purpose of use.",
        "no_my_number": "Please leave the My Number (個人番号) out of the reason.",
        "no_reason": "Please give the reason for the emergency override.",
        "not_permitted": "This account cannot be used with this app or for this purpose.",
        "broken_title": "Sign-in cannot go on",
        "broken": "The app sent a faulty request. Please go back to the app and try again."
        " If it happens again, tell whoever provides the app.",
        "recorded": "Sign-ins are recorded.",
        f"purpose_{purposes.TREAT}": "Treatment",
        f"purpose_{purposes.ETREAT}": "Emergency treatment",
        f"purpose_{purposes.BTG}": "Emergency override (danger to life, consent cannot be had)",
        f"purpose_{purposes.DISASTER}": "Disaster relief",
        f"purpose_{purposes.PATRQT}": "My own use",
        f"purpose_{purposes.HOPERAT}": "Healthcare operations",
        f"purpose_{purposes.PUBHLTH}": "Public health",
        f"purpose_{purposes.HSYSADMIN}": "System administration",
    }
)


def words_for(locales: str) -> Mapping[str, str]:
    """Return the words for `ui_locales` (space-separated language tags); Japanese unless English leads."""
    first = locales.split(" ", maxsplit=1)[0].lower()
    return ENGLISH if first == "en" or first.startswith("en-") else JAPANESE
