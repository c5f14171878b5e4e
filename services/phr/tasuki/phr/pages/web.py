"""The resident's door on the web kit: its client, its look, its words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tasuki.phr.pages.words import TITLE, WORDS
from tasuki.shared.rest.neighbours import issuer_keys
from tasuki.shared.web.pages import Pages
from tasuki.shared.web.session import Web
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty

if TYPE_CHECKING:
    from tasuki.phr.settings import PhrSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.neighbours import Neighbours

TEMPLATES: Final = Path(__file__).parent / "templates"
SCOPE: Final = "openid fhirUser offline_access launch/patient patient/*.cruds"


def resident_web(
    settings: PhrSettings, sessions: Sessions, near: Neighbours, *, clock: Clock, ids: IdSource
) -> Web:
    """Return what the pages stand on."""
    client = web_client(settings)
    jwks = issuer_keys(settings, near.http, "sign-in", clock)
    pages = Pages(
        TEMPLATES,
        title=TITLE,
        words=WORDS,
        public_url=settings.public_url,
        form_origins=(settings.issuer,),
        extra_css=(TEMPLATES / "resident.css").read_text(encoding="utf-8"),
    )
    party = RelyingParty(client, sessions, http=near.http, jwks=jwks, clock=clock, ids=ids)
    sessions.withdrawals = near.withdrawals
    return Web(pages, party)


def web_client(settings: PhrSettings) -> WebClientSettings:
    """Return the client residents sign in with; its token serves here and at the consent service."""
    return WebClientSettings(
        public_url=settings.public_url,
        issuer=settings.issuer,
        client_id=settings.web_client_id,
        private_jwk_file=settings.web_private_jwk_file,
        scope=SCOPE,
        resources=(settings.fhir_url, settings.consent_url),
        purpose="PATRQT",
    )


def idle_time(settings: PhrSettings) -> timedelta:
    """Return after how long without use a resident is signed out."""
    return timedelta(seconds=web_client(settings).idle_seconds)
