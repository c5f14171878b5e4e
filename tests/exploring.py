"""Settings shared by tests that make their inputs up."""

from __future__ import annotations

from hypothesis import HealthCheck

# Servers and generated documents are slow and large by their nature.
SUPPRESSED = [
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
    HealthCheck.large_base_example,
    HealthCheck.too_slow,
]
