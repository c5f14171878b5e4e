"""House rules that no linter knows, read from the source itself.

A route without a caller is public: it must stand in the reviewed list below. A log line holds ids
and no text that was put together. Files stay short enough to hold in the head.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("consent", "deploy", "services", "shared")
LONGEST = 400
LEVELS = frozenset({"debug", "info", "warning", "error", "critical", "exception", "log"})
LOGGERS = frozenset({"LOG", "LOGGER", "log", "logger", "_log", "_logger"})
VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "api_route", "route"}
)

# A parameter of one of these means that nobody gets in without a token or a session.
CALLERS = frozenset(
    {
        "CallerDep",
        "ClinicianDep",
        "OfficerDep",
        "PersonDep",
        "ResidentDep",
        "WisherDep",
        "SignedIn",
        "CheckedForm",
    }
)

PUBLIC = frozenset(
    {
        # What a server is and where to sign in: https://hl7.org/fhir/R4/http.html#capabilities
        "tasuki.shared.rest.capability:metadata",
        "tasuki.shared.rest.capability:configuration",
        "tasuki.shared.rest.definitions:operation_definition",
        "tasuki.locator.app:definition",
        "tasuki.shelter.fhir:metadata",
        "tasuki.shelter.fhir:configuration",
        "tasuki.auth.routes.public:discovery",
        "tasuki.auth.routes.public:jwks",
        "tasuki.auth.routes.public:preflight",
        "tasuki.consent.declaration_routes:declaration_keys",
        "tasuki.auth.routes.public:withdrawn",
        "tasuki.shared.rest.checkpoints:log_keys",
        "tasuki.locator.log_routes:log_keys",
        "tasuki.auth.log.routes:log_keys",
        # Whether it is up; no more is told.
        "tasuki.shared.rest.health:healthz",
        "tasuki.shared.rest.health:readyz",
        "tasuki.shelter.health:healthz",
        "tasuki.shelter.health:readyz",
        "tasuki.auth.routes.public:healthz",
        "tasuki.auth.routes.public:readyz",
        "tasuki.locator.app:healthz",
        "tasuki.locator.app:metadata",
        "tasuki.locator.app:readyz",
        "tasuki.deploy.front:healthz",
        # The doors, and the way to the sign-in page and back.
        "tasuki.deploy.front:front",
        "tasuki.shared.web.session:begin",
        "tasuki.shared.web.session:finish",
        "tasuki.shelter.desk:search_again",
        "tasuki.consent.override_routes:door",
        # OAuth says how each of these knows its caller: by the client's own proof, or by the token
        # that is asked about (RFC 6749, RFC 7009, RFC 7662, OpenID Connect UserInfo).
        "tasuki.auth.routes.tokens:token",
        "tasuki.auth.routes.tokens:introspect",
        "tasuki.auth.routes.tokens:launch",
        "tasuki.auth.routes.tokens:revoke",
        "tasuki.auth.routes.public:userinfo",
        "tasuki.auth.log.routes:checkpoint",
        "tasuki.auth.log.routes:cosignature",
    }
)

# Modules that add a route without a decorator, each reviewed: the pages where people sign in, the
# numbers for loopback, the redirect to a door's slash, the short way to `read`, which finds out its
# caller itself.
ADDERS = frozenset(
    {
        "tasuki.auth.routes.account",
        "tasuki.auth.routes.authorize",
        "tasuki.auth.routes.binding",
        "tasuki.auth.routes.proxies",
        "tasuki.auth.routes.represented",
        "tasuki.auth.routes.sign_ins",
        "tasuki.auth.routes.staff",
        "tasuki.auth.routes.vouching",
        "tasuki.shared.rest.metrics",
        "tasuki.shared.rest.quick",
        "tasuki.deploy.mounting",
    }
)


def modules() -> list[Path]:
    """Return every module of the product."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def dotted(path: Path) -> str:
    """Return the name a module is imported by."""
    parts = path.with_suffix("").parts
    return ".".join(parts[len(parts) - 1 - parts[::-1].index("tasuki") :])


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call in a module."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def log_faults(path: Path) -> list[str]:
    """Return the log calls whose event is put together, or that hand over a whole resource."""
    found = []
    for call in calls(path):
        target = call.func
        if not (isinstance(target, ast.Attribute) and target.attr in LEVELS):
            continue
        if not (isinstance(target.value, ast.Name) and target.value.id in LOGGERS):
            continue
        event = call.args[0] if call.args else None
        plain = isinstance(event, ast.Constant) and isinstance(event.value, str)
        values = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
        built = [value for value in values if isinstance(value, (ast.JoinedStr, ast.BinOp))]
        whole = [
            value
            for value in values
            if isinstance(value, ast.Name) and value.id in {"resource", "body", "error", "request"}
        ]
        if not plain or built or whole:
            found.append(f"{dotted(path)}:{call.lineno}")
    return found


def broad_excepts(path: Path) -> list[str]:
    """Return the handlers that would catch a defect too."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.dump(node.type) if node.type is not None else "'BaseException'"
            if "'Exception'" in caught or "'BaseException'" in caught:
                found.append(f"{dotted(path)}:{node.lineno}")
    return found


def routes(path: Path) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    """Yield the functions of a module that answer requests."""
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)) and any(
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr in VERBS
            and isinstance(one.func.value, ast.Name)
            and (one.func.value.id.lower().endswith(("routes", "router", "app")))
            for one in node.decorator_list
        ):
            yield node


def added_routes(path: Path) -> Iterator[int]:
    """Yield where a route is added without a decorator, which this test could not read."""
    for call in calls(path):
        if isinstance(call.func, ast.Attribute) and call.func.attr in {
            "add_api_route",
            "add_route",
            "add_api_websocket_route",
        }:
            yield call.lineno
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "starlette.routing":
            yield from (node.lineno for name in node.names if name.name == "Route")


def is_text(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def has_caller(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    """Return whether a route cannot be reached without a caller.

    By a parameter, or by what the very first statement awaits: `caller = await authenticated(...)`.
    """
    body = [one for one in function.body if not is_text(one)]
    if body and ast.unparse(body[0]) == "caller = await authenticated(request)":
        return True
    arguments = [*function.args.args, *function.args.kwonlyargs]
    names = {
        node.id
        for argument in arguments
        if argument.annotation is not None
        for node in ast.walk(argument.annotation)
        if isinstance(node, ast.Name)
    }
    return bool(names & CALLERS)


def forbidden_calls(path: Path) -> list[str]:
    """Return the calls that ask the machine for the time or for a fresh id."""
    name = dotted(path)
    if name in {"tasuki.shared.clock", "tasuki.shared.ids"}:
        return []
    asked = {"now", "utcnow", "today", "uuid1", "uuid4"}
    found = []
    for call in calls(path):
        target = call.func
        if isinstance(target, ast.Attribute) and target.attr in asked:
            owner = ast.unparse(target.value)
            if owner in {"datetime", "date", "uuid", "datetime.datetime", "datetime.date"}:
                found.append(f"{name}:{call.lineno}")
        elif isinstance(target, ast.Name) and target.id in {"uuid1", "uuid4"}:
            found.append(f"{name}:{call.lineno}")
    return found


def test_the_product_is_found() -> None:
    names = {dotted(path) for path in modules()}
    assert {"tasuki.shared.store.unit", "tasuki.ehr.app", "tasuki.consent.app"} <= names


def test_no_room_makes_the_namespace_its_own() -> None:
    assert [path for path in modules() if path.parts[-2:] == ("tasuki", "__init__.py")] == []


def test_every_room_says_what_it_is() -> None:
    folders = {path.parent for path in modules() if "migrations" not in path.parts}
    rooms = [folder for folder in folders if folder.name != "tasuki"]
    assert [room for room in rooms if not ast.get_docstring(tree(room / "__init__.py"))] == []


def test_no_module_is_too_long_to_hold_in_the_head() -> None:
    lengths = {dotted(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_log_lines_state_facts() -> None:
    # The log room itself strips what it is given: see tests/unit/logs.
    found = [fault for path in modules() for fault in log_faults(path)]
    assert [fault for fault in found if not fault.startswith("tasuki.shared.logs:")] == []


def test_defects_are_not_caught() -> None:
    allowed = {path for path in modules() if path.name == "app.py"}
    assert [one for path in modules() if path not in allowed for one in broad_excepts(path)] == []


def test_time_and_ids_come_through_their_one_door() -> None:
    assert [one for path in modules() for one in forbidden_calls(path)] == []


def test_every_route_has_a_caller_or_stands_in_the_reviewed_list() -> None:
    found = {
        f"{dotted(path)}:{function.name}"
        for path in modules()
        for function in routes(path)
        if not has_caller(function)
    }
    assert sorted(found - PUBLIC) == []
    assert sorted(PUBLIC - found) == []  # the list holds nothing that is not there


def test_routes_are_decorated_so_that_they_can_be_read_here() -> None:
    added = {dotted(path) for path in modules() if list(added_routes(path))}
    assert sorted(added - ADDERS) == []
    assert sorted(ADDERS - added) == []


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ('LOG.warning("feed.unreachable", feed=name)', 0),
        ('LOG.warning(f"feed {name}")', 1),
        ('LOG.warning("feed " + name)', 1),
        ('LOG.info("read", what=f"{name}")', 1),
        ('LOG.info("read", resource)', 1),
        ('LOG.info("read", body=resource)', 1),
        ("LOG.info(message)", 1),
        ('other.info(f"{name}")', 0),
    ],
)
def test_the_rule_about_logs_can_fail(source: str, faults: int, tmp_path: Path) -> None:
    path = tmp_path / "tasuki" / "x.py"
    path.parent.mkdir()
    path.write_text(source)
    assert len(log_faults(path)) == faults


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("try:\n  x()\nexcept ValueError:\n  pass", 0),
        ("try:\n  x()\nexcept Exception:\n  pass", 1),
        ("try:\n  x()\nexcept (OSError, Exception):\n  pass", 1),
        ("try:\n  x()\nexcept:\n  pass", 1),
        ("try:\n  x()\nexcept BaseException:\n  pass", 1),
    ],
)
def test_the_rule_about_defects_can_fail(source: str, faults: int, tmp_path: Path) -> None:
    path = tmp_path / "tasuki" / "x.py"
    path.parent.mkdir()
    path.write_text(source)
    assert len(broad_excepts(path)) == faults


@pytest.mark.parametrize(
    ("source", "open_routes"),
    [
        ("@ROUTES.get('/x')\nasync def x(caller: CallerDep): ...", []),
        ("@ROUTES.get('/x')\nasync def x(session: SignedIn): ...", []),
        ("@ROUTES.get('/x')\nasync def x(request: Request): ...", ["x"]),
        ("@ROUTES.get('/x')\nasync def x(caller): ...", ["x"]),
        ("@app.post('/x')\nasync def x(r):\n  'x'\n  caller = await authenticated(request)", []),
        ("@app.post('/x')\nasync def x(r):\n  y()\n  caller = await authenticated(r)", ["x"]),
        ("@app.post('/x')\ndef x(service: ServiceDep): ...", ["x"]),
        ("def x(request: Request): ...", []),
    ],
)
def test_the_rule_about_routes_can_fail(
    source: str, open_routes: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.py"
    path.write_text(source)
    assert [one.name for one in routes(path) if not has_caller(one)] == open_routes
