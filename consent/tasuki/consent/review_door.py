"""The privacy officer's pages in the consent service's app: client, sessions, templates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from tasuki.consent import review_routes
from tasuki.consent.review_words import TITLE, WORDS
from tasuki.shared.access.purposes import HOPERAT
from tasuki.shared.rest.neighbours import issuer_keys
from tasuki.shared.web.pages import Pages
from tasuki.shared.web.session import Web, install
from tasuki.shared.web.sessions import Sessions
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty

if TYPE_CHECKING:
    from tasuki.consent.settings import ConsentSettings
    from tasuki.shared.access.copies import Copies
    from tasuki.shared.access.records import RecordStore
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.neighbours import Neighbours

TEMPLATES = Path(__file__).parent / "templates"
PATH = "/overrides"
SCOPE = f"openid fhirUser offline_access {review_routes.SCOPE}"
IDLE = timedelta(seconds=WebClientSettings.model_fields["idle_seconds"].default)


def sessions_for(records: RecordStore, copies: Copies, clock: Clock) -> Sessions:
    """Return the sessions of the pages."""
    return Sessions(records, copies, clock=clock, idle=IDLE)


def review_app(
    settings: ConsentSettings, sessions: Sessions, near: Neighbours, *, clock: Clock, ids: IdSource
) -> FastAPI | None:
    """Return the pages, to be mounted at `/overrides`; None where no interactive client is set."""
    if not settings.review_client_id or settings.review_private_jwk_file is None:
        return None
    client = WebClientSettings(
        public_url=f"{settings.public_url}{PATH}",
        issuer=settings.issuer,
        client_id=settings.review_client_id,
        private_jwk_file=settings.review_private_jwk_file,
        scope=SCOPE,
        resources=(settings.fhir_url,),
        purpose=HOPERAT,
    )
    jwks = issuer_keys(settings, near.http, "sign-in", clock)
    party = RelyingParty(client, sessions, http=near.http, jwks=jwks, clock=clock, ids=ids)
    pages = Pages(
        TEMPLATES,
        title=TITLE,
        words=WORDS,
        public_url=client.public_url,
        form_origins=(settings.issuer,),
        extra_css=(TEMPLATES / "review.css").read_text(encoding="utf-8"),
    )
    app = FastAPI(title="Tasuki review", docs_url=None, redoc_url=None, openapi_url=None)
    install(app, Web(pages, party))
    app.include_router(review_routes.ROUTES)  # after sign-in, whose place an id would take
    return app
