"""Whatever bytes a browser sends, a ceremony answers yes or no; it never breaks.

https://www.w3.org/TR/webauthn-3/
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.auth.authenticator import ORIGIN, Authenticator, text, unpadded

from tasuki.auth.passkeys.ceremony import (
    checked_assertion,
    checked_attestation,
    read_assertion,
    read_attestation,
)
from tasuki.auth.passkeys.site import Site
from tasuki.auth.passkeys.store import Passkey
from tasuki.shared.clock import FixedClock

SITE = Site("localhost", ORIGIN)
CHALLENGE = text(b"c" * 56)
CREATE: dict[str, Any] = {
    "challenge": CHALLENGE,
    "rp": {"id": "localhost"},
    "user": {"id": text(b"account-1")},
}
GET: dict[str, Any] = {"challenge": CHALLENGE, "rpId": "localhost"}
DEVICE = Authenticator()
MADE = DEVICE.create(CREATE)
USED = DEVICE.get(GET)

changes = st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), min_size=1, max_size=6)


def passkey() -> Passkey:
    given_ = read_attestation(MADE)
    assert given_ is not None
    new = checked_attestation(SITE, given_)
    assert new is not None
    return Passkey(new.credential, "account-1", new.public_key, 0, "", FixedClock().now())


PASSKEY = passkey()


def changed(answer: str, member: str, edits: list[tuple[int, int]], cut: int) -> str:
    whole = json.loads(answer)
    raw = bytearray(unpadded(whole["response"][member]))
    for at, byte in edits:
        raw[at % len(raw)] = byte
    whole["response"][member] = text(bytes(raw[: len(raw) - cut % len(raw)]))
    return json.dumps(whole)


@settings(max_examples=300)
@given(st.sampled_from(["attestationObject", "clientDataJSON"]), changes, st.integers(0, 40))
def test_changed_creations_never_break_it(
    member: str, edits: list[tuple[int, int]], cut: int
) -> None:
    read = read_attestation(changed(MADE, member, edits, cut))
    if read is not None:
        checked_attestation(SITE, read)


@settings(max_examples=300)
@given(
    st.sampled_from(["authenticatorData", "clientDataJSON", "signature", "userHandle"]),
    changes,
    st.integers(0, 40),
)
def test_changed_signatures_never_pass_unless_nothing_changed(
    member: str, edits: list[tuple[int, int]], cut: int
) -> None:
    sent = changed(USED, member, edits, cut)
    read = read_assertion(sent)
    if read is None:
        return
    same = json.loads(sent)["response"][member] == json.loads(USED)["response"][member]
    assert (checked_assertion(SITE, read, PASSKEY) is not None) == same


@given(st.text(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_anything_else_is_read_as_nothing(sent: str) -> None:
    assert read_assertion(sent) is None
    assert read_attestation(sent) is None
