"""An app in Chromium made with npm's fhirclient as it is: launched from an EHR, and by itself.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

import pytest
from playwright.sync_api import sync_playwright
from tests.clients.fhir.launching import encounter_of, launched, registered, somebody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

HERE = Path(__file__).parent
LIBRARY = HERE.parent / "node_modules" / "fhirclient" / "build" / "fhir-client.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ENDED = "() => window.told !== undefined || window.failed !== undefined"


def _missing(what: str) -> NoReturn:
    """Skip loudly; where CI installs what is missing, fail."""
    if os.environ.get("TASUKI_REQUIRE_SLOW"):
        pytest.fail(what)
    pytest.skip(what)


class Files(SimpleHTTPRequestHandler):
    """The app's two pages, and the library beside them."""

    def translate_path(self, path: str) -> str:
        if path.endswith("/fhir-client.js"):
            return str(LIBRARY)
        return super().translate_path(path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        """Write nothing."""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """The app's address, of another origin than the servers'."""
    if not LIBRARY.exists():
        _missing("OUTSIDE CLIENT MISSING: tests/clients/node_modules is not installed")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=HERE / "smart_app")) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def registration(demo: Demo, app: str) -> str:
    """Where the app is launched, once it is registered."""
    asyncio.run(registered(demo, f"{app}/index.html"))
    return f"{app}/launch.html"


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser in which nobody has been."""
    path = shutil.which("chromium")
    if path is None:
        _missing("no chromium on this machine: the app of others did not run")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium.new_page()
        chromium.close()


def test_an_app_is_launched_for_the_patient_a_clinician_has_before_them(
    demo: Demo, registration: str, page: Page
) -> None:
    patient = somebody(demo)
    encounter = encounter_of(demo, patient)
    handle = launched(demo, patient=patient, encounter=encounter, intent="reconcile")
    asked = (
        "launch launch/encounter openid fhirUser offline_access patient/*.rs user/Practitioner.r"
    )
    query = urlencode({"iss": demo.ehr("noto"), "launch": handle, "scope": asked})
    told = walked(page, demo, f"{registration}?{query}", "clinician", "TREAT")
    scopes, practitioner = told.pop("scope"), told.pop("user")
    assert set(scopes) == set(asked.split())
    assert practitioner.startswith("Practitioner/")
    assert told == {
        "patient": patient,
        "birthDate": "1938-04-05",
        "encounter": encounter.removeprefix("Encounter/"),
        "encounterRead": encounter,
        "fhirUser": practitioner,
        "intent": "reconcile",
        "allergies": True,
        "other": 404,
        "refreshed": True,
        "again": patient,
    }


def test_an_app_begins_by_itself_with_a_residents_own_record(
    demo: Demo, registration: str, page: Page
) -> None:
    asked = "launch/patient openid fhirUser offline_access patient/*.rs"
    query = urlencode({"iss": demo.phr, "scope": asked})
    told = walked(page, demo, f"{registration}?{query}", "resident", "PATRQT")
    assert set(told["scope"]) == set(asked.split())
    assert told["patient"] == told["fhirUser"] == told["user"] == told["again"]
    assert (told["birthDate"], told["encounter"], told["intent"]) == ("1938-04-05", None, None)
    assert (told["allergies"], told["other"], told["refreshed"]) == (True, 404, True)


def walked(page: Page, demo: Demo, begin: str, role: str, purpose: str) -> dict[str, Any]:
    """Return what the app says of itself at the end."""
    page.goto(begin)
    page.wait_for_selector("#username")
    account = demo.account(role)
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.fill("#code", demo.fresh_code(role))
    if page.locator("#purpose").count():
        page.select_option("#purpose", purpose)
    page.click("button[type=submit]")
    page.wait_for_function(ENDED, timeout=60_000)
    assert page.evaluate("window.failed") is None
    told: dict[str, Any] = page.evaluate("window.told")
    return told
