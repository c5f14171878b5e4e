"""Bulk export through the gate: orders, jobs, files."""
