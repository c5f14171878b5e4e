"""The pages' place in the app: client, sessions, templates; none where no client is set."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tasuki.ehr.pages import override_routes
from tasuki.ehr.pages.routes import ROUTES
from tasuki.ehr.pages.words import WORDS
from tasuki.shared.rest.neighbours import issuer_keys
from tasuki.shared.web.pages import Pages
from tasuki.shared.web.session import Web, install
from tasuki.shared.web.settings import WebClientSettings
from tasuki.shared.web.sign_in import RelyingParty

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tasuki.ehr.settings import EhrSettings
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.web.sessions import Sessions

TEMPLATES = Path(__file__).parent / "templates"
SCOPE = "openid fhirUser offline_access user/*.rs tasuki/override"
IDLE = timedelta(seconds=WebClientSettings.model_fields["idle_seconds"].default)


def install_pages(
    app: FastAPI,
    settings: EhrSettings,
    sessions: Sessions,
    near: Neighbours,
    *,
    clock: Clock,
    ids: IdSource,
) -> Web | None:
    """Add the pages to a region's app; None where no interactive client is set."""
    if not settings.web_client_id or settings.web_private_jwk_file is None:
        return None
    client = WebClientSettings(
        public_url=settings.public_url,
        issuer=settings.issuer,
        client_id=settings.web_client_id,
        private_jwk_file=settings.web_private_jwk_file,
        scope=SCOPE,
        resources=(settings.region.base_url,),
    )
    jwks = issuer_keys(settings, near.http, "sign-in", clock)
    party = RelyingParty(client, sessions, http=near.http, jwks=jwks, clock=clock, ids=ids)
    sessions.withdrawals = near.withdrawals
    web = Web(pages_of(settings), party)
    app.include_router(ROUTES)
    app.include_router(override_routes.ROUTES)
    install(app, web)
    return web


def pages_of(settings: EhrSettings) -> Pages:
    """Return the templates under this region's name."""
    region = settings.region
    return Pages(
        TEMPLATES,
        title=(f"{region.title_ja}　診療画面", f"{region.title_en}: clinician's desk"),
        words=WORDS,
        public_url=settings.public_url,
        form_origins=(settings.issuer,),
        extra_css=(TEMPLATES / "clinician.css").read_text(encoding="utf-8"),
    )
