"""Checkpoints against real notes of other implementations, and every way to bend one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tasuki.shared.audit import (
    BadCheckpoint,
    Checkpoint,
    checkpoint,
    cosign_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
)
from tasuki.shared.audit.checkpoint import key_id

ORIGIN = "ehr.chuo.example/audit"
AT = datetime(2026, 1, 5, 9, 0, 0, 999_000, tzinfo=UTC)
ROOT = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOTE = sign_checkpoint(ORIGIN, 1000, ROOT, KEY, AT)

# The Go checksum database: its published key, and two heads it signed.
SUMDB_KEY = Ed25519PublicKey.from_public_bytes(
    base64.b64decode("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")[1:]
)
SUMDB_HEADS = {
    31700353: (
        "qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=",
        "Az3grnmrIUEDFqHzAElIQCPNoRFRAAdFo47fooyWKMHb89k11GJh5zHIfNCOBmwn/C3YI8oW9/C8DJ87F61QqspBYwM=",
    ),
    65209736: (
        "5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=",
        "Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=",
    ),
}
# The example key and signature of the Go reference implementation of signed notes.
NEUMANN = Ed25519PrivateKey.from_private_bytes(
    base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
)
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_key_ids_are_those_of_published_keys() -> None:
    assert key_id("sum.golang.org", SUMDB_KEY).hex() == "033de0ae"
    assert key_id("PeterNeumann", NEUMANN.public_key()).hex() == "c74f20a3"


@pytest.mark.parametrize("size", SUMDB_HEADS)
def test_a_head_signed_by_another_implementation(size: int) -> None:
    root, signature = SUMDB_HEADS[size]
    note = f"go.sum database tree\n{size}\n{root}\n\n\N{EM DASH} sum.golang.org {signature}\n"
    text, lines = checkpoint._parts(note)
    ident = key_id("sum.golang.org", SUMDB_KEY)
    checkpoint._require(SUMDB_KEY, checkpoint._found(lines, "sum.golang.org", ident), text.encode())
    assert checkpoint._head(text, "go.sum database tree").size == size


def test_a_signature_is_that_of_the_reference_implementation() -> None:
    signature = key_id("PeterNeumann", NEUMANN.public_key()) + NEUMANN.sign(NEUMANN_TEXT.encode())
    assert base64.b64encode(signature).decode() == NEUMANN_SIGNATURE


def test_the_note_has_the_form_of_the_specification() -> None:
    text, _, signatures = NOTE.partition("\n\n")
    assert text == f"{ORIGIN}\n1000\n{base64.b64encode(ROOT).decode()}"
    lines = signatures.removesuffix("\n").split("\n")
    assert [line.rsplit(" ", 1)[0] for line in lines] == [f"\N{EM DASH} {ORIGIN}"] * 2
    assert [len(base64.b64decode(line.rsplit(" ", 1)[1])) for line in lines] == [4 + 64, 4 + 8 + 64]


def test_a_signed_checkpoint_is_read_back() -> None:
    assert verify_checkpoint(NOTE, KEY.public_key(), origin=ORIGIN) == Checkpoint(
        ORIGIN, 1000, ROOT
    )
    assert verify_cosignature(NOTE, KEY.public_key(), name=ORIGIN) == AT.replace(microsecond=0)


@pytest.mark.parametrize("size", [0, 1, 2**53, 10**19 - 1])
def test_sizes(size: int) -> None:
    note = sign_checkpoint(ORIGIN, size, ROOT, KEY, AT)
    assert verify_checkpoint(note, KEY.public_key(), origin=ORIGIN).size == size


def test_witnesses_add_lines_and_change_nothing() -> None:
    seen = datetime(2026, 1, 5, 9, 0, 2, tzinfo=UTC)
    note = cosign_checkpoint(NOTE, "phr.example/witness", WITNESS, seen)
    assert note.startswith(NOTE)
    assert verify_checkpoint(note, KEY.public_key(), origin=ORIGIN).size == 1000
    assert verify_cosignature(note, WITNESS.public_key(), name="phr.example/witness") == seen
    assert verify_cosignature(note, KEY.public_key(), name=ORIGIN) == AT.replace(microsecond=0)


def test_the_cosigned_message_is_that_of_the_specification() -> None:
    raw = base64.b64decode(NOTE.splitlines()[-1].rsplit(" ", 1)[1])
    seconds = int.from_bytes(raw[4:12])
    text = NOTE.partition("\n\n")[0] + "\n"
    KEY.public_key().verify(raw[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    assert seconds == int(AT.timestamp())


def test_a_cosignature_is_not_taken_for_the_logs_signature() -> None:
    text = NOTE.partition("\n\n")[0]
    only_seen = cosign_checkpoint(f"{text}\n\n{NOTE.splitlines()[4]}\n", "w", WITNESS, AT)
    without_log = only_seen.replace(NOTE.splitlines()[4] + "\n", "")
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(without_log, WITNESS.public_key(), origin="w")
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(without_log, KEY.public_key(), origin=ORIGIN)


def test_another_key_or_another_name_is_refused() -> None:
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(NOTE, WITNESS.public_key(), origin=ORIGIN)
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(NOTE, KEY.public_key(), origin="ehr.minato.example/audit")
    with pytest.raises(BadCheckpoint):
        verify_cosignature(NOTE, WITNESS.public_key(), name=ORIGIN)


def test_a_log_does_not_speak_for_another() -> None:
    """The origin line, too, must be the log's, even where the same key signed."""
    text = NOTE.partition("\n\n")[0].replace(ORIGIN, "ehr.minato.example/audit") + "\n"
    raw = key_id(ORIGIN, KEY.public_key()) + KEY.sign(text.encode())
    note = f"{text}\n\N{EM DASH} {ORIGIN} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(BadCheckpoint, match="of this log"):
        verify_checkpoint(note, KEY.public_key(), origin=ORIGIN)


SIGNED_LINE = NOTE.splitlines()[4]
BENT = {
    "size": NOTE.replace("\n1000\n", "\n1001\n"),
    "root": NOTE.replace("\nAAEC", "\nBAEC"),
    "origin": NOTE.replace(ORIGIN, "ehr.kita.example/audit", 1),
    "extension added": NOTE.replace("\n\n", "\nextension\n\n", 1),
    "no signature": NOTE.partition("\n\n")[0] + "\n",
    "empty signatures": NOTE.partition("\n\n")[0] + "\n\n",
    "no last newline": NOTE[:-1],
    "a hyphen for the dash": NOTE.replace("\N{EM DASH}", "-"),
    "signature line twice": NOTE + SIGNED_LINE + "\n",
    "signature not base64": NOTE.replace("=\n", "?\n"),
    "signature line without a name": f"{NOTE}\N{EM DASH}  AAAAAAAA\n",
    "signature too short": f"{NOTE}\N{EM DASH} x AAAA\n",
    "an empty line after": NOTE + "\n",
    "carriage returns": NOTE.replace("\n", "\r\n"),
    "control character": NOTE.replace("\n\n", "\n\x00\n\n", 1),
    "too long": NOTE + f"\N{EM DASH} w {'A' * 8000}\n" * 10,
    "nothing": "",
    "one line": "x",
}


@pytest.mark.parametrize("note", BENT.values(), ids=BENT.keys())
def test_a_bent_note_is_refused(note: str) -> None:
    assert note != NOTE
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(note, KEY.public_key(), origin=ORIGIN)


HEADS = {
    "leading zero": "0100",
    "sign": "+100",
    "negative": "-1",
    "words": "many",
    "full-width digits": "\uff11\uff10",
    "empty": "",
    "too long": "1" * 30,
}


@pytest.mark.parametrize("size", HEADS.values(), ids=HEADS.keys())
def test_a_signed_text_that_is_no_tree_head_is_refused(size: str) -> None:
    assert_refused(f"{ORIGIN}\n{size}\n{base64.b64encode(ROOT).decode()}\n")


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\nAAAA\n",
        f"{ORIGIN}\n5\n!!!!\n",
        f"{ORIGIN}\n5\n{base64.b64encode(ROOT).decode()}\n\nextension\n",
    ],
)
def test_a_signed_text_of_another_form_is_refused(text: str) -> None:
    assert_refused(text)


def assert_refused(text: str) -> None:
    raw = key_id(ORIGIN, KEY.public_key()) + KEY.sign(text.encode())
    note = f"{text}\n\N{EM DASH} {ORIGIN} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(BadCheckpoint):
        verify_checkpoint(note, KEY.public_key(), origin=ORIGIN)


def test_extension_lines_of_a_signed_head_are_passed_over() -> None:
    text = f"{ORIGIN}\n5\n{base64.b64encode(ROOT).decode()}\nextension\n"
    raw = key_id(ORIGIN, KEY.public_key()) + KEY.sign(text.encode())
    note = f"{text}\n\N{EM DASH} {ORIGIN} {base64.b64encode(raw).decode()}\n"
    assert verify_checkpoint(note, KEY.public_key(), origin=ORIGIN).size == 5


def refused(note: str) -> tuple[bool, bool]:
    """Return whether the log's signature, and whether its cosignature, is refused."""
    answers = []
    for check in (
        lambda: verify_checkpoint(note, KEY.public_key(), origin=ORIGIN),
        lambda: verify_cosignature(note, KEY.public_key(), name=ORIGIN),
    ):
        try:
            check()
        except BadCheckpoint:
            answers.append(True)
        else:
            answers.append(False)
    return answers[0], answers[1]


def test_no_bit_can_be_flipped() -> None:
    lines = [len(line) + 1 for line in NOTE.encode().split(b"\n")]
    text_end, own_end = sum(lines[:4]), sum(lines[:5])
    assert refused(NOTE) == (False, False)
    for bit in range(len(NOTE.encode()) * 8):
        raw = bytearray(NOTE.encode())
        raw[bit // 8] ^= 1 << bit % 8
        signed, seen = refused(raw.decode(errors="replace"))
        at = bit // 8
        assert signed or at >= own_end
        assert seen or text_end <= at < own_end


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, ROOT),
        ("two words", 1, ROOT),
        ("a+b", 1, ROOT),
        ("a\nb", 1, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, 10**19, ROOT),
        (ORIGIN, 1, ROOT[:31]),
    ],
)
def test_what_no_checkpoint_can_say_is_not_signed(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="tree head"):
        sign_checkpoint(origin, size, root, KEY, AT)


def test_a_time_out_of_range_is_refused() -> None:
    text = NOTE.partition("\n\n")[0] + "\n"
    seconds = 2**63 - 1
    signature = KEY.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    raw = key_id("w", KEY.public_key(), b"\x04") + seconds.to_bytes(8) + signature
    note = f"{NOTE}\N{EM DASH} w {base64.b64encode(raw).decode()}\n"
    with pytest.raises(BadCheckpoint, match="out of range"):
        verify_cosignature(note, KEY.public_key(), name="w")
