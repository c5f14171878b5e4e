"""transaction and batch: entries are read, linked, done together and answered."""

from __future__ import annotations

from tasuki.shared.rest.bundles.routes import ROUTES

__all__ = ["ROUTES"]
