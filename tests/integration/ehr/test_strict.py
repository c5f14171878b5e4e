"""A region's setting for the rules of JP-CLINS, and the sets that hospitals send to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasuki.ehr.app import create_app
from tasuki.shared.clock import FixedClock
from tasuki.shared.fhir.jp import jp_faults
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from tasuki.ehr.settings import EhrSettings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("strict", [False, True])
async def test_the_rules_are_known_and_bind_where_the_region_says_so(
    settings: EhrSettings, strict: bool
) -> None:
    assert settings.strict_clins is False
    wanted = settings.model_copy(update={"strict_clins": strict})
    service = create_app(wanted, clock=FixedClock(), ids=RandomIds()).state.fhir
    assert service.checks == (jp_faults,)
    assert service.binding_checks == ((jp_faults,) if strict else ())
