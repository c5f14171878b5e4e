"""Bulk `$export`: ordered, worked off, fetched."""

from __future__ import annotations

from tasuki.shared.rest.exports.routes import ROUTES

__all__ = ["ROUTES"]
