"""The FHIR server as an app: the same routes for every service, other rules behind the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from tasuki.shared.rest import (
    bundles,
    capability,
    checkpoints,
    disclosures,
    everything,
    exports,
    feed,
    histories,
    lastn,
    load,
    metas,
    patches,
    resources,
    search,
    validate,
    writes,
)
from tasuki.shared.rest.heads import HeadAsGet
from tasuki.shared.rest.jobs import Jobs
from tasuki.shared.rest.origins import open_to_other_origins
from tasuki.shared.rest.outcome import install
from tasuki.shared.rest.quick import QuickRead

if TYPE_CHECKING:
    from fastapi import APIRouter

    from tasuki.shared.rest.service import FhirService


def fhir_app(service: FhirService, *more: APIRouter) -> FastAPI:
    """Return the app of one FHIR base URL; `more` are the service's own operations."""
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    app.state.fhir = service
    app.state.jobs = Jobs()
    install(app)
    # Fixed paths before those with a type and an id in them.
    for routes in (
        capability.ROUTES,
        feed.ROUTES,
        load.ROUTES,
        disclosures.ROUTES,
        checkpoints.ROUTES,
        *more,
    ):
        app.include_router(routes)
    for routes in (
        exports.ROUTES,
        everything.ROUTES,
        lastn.ROUTES,
        bundles.ROUTES,
        validate.ROUTES,
        metas.ROUTES,
        histories.ROUTES,
        search.SYSTEM,
        search.ROUTES,
        histories.INSTANCE_ROUTES,
        resources.READ_ROUTES,
        writes.ROUTES,
        patches.ROUTES,
    ):
        app.include_router(routes)
    # After `_history`, whose place a type would take.
    app.include_router(search.COMPARTMENTS)
    app.router.routes.insert(0, QuickRead())
    app.add_middleware(HeadAsGet)
    open_to_other_origins(app)
    return app
