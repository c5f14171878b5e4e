"""The server in question, its capabilities, and the seeded data: once per session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import httpx2
import pytest
from tests.conformance.known import KNOWN
from tests.conformance.r4.capability import Capability
from tests.conformance.r4.checks import require_outcome
from tests.conformance.r4.client import TIMEOUT, Client, Target
from tests.conformance.r4.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.r4.cases import AnyCase


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The server of `--base-url`, else our own."""
    base = request.config.getoption("base_url", None)
    if base:
        token = request.config.getoption("token", "") or ""
        yield Target(base.rstrip("/"), lambda: token)
        return
    from tests.conformance.own import own_region  # noqa: PLC0415 - not for other servers

    with own_region() as own:
        yield own


@pytest.fixture(scope="session")
def client(target: Target) -> Iterator[Client]:
    """A client that deletes at the end what it made."""
    with httpx2.Client(timeout=TIMEOUT, trust_env=False) as http:
        made = Client(target, http)
        yield made
        made.clean_up()


@pytest.fixture(scope="session")
def capability(client: Client) -> Capability:
    """What the server declares."""
    answer = client.get("metadata")
    assert answer.status_code == 200, f"GET /metadata: {answer.status_code}"
    return Capability.of(answer.json())


@pytest.fixture(scope="session")
def world(client: Client, capability: Capability) -> World:
    """The seeded data."""
    made = World(client, capability)
    made.seed()
    return made


@pytest.fixture(autouse=True)
def declared(case: AnyCase, world: World) -> AnyCase:
    """Every test is a case; a test without one fails here."""
    assert case.spec.startswith("https://hl7.org/fhir/"), "a case cites its page"
    assert world.run
    return case


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Hold a server that declines a case to an honest refusal, in place of the case's own test."""
    case = cast("AnyCase", pyfuncitem.funcargs["case"])
    world = cast("World", pyfuncitem.funcargs["world"])
    unmet = [need for need in case.needs if not world.capability.has(need)]
    ours = world.client.target.is_ours
    known = ours and case.id in KNOWN
    if not unmet and not known:
        return None
    assert known or not ours, f"declined, and not in known.py: {', '.join(unmet)} not declared"
    assert case.probe is not None, f"not declared: {', '.join(unmet)}; the case needs a probe"
    answer = world.send(case.probe)
    require_outcome(answer)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show the page a failed case rests on."""
    outcome: Any = yield
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")  # type: ignore[attr-defined]  # parametrized items have one
    if case is not None:
        outcome.get_result().sections.append(("specification", f"{case.id}: {case.spec}"))
