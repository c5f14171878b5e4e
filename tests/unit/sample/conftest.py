"""The sample, read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasuki.deploy.sample.sample import Sample, open_sample

if TYPE_CHECKING:
    from datetime import date

Json = dict[str, Any]


@pytest.fixture(scope="session")
def sample() -> Sample:
    return open_sample()


@pytest.fixture(scope="session")
def reference_day(sample: Sample) -> date:
    return sample.reference_day


@pytest.fixture(scope="session")
def sources(sample: Sample, reference_day: date) -> dict[str, list[Json]]:
    """All resources as stored, by region, and the PHR's under `phr`."""
    found = {
        region.code: list(sample.resources(region.code, reference_day))
        for region in sample.regions()
    }
    return {**found, "phr": list(sample.phr_resources(reference_day))}
