"""What the log says of tokens: never a token itself, only the id that services know it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.auth.log.events import Event, What
from tasuki.shared.audit.events import Outcome

if TYPE_CHECKING:
    from tasuki.auth.families import Family
    from tasuki.auth.issuing import Granted


def token_given(what: What, granted: Granted, token_id: str) -> Event:
    """Return what is said of an access token that was made."""
    return Event(
        what=what,
        actor=granted.subject,
        account=granted.subject,
        client_id=granted.client_id,
        basis=f"grant/{what.value}",
        role=granted.role.value,
        purpose=granted.purpose,
        patient=granted.patient,
        organization=granted.organization,
        details=(
            ("token", token_id),
            ("sign-in", granted.family or ""),
            ("scope", str(granted.scopes)),
            ("audience", " ".join(granted.audiences)),
            ("on-behalf", " ".join(granted.actor)),
            ("key", granted.jkt or granted.certificate or ""),
        ),
    )


def family_ended(what: What, family: Family, *, was_living: bool) -> Event:
    """Return what is said of a sign-in that ended, or would have, with all its tokens.

    Taken back by its app, or ended since something spent was shown, which is refused.
    """
    taken_back = what is What.TOKEN_REVOKED
    return Event(
        what=what,
        outcome=Outcome.PERMITTED if taken_back else Outcome.DENIED,
        actor=family.client_id,
        account=family.account,
        client_id=family.client_id,
        basis="grant/token-revoked" if taken_back else "",
        purpose=family.purpose,
        patient=family.patient,
        details=(("sign-in", family.id), ("was-living", "yes" if was_living else "no")),
    )


def token_revoked(account: str, client_id: str, token_id: str) -> Event:
    """Return what is said of an access token that its client took back."""
    return Event(
        what=What.TOKEN_REVOKED,
        actor=client_id,
        account=account,
        client_id=client_id,
        basis="grant/token-revoked",
        details=(("token", token_id),),
    )
