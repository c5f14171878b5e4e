"""Documents are tested: what the code has, the documents name; what they link to is there.

https://docs.datasette.io/en/stable/contributing.html is where the idea is from.
"""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic_settings import BaseSettings
from starlette.routing import Mount

import tasuki
from tasuki.auth.signing import rotate_keys
from tasuki.consent.signing.keys import rotate_keys as rotate_declaration_keys
from tasuki.consent.vocabulary import Purpose
from tasuki.deploy import composing
from tasuki.deploy.addresses import Addresses
from tasuki.deploy.folder import DataFolder
from tasuki.deploy.front import front_app
from tasuki.deploy.sample.sample import open_sample
from tasuki.shared.access.purposes import PURPOSES
from tasuki.shared.clock import SystemClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.faults import Category
from tasuki.shared.fhir.outcome import ISSUE_CODES
from tasuki.shared.ids import RandomIds
from tasuki.shared.rest.outcome import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from tasuki.deploy.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
API = DOCS / "api"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
    *sorted(
        page
        for room in ("consent", "deploy", "services", "shared", "tests")
        for page in (ROOT / room).rglob("*.md")
        if "node_modules" not in page.parts
    ),
]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """Every service at its path, as the launcher mounts them; nothing is started."""
    folder = DataFolder(tmp_path_factory.mktemp("data"))
    folder.prepare()
    sample = open_sample()
    regions = tuple(sample.regions())
    house = composing.House(
        folder=folder,
        postgres=cast("EmbeddedPostgres", SimpleNamespace(url=_nowhere)),
        at=Addresses("http://127.0.0.1:8765", tuple(region.code for region in regions)),
        regions=regions,
        facility=sample.declaration().municipalities[0],
        clock=SystemClock(),
        ids=RandomIds(),
    )
    FileKeyRing.create(folder.ring, house.tenants)
    rotate_keys(folder.signing_keys)
    rotate_declaration_keys(folder.declaration_keys)
    return composing.whole_app(house, front_app(folder))


def _nowhere(database: str) -> str:
    return f"postgresql+asyncpg://nobody@127.0.0.1:1/{database}"


def routes(under: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (method, path) of every route, mounted ones too."""
    for context in iter_route_contexts(under):
        route = context.original_route
        if isinstance(route, Mount):
            yield from routes(route.routes, prefix + route.path)
            continue
        for method in sorted((context.methods or set()) & _METHODS):
            yield method, prefix + str(context.path)


def written(path: str) -> tuple[str, str]:
    """Return (service, the path as the pages write it): `[base]` for a FHIR base URL."""
    path = re.sub(r"\{(\w+?)_?(:\w+)?\}", r"{\1}", path).rstrip("/") or "/"
    service = path.split("/")[1] or "front"
    if service == "ehr":
        path = re.sub(r"^/ehr/[a-z]+", "/ehr/{region}", path)
    return service, re.sub(r"^/.*?/fhir(?=/|$)", "[base]", path)


def pages_of(service: str) -> str:
    """Return the text of the pages a route of a service may stand on."""
    folders = [API / service, API / "fhir"]
    pages = [API / "health.md", *(page for folder in folders for page in folder.glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_every_route_has_a_page(whole: Starlette) -> None:
    missing = set()
    found = 0
    for method, path in routes(whole.routes):
        service, said = written(path)
        found += 1
        if not re.search(rf"`{method} {re.escape(said)}[`?]", pages_of(service)):
            missing.add(f"{service}: {method} {said}")
    assert found > 100  # otherwise the walk above sees nothing
    assert sorted(missing) == []


def settings_classes() -> list[type[BaseModel]]:
    """Return every class of settings there is."""
    modules = (
        import_module(module.name)
        for module in pkgutil.walk_packages(tasuki.__path__, "tasuki.")
        if module.name.endswith(".settings")
    )
    return [
        member
        for module in modules
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, BaseModel)
        and member.__module__ == module.__name__
    ]


def test_every_setting_is_in_the_operations_page() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    classes = settings_classes()
    missing = set()
    for settings in classes:
        missing |= {
            f"{settings.__name__}.{name}"
            for name in settings.model_fields
            if f"`{name}`" not in page
        }
        if issubclass(settings, BaseSettings):
            missing |= {
                variable for variable in _own_variables(settings) if f"`{variable}`" not in page
            }
    assert len(classes) > 8
    assert sorted(missing) == []


def _own_variables(settings: type[BaseSettings]) -> list[str]:
    """Return the environment variables of the members a class adds; `…` where it is a common one."""
    prefix = settings.model_config.get("env_prefix", "")
    prefix = "TASUKI_…_" if prefix == "TASUKI_" else prefix
    return [
        prefix + name.upper() for name in settings.__annotations__ if name in settings.model_fields
    ]


def test_every_setting_of_the_page_exists() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    known = {
        variable
        for settings in settings_classes()
        if issubclass(settings, BaseSettings)
        for variable in _own_variables(settings)
    }
    told = set(re.findall(r"`(TASUKI_[A-Z…]+_[A-Z_]+[A-Z])`", page))
    assert told - known == set()


@pytest.mark.parametrize("category", list(Category))
def test_every_category_is_in_the_errors_page_with_its_status(category: Category) -> None:
    page = (API / "errors.md").read_text(encoding="utf-8")
    row = f"| `{category.value}` | {STATUS[category]} | `{ISSUE_CODES[category]}` |"
    assert row in page


def test_every_purpose_is_in_the_glossary() -> None:
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    codes = PURPOSES | {purpose.value for purpose in Purpose}
    assert [code for code in sorted(codes) if f"| `{code}` |" not in page] == []


def test_the_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z-]+)\b", readme))
    assert {"demo", "test"} <= told <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = [
        target
        for target in _LINK.findall(text)
        if not target.startswith(("http://", "https://", "#")) and not _resolves(page, target)
    ]
    assert broken == []


def _resolves(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    found = page.parent / unquote(path)
    if not found.exists():
        # The screenshots are made after the page that shows them.
        return found.suffix == ".png" and found.parent == DOCS / "images"
    return not anchor or anchor in _anchors(found)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
