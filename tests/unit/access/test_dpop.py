"""Proofs of possession: every way of proving nothing, and that each is good once.

https://www.rfc-editor.org/rfc/rfc9449#section-4.3
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.requests import Request
from tests.unit.access.proofs import NOW, PHONE, THIEF, URL, proof
from tests.unit.access.test_tokens import AUDIENCE, KEY, token

from tasuki.shared.access.dpop import NotProven, Proof, SeenProofs, Shown, open_proof, same_url
from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.tokens import AccessTokenVerifier
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import RandomIds
from tasuki.shared.rest.service import caller_with

pytestmark = pytest.mark.anyio

BASE = "https://a.example.jp/ehr/a/fhir"
PATH = "/ehr/a/fhir/Patient/1"
OTHER = ECKey.generate_key("P-521")


def opened(*proofs: str, method: str = "GET", path: str = PATH, token: str | None = None) -> Proof:
    shown = Shown(proofs, method, path)
    return open_proof(shown, base_url=BASE, clock=FixedClock(), token=token)


def test_the_sound_proof_these_tests_change_is_good() -> None:
    good = opened(proof(token="t"), token="t")
    assert good.jkt == PHONE.thumbprint()
    larger = ECKey.generate_key("P-384")
    assert opened(proof(key=larger, header={"alg": "ES384"})).jkt == larger.thumbprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htm": None},
        {"htu": None},
        {"htu": 3},
        {"htu": "https://b.example.jp/ehr/a/fhir/Patient/1"},
        {"htu": "http://a.example.jp/ehr/a/fhir/Patient/1"},
        {"htu": "https://a.example.jp:8443/ehr/a/fhir/Patient/1"},
        {"htu": "https://a.example.jp/ehr/a/fhir/Patient/2"},
        {"htu": "https://a.example.jp:99999/"},
        {"htu": "https://[/"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"iat": None},
        {"iat": str(NOW)},
        {"iat": True},
        {"iat": float(NOW)},
        {"iat": NOW - 60},
        {"iat": NOW + 11},
        {"iat": 10**30},
        {"ath": "another"},
        {"ath": 3},
        {"ath": None},
    ],
    ids=str,
)
def test_a_proof_of_something_else_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(NotProven):
        opened(proof(token="t", **changes), token="t")


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": THIEF.as_dict(private=False)},
        {"jwk": PHONE.as_dict(private=True)},
        {"jwk": {"kty": "EC", "crv": "P-256"}},
        {"jwk": OctKey.generate_key(256).as_dict(private=True)},
        {"jwk": RSAKey.generate_key(2048).as_dict(private=False)},
        {"jwk": OTHER.as_dict(private=False)},
        {"crit": ["typ"]},
        {"jku": "https://a.example.jp/keys"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_proof_under_no_key_of_its_own_proves_nothing(header: dict[str, Any]) -> None:
    try:
        text = proof(header=header)
    except Exception:  # noqa: BLE001 - the library will not even make it; then by hand
        head, *rest = proof().split(".")
        del head
        text = ".".join([_encoded({"typ": "dpop+jwt", "alg": "ES256"} | header), *rest])
    with pytest.raises(NotProven):
        opened(text)


def _encoded(header: dict[str, Any]) -> str:
    from joserfc.util import urlsafe_b64encode  # noqa: PLC0415 - one use

    return urlsafe_b64encode(json.dumps(header).encode()).decode()


@pytest.mark.parametrize(
    "proofs",
    [(), ("",), ("a.b.c",), ("é",), ("x" * 9_999,), (proof(), proof()), (f"{proof()}, {proof()}",)],
)
def test_anything_but_one_proof_proves_nothing(proofs: tuple[str, ...]) -> None:
    with pytest.raises(NotProven):
        opened(*proofs)


def test_none_is_no_algorithm() -> None:
    head = _encoded({"typ": "dpop+jwt", "alg": "none", "jwk": PHONE.as_dict(private=False)})
    _, claims, _ = proof().split(".")
    with pytest.raises(NotProven):
        opened(f"{head}.{claims}.")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (URL, URL + "?_summary=true#a", True),
        (URL, "HTTPS://A.example.jp:443/ehr/a/fhir/Patient/1", True),
        (URL, "https://a.example.jp/ehr/a/fhir/%50atient/1", True),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765/", True),
        (URL, URL + "/", False),
        (URL, "https://a.example.jp:80/ehr/a/fhir/Patient/1", False),
    ],
)
def test_urls_are_compared_by_what_they_name(one: str, other: str, *, same: bool) -> None:
    assert same_url(one, other) is same


def test_a_proof_is_good_once_until_it_is_too_old_and_memory_has_an_end() -> None:
    clock = FixedClock()
    seen = SeenProofs(clock, most=3)
    end = clock.now() + timedelta(seconds=60)
    assert seen.is_first(Proof("k", "1", end))
    assert not seen.is_first(Proof("k", "1", end))
    assert seen.is_first(Proof("l", "1", end))
    assert seen.is_first(Proof("k", "2", end))
    assert not seen.is_first(Proof("k", "3", end)), "full: refused rather than forgotten"
    clock.advance(timedelta(seconds=61))
    assert seen.is_first(Proof("k", "3", end + timedelta(seconds=60)))


BOUND = {"cnf": {"jkt": PHONE.thumbprint()}}


def shown(text: str) -> Shown:
    return Shown((text,), "GET", PATH)


def the_verifier() -> AccessTokenVerifier:
    jwks = StaticJwks({"keys": [KEY.as_dict(private=False)]})
    return AccessTokenVerifier("https://auth.example.jp/auth", AUDIENCE, jwks, FixedClock())


async def refused(with_: AccessTokenVerifier, bearer: str, text: str | None) -> None:
    asked = with_.verify(bearer) if text is None else with_.verify_bound(bearer, shown(text))
    with pytest.raises(Fault) as fault:
        await asked
    assert fault.value.category is Category.UNAUTHENTICATED
    assert fault.value.message == "This access token is not valid here. Please sign in again."


async def test_a_bound_token_is_nothing_without_its_key() -> None:
    at, bound = the_verifier(), token(BOUND)
    for _ in range(2):  # the second time the token itself is remembered
        await refused(at, bound, None)
        await refused(at, bound, proof(token=bound, key=THIEF))
        await refused(at, bound, proof())
        await refused(at, bound, proof(token=token(BOUND | {"jti": "another"})))
    text = proof(token=bound)
    assert (await at.verify_bound(bound, shown(text))).subject == "account-1"
    await refused(at, bound, text)
    assert (await at.verify_bound(bound, shown(proof(token=bound)))).token_id == "token-1"


async def test_a_bearer_token_proves_no_key_and_unknown_bindings_are_refused() -> None:
    at = the_verifier()
    await refused(at, token(), proof(token=token()))
    assert (await at.verify(token())).token_id == "token-1"
    for cnf in ({"x5t#S256": "a"}, {"jkt": PHONE.thumbprint(), "x": 1}, "a", {}, {"jkt": ""}, None):
        odd = token({"cnf": cnf, "jti": f"{cnf}"} if cnf is not None else {"cnf": [], "jti": "l"})
        await refused(at, odd, None)
        await refused(at, odd, proof(token=odd))


def request(*headers: tuple[str, str], scheme: str = "http", host: str = "proxy") -> Request:
    """A request as it arrives behind a proxy that ends TLS."""
    raw = [(name.encode(), value.encode()) for name, value in (*headers, ("host", host))]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": PATH,
            "query_string": b"_pretty=true",
            "headers": raw,
            "scheme": scheme,
            "server": (host, 80),
            "client": None,
        }
    )


async def test_a_service_reads_the_scheme_and_goes_by_its_public_url() -> None:
    caller = caller_with(the_verifier(), RandomIds())
    bound = token(BOUND)
    good = ("dpop", proof(token=bound))
    for headers in (
        [("authorization", f"Bearer {bound}"), good],
        [("authorization", f"DPoP {bound}")],
        [("authorization", f"DPoP {bound}"), good, good],
        [("authorization", f"DPoP {token()}"), ("dpop", proof(token=token()))],
        [("authorization", f"Basic {bound}"), good],
        [good],
    ):
        with pytest.raises(Fault):
            await caller(request(*headers))
    who = await caller(request(("authorization", f"dpop {bound}"), good))
    assert (who.principal.subject, who.token) == ("account-1", bound)
