"""The words of the pages on which staff accounts come and go, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JAPANESE: Mapping[str, str] = MappingProxyType(
    {
        "qualification_name": "japanese",
        "role_clinician": "診療",
        "role_nurse": "看護・受付",
        "role_officer": "災害の担当",
        "staff_title": "職員のアカウント",
        "staff_when": "自分の組織の職員のアカウントを開き、止められます。",
        "staff_open": "職員の一覧",
        "staff_new": "アカウントを開く",
        "staff_display": "名前",
        "staff_display_hint": "記録を見た人として、ご本人に表示されます。",
        "staff_qualification": "資格",
        "staff_submit": "開く",
        "staff_not_opened": "アカウントを開けませんでした。名前、ユーザー名、資格を確かめてください。"
        "ユーザー名がすでに使われているかもしれません。",
        "staff_invitation": "招待コード(今だけ表示されます)",
        "staff_invitation_how": "本人に直接渡してください。72時間以内に、次のページで本人がパスワードを決めます。",
        "staff_withdraw": "止める",
        "staff_invite": "招待し直す",
        "staff_sure": "このアカウントのサインインとパスキーを終わらせます",
        "said_not_sure": "確認の欄にしるしを付けてから、もう一度押してください。",
        "staff_withdrawn": "停止",
        "staff_invited": "招待中",
        "staff_lapsed": "招待の期限切れ",
        "staff_recorded": "アカウントを開いたこと、止めたことは記録されます。",
        "said_withdrawn": "アカウントを止めました。サインイン中のページも使えなくなります。",
        "invited_title": "招待を受ける",
        "invited_invitation": "招待コード",
        "invited_invitation_hint": "組織の担当者から受け取った20文字です。",
        "invited_next": "次へ",
        "invited_unknown": "この招待コードは使えません。担当者に新しいコードをもらってください。",
        "invited_secret": "認証アプリの設定",
        "invited_secret_how": "認証アプリに次の文字を登録してください。ほかの人に見せないでください。",
        "invited_link": "この端末の認証アプリを開く",
        "invited_code_hint": "登録したあと、認証アプリに表示された6桁の数字を入れます。",
        "invited_password": "パスワードを決める",
        "invited_password_hint": "{shortest}文字以上。ほかで使っていないものにしてください。",
        "invited_submit": "アカウントを使いはじめる",
        "invited_not_taken": "パスワードの長さと確認コードを確かめて、もう一度入力してください。",
        "said_invited": "アカウントの準備ができました。サインインしてください。",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "qualification_name": "english",
        "role_clinician": "clinician",
        "role_nurse": "nurse, desk",
        "role_officer": "disaster officer",
        "staff_title": "Staff accounts",
        "staff_when": "You can open and withdraw the accounts of your organisation's staff.",
        "staff_open": "List of staff",
        "staff_new": "Open an account",
        "staff_display": "Name",
        "staff_display_hint": "People are shown it as who looked at their records.",
        "staff_qualification": "Qualification",
        "staff_submit": "Open",
        "staff_not_opened": "The account could not be opened. Please check name, user name and"
        " qualification. The user name may be taken.",
        "staff_invitation": "Invitation (shown this once)",
        "staff_invitation_how": "Hand it to the person themselves. Within 72 hours they choose a"
        " password on this page:",
        "staff_withdraw": "Withdraw",
        "staff_invite": "Invite anew",
        "staff_sure": "End this account's sign-ins and passkeys",
        "said_not_sure": "Please tick the box first.",
        "staff_withdrawn": "withdrawn",
        "staff_invited": "invited",
        "staff_lapsed": "invitation lapsed",
        "staff_recorded": "Opening and withdrawing accounts is recorded.",
        "said_withdrawn": "The account is withdrawn. Pages it is signed in to stop working, too.",
        "invited_title": "Take up an invitation",
        "invited_invitation": "Invitation",
        "invited_invitation_hint": "The 20 characters your organisation gave you.",
        "invited_next": "Next",
        "invited_unknown": "This invitation cannot be used. Please ask for a new one.",
        "invited_secret": "Your authenticator app",
        "invited_secret_how": "Enter these characters into your authenticator app. Show them to nobody.",
        "invited_link": "Open the authenticator app on this device",
        "invited_code_hint": "Then type the six digits the app shows.",
        "invited_password": "Choose a password",
        "invited_password_hint": "At least {shortest} characters; one you use nowhere else.",
        "invited_submit": "Start using the account",
        "invited_not_taken": "Please check the password's length and the one-time code, and try again.",
        "said_invited": "Your account is ready. Please sign in.",
    }
)
