"""What the matrix found once, each as a test of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.access.callers import BY_NAME
from tests.access.world import world_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.world import Server

pytestmark = pytest.mark.anyio


async def test_network_tokens_are_as_secret_as_the_patient_they_name(
    server: Server, tmp_path: Path
) -> None:
    """Who may see somebody's sensitive results alone was told under which tokens they are known."""
    async with world_on(server, tmp_path, ("permit one sensitivity", "permit all")) as world:
        phr = world.holders["phr"]
        asker = world.asker(BY_NAME["clinician"], phr)
        headers = {"Authorization": f"Bearer {world.token(asker)}"}
        answers = [
            await world.http.get(f"{phr.base}/Patient/{one.id}/$network-tokens", headers=headers)
            for one in phr.people
        ]
        absent = f"{phr.base}/Patient/00000000-0000-4000-8000-000000000000/$network-tokens"
        never = await world.http.get(absent, headers=headers)
        # Services and the person alone are told by now; of a clinician nothing can be learnt.
        for person, answer in zip(phr.people, answers, strict=True):
            assert (answer.status_code, answer.text) == (403, never.text)
            assert not any(token in answer.text for token in await world.tokens_of(person))
