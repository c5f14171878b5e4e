"""`tasuki serve`: one service in a process of its own, told by the environment.

The app stands at the path of its public URL, so that a proxy in front passes paths on as they are.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import urlsplit

import uvicorn
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import SQLAlchemyError

from tasuki.auth.settings import AuthSettings
from tasuki.consent.settings import ConsentSettings
from tasuki.deploy.collecting import settle
from tasuki.deploy.folder import private_file
from tasuki.deploy.mounting import mounted
from tasuki.deploy.showing import CertificateProtocol
from tasuki.ehr.settings import EhrSettings
from tasuki.locator.settings import LocatorSettings
from tasuki.phr.settings import PhrSettings
from tasuki.shared.clock import SystemClock
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import RandomIds
from tasuki.shared.logs import configure
from tasuki.shared.rest.tls import answering
from tasuki.shared.store.migrate import migrate_keys, migrate_records
from tasuki.shelter.settings import ShelterSettings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tasuki.auth.means import Means
    from tasuki.deploy.folder import DataFolder
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.settings import ServiceSettings

SETTINGS: Mapping[str, type[ServiceSettings | AuthSettings]] = MappingProxyType(
    {
        "auth": AuthSettings,
        "consent": ConsentSettings,
        "ehr": EhrSettings,
        "locator": LocatorSettings,
        "phr": PhrSettings,
        "shelter": ShelterSettings,
    }
)
STOP_SECONDS = 2  # for requests under way; neighbours' followers hold long polls open


def serve(service: str, host: str, port: int, folder: DataFolder | None) -> bool:
    """Serve until SIGTERM or Ctrl-C; return whether it ever started.

    Without a folder the log goes to standard error.

    Raises:
        Fault: A setting is missing or wrong, a key file cannot be used, or a database does not
            answer.
    """
    settings = settings_of(service, folder)
    asyncio.run(_migrate(settings))
    context = _tls(settings)
    app = _at_its_path(settings, _app(service, settings))
    configure(_log(folder))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
            http=CertificateProtocol,
            # A header may not say that a connection is another's, unless a proxy is in front.
            proxy_headers=settings.tls_by_proxy,
            ssl_context_factory=None if context is None else lambda *_: context,
        )
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn gives a signal back after it has stopped; ended cleanly, we end with exit code 0.
    signal.signal(signal.SIGTERM, stop)
    settle()
    try:
        server.run()
    except KeyboardInterrupt:  # how Ctrl-C ends a server that has stopped cleanly
        return True
    except SystemExit:  # the address is taken
        return False
    return server.started


def _tls(settings: ServiceSettings | AuthSettings) -> ssl.SSLContext | None:
    """Return how to answer over TLS; None on loopback, or where a proxy does.

    Raises:
        Fault: INVALID where nothing would protect what is sent.
    """
    if settings.tls_certificate is not None:
        return answering(settings)
    url = settings.issuer if isinstance(settings, AuthSettings) else settings.public_url
    if urlsplit(url).scheme == "https" and not settings.tls_by_proxy:
        raise Fault(
            Category.INVALID,
            "wrong settings: an https address needs TLS_CERTIFICATE and TLS_KEY, or TLS_BY_PROXY=true",
        )
    return None


async def migrate(service: str) -> None:
    """Bring the databases of a service up to date.

    Raises:
        Fault: A setting is missing or wrong, or a database does not answer.
    """
    await _migrate(settings_of(service, None))


def settings_of(service: str, folder: DataFolder | None) -> ServiceSettings | AuthSettings:
    """Return the settings of a service, from `TASUKI_<SERVICE>_…`.

    Args:
        service: A member of `SETTINGS`.
        folder: Keeps what can be fetched again, unless the environment names another place.

    Raises:
        Fault: INVALID, naming every variable that is missing or wrong, never its value.
    """
    cls = SETTINGS[service]
    prefix = str(cls.model_config.get("env_prefix", ""))
    given = {}
    if folder is not None:
        folder.prepare()
        if "cache_folder" in cls.model_fields and f"{prefix}CACHE_FOLDER" not in os.environ:
            given["cache_folder"] = folder.cache
    try:
        made: ServiceSettings | AuthSettings = cast("Any", cls)(**given)
    except ValidationError as error:
        wrong = sorted(
            f"{prefix}{'__'.join(str(part) for part in one['loc']).upper()} ({one['type']})"
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Fault(Category.INVALID, f"wrong settings: {', '.join(wrong)}") from None
    except SettingsError as error:
        # A list or an object that is not JSON; the library names the member and no value.
        raise Fault(Category.INVALID, f"wrong settings: {error}") from None
    return made


def _app(service: str, settings: ServiceSettings | AuthSettings) -> FastAPI:
    # Imported here: no service needs the others' code.
    create = import_module(f"tasuki.{service}.app").create_app
    more = {}
    if isinstance(settings, AuthSettings):
        more["ring"] = ring_of(settings)
    app: FastAPI = create(settings, clock=SystemClock(), ids=RandomIds(), **more)
    return app


def auth_settings() -> AuthSettings:
    """Return the settings of auth, from `TASUKI_AUTH_…`.

    Raises:
        Fault: INVALID, as for `settings_of`.
    """
    settings = settings_of("auth", None)
    if not isinstance(settings, AuthSettings):
        raise TypeError("the settings of auth are AuthSettings")
    return settings


def ring_of(settings: AuthSettings) -> KeyRing:
    """Return the keys of auth.

    Raises:
        Fault: INVALID without a key file; else as the key ring's own.
    """
    if settings.key_file is None:
        raise Fault(Category.INVALID, "wrong settings: TASUKI_AUTH_KEY_FILE (missing)")
    return FileKeyRing(settings.key_file).tenant(settings.tenant)


def auth_means(settings: AuthSettings) -> Means:
    """Return what a command changes accounts and clients with.

    Raises:
        Fault: As for `ring_of`.
    """
    from tasuki.auth.means import means_of  # noqa: PLC0415 - for auth only

    return means_of(ring_of(settings), settings.tenant, SystemClock(), RandomIds())


def _at_its_path(settings: ServiceSettings | AuthSettings, app: FastAPI) -> FastAPI:
    url = settings.issuer if isinstance(settings, AuthSettings) else settings.public_url
    path = urlsplit(url).path.rstrip("/")
    return mounted({path: app}) if path else app


def _log(folder: DataFolder | None) -> TextIO:
    if folder is None:
        return sys.stderr
    return os.fdopen(private_file(folder.log), "a", buffering=1, encoding="utf-8")


async def _migrate(settings: ServiceSettings | AuthSettings) -> None:
    if isinstance(settings, AuthSettings):
        from tasuki.auth.migrate import migrate as migrate_auth  # noqa: PLC0415 - for auth only

        await _upgraded(settings.database_url.get_secret_value(), migrate_auth)
        return
    await _upgraded(settings.keys_database_url, migrate_keys)
    await _upgraded(settings.database_url, migrate_records)


async def _upgraded(url: str, upgrade: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    try:
        engine = engine_for(url)
        try:
            await upgrade(engine)
        finally:
            await engine.dispose()
    except (SQLAlchemyError, OSError):
        # Its text names the address and may name a password.
        raise Fault(
            Category.UNAVAILABLE,
            "a database of this service cannot be used; is it there, and its address right?",
        ) from None
