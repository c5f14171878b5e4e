"""What a service is told of TLS, and what it refuses to be told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from tasuki.deploy.serving import _tls
from tasuki.locator.settings import LocatorSettings
from tasuki.shared.faults import Category, Fault
from tasuki.shared.rest.tls import answering, calling, certificate_thumbprint
from tasuki.shared.settings import TlsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES = {"tls_certificate": Path("c.pem"), "tls_key": Path("k.pem")}


def locator(**more: Any) -> LocatorSettings:
    told: dict[str, Any] = {
        "public_url": "https://locator.example",
        "issuer": "https://auth.example/auth",
        "database_url": "postgresql+asyncpg://db.example/a",
        "keys_database_url": "postgresql+asyncpg://db.example/b",
        "key_file": Path("ring"),
        "tenant": "locator",
    }
    return LocatorSettings(**(told | more))


@pytest.mark.parametrize(
    "more",
    [
        {"public_url": "http://locator.example"},
        {"issuer": "http://auth.example/auth"},
        {"issuer": "http://127.0.0.1.example/auth"},
        {"tls_certificate": Path("c.pem")},
        {"tls_key": Path("k.pem")},
        {"tls_clients": "required"},
        {"tls_clients": "required", **FILES},
        {"tls_clients": "perhaps"},
        {"holders": [{"code": "noto", "base_url": "http://noto.example/fhir"}]},
        {"holders": [{"code": "noto", "base_url": "HTTP://noto.example/fhir"}]},
        {"witnessed": [{"base_url": "http://noto.example/fhir", "key": "k"}]},
    ],
)
def test_what_would_leave_something_in_the_clear_is_refused(more: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        locator(**more)


def test_http_is_for_loopback() -> None:
    made = locator(public_url="http://127.0.0.1:1/locator", issuer="http://localhost:2/auth")
    assert _tls(made) is None


def test_an_https_address_needs_a_certificate_or_a_proxy_in_so_many_words() -> None:
    with pytest.raises(Fault) as caught:
        _tls(locator())
    assert caught.value.category is Category.INVALID
    assert _tls(locator(tls_by_proxy=True)) is None


@pytest.mark.parametrize("context", [calling, answering])
def test_files_that_cannot_be_used_are_a_fault_that_names_none(context: Any) -> None:
    settings = TlsSettings(tls_certificate=Path("secret-c.pem"), tls_key=Path("secret-k.pem"))
    with pytest.raises(Fault) as caught:
        context(settings)
    assert caught.value.category is Category.UNAVAILABLE
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"extensions": None},
        {"extensions": {}},
        {"extensions": {"tls": None}},
        {"extensions": {"tls": {"client_cert_der": None}}},
        {"extensions": {"tls": {"client_cert_der": "text"}}},
        {"headers": [(b"x-forwarded-client-cert", b"x"), (b"ssl-client-cert", b"x")]},
    ],
)
def test_without_a_certificate_on_this_connection_there_is_none(scope: dict[str, Any]) -> None:
    assert certificate_thumbprint(scope) is None


def test_a_certificate_is_named_by_its_hash() -> None:
    scope = {"extensions": {"tls": {"client_cert_der": b"certificate"}}}
    assert certificate_thumbprint(scope) == "A9Zt0Ig1wco_EozOrNHzGslBYwlrIPRFroQoW8CDLXI"
