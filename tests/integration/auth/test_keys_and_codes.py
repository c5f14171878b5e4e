"""Signing keys, passwords and one-time codes, without a server.

https://www.rfc-editor.org/rfc/rfc6238#appendix-B, https://www.rfc-editor.org/rfc/rfc9106
"""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr, ValidationError

from tasuki.auth.one_time_codes import code_at, matching_step, new_secret
from tasuki.auth.passwords import hash_password, password_fits
from tasuki.auth.settings import AuthSettings
from tasuki.auth.sign_in import lock_after
from tasuki.auth.signing import open_keys, replace_keys, rotate_keys
from tasuki.shared.crypto.keys import CannotOpen
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.auth.sealing import KeyRingBox

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SECRET, moment) == code
    assert matching_step(RFC_SECRET, code, moment) == seconds // 30


@pytest.mark.parametrize("code", ["", "28708", "2870820", "abcdef", "-87082"])
def test_what_is_no_code_fits_no_step(code: str) -> None:
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_secrets_are_fresh_and_long() -> None:
    assert len({new_secret() for _ in range(10)}) == 10
    assert len(new_secret()) == 32


def test_a_password_fits_its_hash_only() -> None:
    hashed = hash_password("桜の花が咲く頃に")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password_fits("桜の花が咲く頃に", hashed)
    assert password_fits("桜の花か\u3099咲く頃に", hashed), (
        "a decomposed kana is the same key press"
    )
    assert not password_fits("桜の花が咲く頃", hashed)
    assert not password_fits("", hashed)
    assert not password_fits("桜の花が咲く頃に", None)
    assert hash_password("a") != hash_password("a")


def test_an_over_long_password_never_fits_by_its_beginning() -> None:
    assert not password_fits("x" * 257, hash_password("x" * 256))


@pytest.mark.parametrize(
    ("failures", "lock"),
    [(0, None), (4, None), (5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (10_000, 15)],
)
def test_locks_double_up_to_a_quarter_of_an_hour(failures: int, lock: int | None) -> None:
    assert lock_after(failures) == (None if lock is None else timedelta(minutes=lock))


def published(path: Path) -> list[str]:
    return [key["kid"] for key in open_keys(path).published()["keys"]]


def test_a_key_is_published_before_it_signs_and_after(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = rotate_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signer, following = published(path)
    assert signer == first
    old_token = open_keys(path).sign({"sub": "a"}, typ="at+jwt")

    second = rotate_keys(path)
    assert second == following, "known to every service before"
    keys = open_keys(path)
    assert [published(path)[0], published(path)[2]] == [second, first]
    assert len(set(published(path))) == 3
    shown = keys.published()["keys"]
    assert all({*key} == {"kid", "use", "alg", "kty", "crv", "x", "y"} for key in shown)
    assert all(key["use"] == "sig" and key["alg"] == "ES256" for key in shown)
    old, new = keys.key(first), keys.key(second)
    assert old is not None
    assert new is not None
    assert jwt.decode(old_token, old, algorithms=["ES256"]).claims == {"sub": "a"}
    jwt.decode(keys.sign({"sub": "a"}, typ="at+jwt"), new, algorithms=["ES256"])

    rotate_keys(path)
    assert open_keys(path).key(first) is None
    assert open_keys(path).key(second) is not None


def test_a_file_of_before_goes_on_signing_until_its_next_key_is_known(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    rotate_keys(path)
    signing = open_keys(path).published()["keys"][0]["kid"]
    members = [one for one in json.loads(path.read_bytes())["keys"] if one["kid"] == signing]
    path.write_text(json.dumps({"keys": members}), "utf-8")
    assert published(path) == [signing]
    assert rotate_keys(path) == signing
    assert published(path)[0] == signing
    following = published(path)[1]
    assert rotate_keys(path) == following


def test_after_a_theft_no_key_of_before_is_left(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    rotate_keys(path)
    rotate_keys(path)
    before = set(published(path))
    replace_keys(path)
    assert not before & set(published(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_unusable_key_files_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(Fault):
        open_keys(path)
    rotate_keys(path)
    path.chmod(0o640)
    for call in (open_keys, rotate_keys):
        with pytest.raises(Fault) as fault:
            call(path)
        assert fault.value.category is Category.UNAVAILABLE
    path.chmod(0o600)
    for content in (
        "",
        "{}",
        '{"keys": []}',
        '{"keys": [7]}',
        json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}),
        json.dumps({"keys": [ECKey.generate_key("P-384").as_dict(private=True)]}),
    ):
        path.write_text(content)
        with pytest.raises(Fault):
            open_keys(path)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://auth.example.jp/auth",
        "https://auth.example.jp/auth/",
        "https://auth.example.jp/auth?x=1",
        "https://auth.example.jp/auth#x",
        "https:///auth",
        "ftp://127.0.0.1/auth",
        "auth",
    ],
)
def test_an_issuer_is_https_save_on_loopback(issuer: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        AuthSettings(issuer=issuer, database_url=SecretStr("x"), signing_keys=tmp_path)


def test_a_sealed_value_opens_only_at_its_place(box: KeyRingBox) -> None:
    sealed = box.seal(b"secret", bound_to="auth/account/1/totp")
    assert box.unseal(sealed, bound_to="auth/account/1/totp") == b"secret"
    assert sealed != box.seal(b"secret", bound_to="auth/account/1/totp")
    with pytest.raises(CannotOpen):
        box.unseal(sealed, bound_to="auth/account/2/totp")
    for altered in (b"", sealed[:1], sealed[:-1], sealed[:80], sealed[:-1] + b"\0" + sealed[-1:]):
        with pytest.raises(CannotOpen):
            box.unseal(altered, bound_to="auth/account/1/totp")


def test_keyed_hashes_differ_by_label(box: KeyRingBox) -> None:
    assert box.mac(b"a", label="one") == box.mac(b"a", label="one")
    assert box.mac(b"a", label="one") != box.mac(b"a", label="two")
    assert len(box.mac(b"a", label="one")) == 32
