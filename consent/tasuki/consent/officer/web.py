"""The officer's door on the web kit: its client, its look, its words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from tasuki.consent.officer.routes import ROUTES
from tasuki.consent.officer.words import TITLE, WORDS
from tasuki.shared.rest.neighbours import issuer_keys
from tasuki.shared.web.pages import Pages
from tasuki.shared.web.session import Web, install
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty

if TYPE_CHECKING:
    from tasuki.consent.declaring import Declaring
    from tasuki.consent.settings import ConsentSettings
    from tasuki.consent.warnings.desk import Proposals
    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.records import RecordStore
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.neighbours import Neighbours

TEMPLATES: Final = Path(__file__).parent / "templates"
SCOPE: Final = "openid offline_access tasuki/declare"
IDLE: Final = timedelta(minutes=15)


def officers_sessions(records: RecordStore, copies: Copies, clock: Clock) -> Sessions:
    """Return the sessions of the pages."""
    return Sessions(records, copies, clock=clock, idle=IDLE)


def officers_web(
    settings: ConsentSettings, sessions: Sessions, near: Neighbours, *, clock: Clock, ids: IdSource
) -> Web | None:
    """Return what the pages stand on; None where no client is set for them."""
    if settings.web_private_jwk_file is None:
        return None
    url = f"{settings.public_url}/officer"
    client = WebClientSettings(
        public_url=url,
        issuer=settings.issuer,
        client_id=settings.web_client_id,
        private_jwk_file=settings.web_private_jwk_file,
        scope=SCOPE,
        resources=(settings.fhir_url,),
        purpose="PUBHLTH",
        idle_seconds=int(IDLE.total_seconds()),
    )
    pages = Pages(
        TEMPLATES,
        title=TITLE,
        words=WORDS,
        public_url=url,
        form_origins=(settings.issuer,),
        extra_css=(TEMPLATES / "officer.css").read_text(encoding="utf-8"),
    )
    jwks = issuer_keys(settings, near.http, "sign-in", clock)
    return Web(
        pages, RelyingParty(client, sessions, http=near.http, jwks=jwks, clock=clock, ids=ids)
    )


def officers_app(web: Web, declaring: Declaring, proposals: Proposals) -> FastAPI:
    """Return the pages, to be mounted at `/officer`."""
    app = FastAPI(title="Tasuki officer", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.declaring = declaring
    app.state.proposals = proposals
    app.include_router(ROUTES)
    install(app, web)
    return app
