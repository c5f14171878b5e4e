"""Apps in browsers, served from anywhere, may call a FHIR base URL: what counts is their token.

No cookie is read there, and no credential that a browser would send by itself is allowed.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#considerations-for-cross-origin-resource-sharing-cors-support
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware

from tasuki.shared.rest.heads import METHODS
from tasuki.shared.rest.service import OVERRIDE_HEADER

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFLIGHT_SECONDS = 600
SENT = (
    *("Accept", "Authorization", "Content-Type", "DPoP", "Prefer", "X-Request-Id"),
    *("If-Match", "If-Modified-Since", "If-None-Exist", "If-None-Match", OVERRIDE_HEADER),
)
READ = (
    *("Allow", "Content-Location", "ETag", "Last-Modified", "Location", "Retry-After"),
    *("WWW-Authenticate", "X-Progress"),
)


def open_to_other_origins(app: FastAPI) -> None:
    """Let scripts of any origin send the headers of the API and read its answers."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=METHODS,
        allow_headers=SENT,
        expose_headers=READ,
        max_age=PREFLIGHT_SECONDS,
    )
