"""Residents' own logs: app synchronisation, notebook, resident page."""
