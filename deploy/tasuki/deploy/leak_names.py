"""The names of people in a leak report, as far as the caller of the service may read them.

Each is asked for at the service's own door with the caller's own token: the gate rules on it and leaves
its leaf, like for any other read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from tasuki.shared.faults import Fault
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.deploy.leak_report import Person
    from tasuki.shared.fhir.json import Resource

SECONDS = 10.0


async def resolve(
    people: Sequence[Person], bases: Mapping[str, str], token: str, http: httpx2.AsyncClient
) -> None:
    """Set the name of every person whom a service of the token's audience shows to its holder."""
    for person in people:
        for handle in sorted(person.handles):
            tenant, _, reference = handle.partition(" ")
            name = await _name(f"{bases[tenant]}/{reference}", token, http)
            if name:
                person.name = name
                break


async def _name(url: str, token: str, http: httpx2.AsyncClient) -> str:
    try:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.get(url, headers=headers, timeout=SECONDS)
        return _said(parse_resource(answer.content)) if answer.is_success else ""
    except (httpx2.HTTPError, OSError, Fault):
        return ""


def _said(patient: Resource) -> str:
    names = patient.get("name") or [{}]
    first = names[0]
    given = " ".join(first.get("given", ()))
    return str(first.get("text") or f"{first.get('family', '')} {given}".strip())
