"""`$validate`: what is asked, and the answer."""

from __future__ import annotations

from tasuki.shared.rest.validate.routes import ROUTES

__all__ = ["ROUTES"]
