"""A declaration as a signed object: each part altered, each wrong key, each moment.

https://www.rfc-editor.org/rfc/rfc7515
"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tasuki.consent.declaration_json import write_declaration
from tasuki.consent.signing import (
    Reason,
    Standing,
    Untrusted,
    key_id_of,
    read_stored,
    sign_declaration,
    signature_of,
    standing_of,
    verify_declaration,
    write_signed,
)
from tasuki.consent.vocabulary import ActorRole, DataClass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tasuki.consent.declarations import Declaration

ISSUER = "https://consent.example.jp/consent/fhir"
KEY = ECKey.generate_key("P-256", parameters={"kid": "k1"})
KEYS = {"k1": KEY}
DAY = timedelta(days=1)


def refused(signed: str, now: datetime, keys: dict[str, ECKey] | None = None) -> Reason:
    with pytest.raises(Untrusted) as caught:
        verify_declaration(signed, KEYS if keys is None else keys, now, issuer=ISSUER)
    return caught.value.reason


def resealed(header: dict[str, Any], payload: object, signature_from: str) -> str:
    """Return other content under an old signature."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode()]
    coded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*coded, signature_from.rpartition(".")[2]])


def test_whoever_has_the_key_reads_what_was_signed(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    made = declaration_of()
    found = verify_declaration(sign_declaration(made, KEY, ISSUER), KEYS, now, issuer=ISSUER)
    assert found.declaration == made
    assert (found.issuer, found.key_id, found.standing) == (ISSUER, "k1", Standing.OPEN)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "d2"),
        ("version", 9),
        ("areas", ["172014"]),
        ("start", "2020-01-01T00:00:00+00:00"),
        ("end", "2022-07-03T03:00:00+00:00"),
        ("roles", ["nurse"]),
        ("classes", ["medications"]),
        ("authority", "別の県"),
        ("legal_basis", "x"),
        ("drill", True),
        ("opened_by", "Practitioner/other"),
        ("recorded_at", "2022-06-30T03:00:01+00:00"),
        ("closed_at", "2022-06-30T04:00:00+00:00"),
    ],
)
def test_no_part_can_be_altered(
    declaration_of: Callable[..., Declaration], now: datetime, member: str, value: object
) -> None:
    signed = sign_declaration(declaration_of(), KEY, ISSUER)
    header = {"alg": "ES256", "kid": "k1", "typ": "tasuki-declaration+jws"}
    written = write_declaration(declaration_of())
    assert written.get(member) != value
    forged = resealed(header, {"iss": ISSUER, "declaration": written | {member: value}}, signed)
    assert refused(forged, now) is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none", "kid": "k1", "typ": "tasuki-declaration+jws"}, Reason.MALFORMED),
        ({"alg": "HS256", "kid": "k1", "typ": "tasuki-declaration+jws"}, Reason.MALFORMED),
        ({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}, Reason.MALFORMED),
        ({"alg": "ES256", "kid": "k1"}, Reason.MALFORMED),
        ({"alg": "ES256", "kid": 1, "typ": "tasuki-declaration+jws"}, Reason.MALFORMED),
        (
            {"alg": "ES256", "kid": "k1", "typ": "tasuki-declaration+jws", "jwk": {}},
            Reason.MALFORMED,
        ),
        ({"alg": "ES256", "kid": "k2", "typ": "tasuki-declaration+jws"}, Reason.UNKNOWN_KEY),
    ],
)
def test_no_other_header_is_taken(
    declaration_of: Callable[..., Declaration],
    now: datetime,
    header: dict[str, Any],
    reason: Reason,
) -> None:
    signed = sign_declaration(declaration_of(), KEY, ISSUER)
    payload = {"iss": ISSUER, "declaration": write_declaration(declaration_of())}
    assert refused(resealed(header, payload, signed), now) is reason


def test_the_public_key_is_no_secret_to_sign_with(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    """The classic confusion of algorithms: HS256 under the bytes of the public key."""
    secret = OctKey.import_key(str(KEY.as_dict(private=False)["x"]))
    header = {"alg": "HS256", "kid": "k1", "typ": "tasuki-declaration+jws"}
    payload = json.dumps({"iss": ISSUER, "declaration": write_declaration(declaration_of())})
    forged = jws.serialize_compact(header, payload.encode(), secret, algorithms=["HS256"])
    assert refused(forged, now) is Reason.MALFORMED


def test_wrong_withdrawn_and_strange_keys(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    other = ECKey.generate_key("P-256", parameters={"kid": "k1"})
    assert refused(sign_declaration(declaration_of(), other, ISSUER), now) is Reason.WRONG_SIGNATURE
    good = sign_declaration(declaration_of(), KEY, ISSUER)
    assert refused(good, now, {}) is Reason.UNKNOWN_KEY
    assert refused(good, now, {"k9": KEY}) is Reason.UNKNOWN_KEY
    elsewhere = sign_declaration(declaration_of(), KEY, "https://other.example.jp/fhir")
    assert refused(elsewhere, now) is Reason.OTHER_ISSUER


def _signed(payload: str) -> str:
    header = {"alg": "ES256", "kid": "k1", "typ": "tasuki-declaration+jws"}
    return jws.serialize_compact(header, payload.encode(), KEY, algorithms=["ES256"])


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        "{}",
        '{"iss": "%s", "declaration": {}}' % ISSUER,
        '{"iss": "%s", "declaration": {}, "more": 1}' % ISSUER,
        '{"iss": "a", "iss": "b", "declaration": {}}',
        "[" * 9_000,
    ],
)
def test_what_is_signed_must_be_a_declaration(payload: str, now: datetime) -> None:
    assert refused(_signed(payload), now) is Reason.BAD_CONTENT


def test_the_payload_says_nothing_twice_and_nothing_more(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    written = json.dumps(write_declaration(declaration_of()))
    good = f'{{"iss": "{ISSUER}", "declaration": {written}}}'
    assert verify_declaration(_signed(good), KEYS, now, issuer=ISSUER).declaration.id == "d1"
    for bad in (
        good.replace('{"iss"', '{"iss": "https://other.example.jp", "iss"', 1),
        good.replace('"drill": false', '"drill": true, "drill": false', 1),
        good.replace('{"iss"', '{"note": "x", "iss"', 1),
    ):
        assert bad != good
        assert refused(_signed(bad), now) is Reason.BAD_CONTENT


def test_a_declaration_nobody_may_make_does_not_count_though_it_is_signed(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    for over in (
        {"roles": frozenset({ActorRole.HOSPITAL})},
        {"end": now + 30 * DAY},
        {"areas": frozenset({"17"})},
        {"classes": frozenset[DataClass]()},
    ):
        assert refused(_signed_as(declaration_of(**over)), now) is Reason.BAD_CONTENT


def _signed_as(declaration: Declaration) -> str:
    return sign_declaration(declaration, KEY, ISSUER)


def test_it_begins_and_ends_by_itself(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    made = declaration_of()
    signed = sign_declaration(made, KEY, ISSUER)
    for at, standing in (
        (made.start - timedelta(microseconds=1), Standing.UPCOMING),
        (made.start, Standing.OPEN),
        (made.end - timedelta(microseconds=1), Standing.OPEN),
        (made.end, Standing.OVER),
        (made.end + 900 * DAY, Standing.OVER),
    ):
        assert verify_declaration(signed, KEYS, at).standing is standing
        assert made.open_at(at) is (standing is Standing.OPEN)
    closed = declaration_of(version=2, closed_at=now)
    assert standing_of(closed, now - timedelta(seconds=1)) is Standing.OPEN
    assert standing_of(closed, now) is Standing.CLOSED
    assert standing_of(closed, made.end) is Standing.CLOSED


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_signature(text: str) -> None:
    with pytest.raises(Untrusted):
        key_id_of(text)


@given(at=st.integers(0, 700), to=st.sampled_from("ABCxyz019-_."))
def test_no_character_can_be_changed(
    declaration_of: Callable[..., Declaration], now: datetime, at: int, to: str
) -> None:
    """But for the last one of the signature, of which two bits say nothing (RFC 4648, 3.5)."""
    signed = sign_declaration(declaration_of(), KEY, ISSUER)
    changed = signed[:at] + to + signed[at + 1 :]
    if at < len(signed) - 1 and changed != signed:
        with pytest.raises(Untrusted):
            verify_declaration(changed, KEYS, now)


def test_the_envelope_says_nothing_of_its_own(
    declaration_of: Callable[..., Declaration], now: datetime
) -> None:
    made = declaration_of()
    signed = sign_declaration(made, KEY, ISSUER)
    envelope = write_signed(made, signed)
    assert signature_of(envelope) == signed
    assert read_stored(envelope) == made
    assert read_stored(write_declaration(made)) == made  # from before declarations were signed
    for body in (write_declaration(made), {}, envelope | {"jws": 1}, envelope | {"form": "x"}):
        with pytest.raises(Untrusted) as caught:
            signature_of(body)
        assert caught.value.reason is Reason.UNSIGNED
    assert verify_declaration(signed, KEYS, now).declaration.id == made.id
