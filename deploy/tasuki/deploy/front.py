"""The front page of the demo: the doors, and the accounts that open them.

It shows the demo's passwords and the one-time codes of the moment, because nobody should need a
phone to try it. It exists in the demo only, which listens on loopback only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pyotp.totp import TOTP

from tasuki.deploy.folder import read_json

if TYPE_CHECKING:
    from tasuki.deploy.folder import DataFolder

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def front_app(folder: DataFolder) -> FastAPI:
    """Return the app that answers at `/`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
    )

    @app.get("/")
    async def front(request: Request) -> Response:
        """Return the three doors."""
        told = read_json(folder.demo) if folder.demo.exists() else None
        listed = list((told or {}).get("accounts", []))
        if told and "proxy" in told:
            listed.append({**told["proxy"], "role": "proxy"})
        accounts = [{**one, "code": TOTP(one["totp_secret"]).now()} for one in listed]
        language = "en" if request.query_params.get("lang") == "en" else "ja"
        page = pages.get_template("front.html").render(
            told=told, accounts={one["role"]: one for one in accounts}, language=language
        )
        return HTMLResponse(page, headers=HEADERS)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Return that the process is up."""
        return {"status": "up"}

    return app
