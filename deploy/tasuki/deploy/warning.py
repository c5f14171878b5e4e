"""`tasuki warning`: hands documents of a warning feed to the consent service of a demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from tasuki.deploy.addresses import Addresses
from tasuki.deploy.clients import WARNINGS, client_key
from tasuki.deploy.folder import read_json
from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.clock import SystemClock
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tasuki.deploy.folder import DataFolder

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file.

    Attributes:
        said: In plain words, for a terminal.
        taken: Whether it was a document of a feed at all.
    """

    file: str
    said: str
    taken: bool


async def hand_in(folder: DataFolder, files: Sequence[Path]) -> AsyncIterator[Answer]:
    """Hand files in, one after the other, and yield what each does.

    Raises:
        Fault: NOT_FOUND outside a demo; UNAVAILABLE where its services do not answer.
    """
    if not folder.demo.exists():
        raise Fault(Category.NOT_FOUND, "there is no demo in this data folder")
    told = read_json(folder.demo)
    at = Addresses(told["base_url"], tuple(told["services"]["ehr"]))
    key = client_key(folder.client_key(WARNINGS))
    credentials = ServiceCredentials(WARNINGS, key, f"{at.auth}/token")
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        tokens = TokenClient(http, credentials, clock=SystemClock(), ids=RandomIds())
        for file in files:
            token = await tokens.client_credentials("tasuki/warn", at.consent_fhir, "HOPERAT")
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
            answer = await http.post(
                f"{at.consent}/warnings", content=file.read_bytes(), headers=headers
            )
            yield _answer(file.name, answer)


def _answer(name: str, answer: httpx2.Response) -> Answer:
    if not answer.is_success:
        return Answer(name, f"refused with {answer.status_code}", taken=False)
    told = answer.json()
    known = "" if told["news"] or told["proposal"] is None else ", known already"
    return Answer(name, f"{told['verdict']} ({told['why']}{known})", taken=True)
