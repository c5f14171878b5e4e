"""`Patient/$everything`."""

from __future__ import annotations

from tasuki.shared.rest.everything.routes import ROUTES

__all__ = ["ROUTES"]
